//! What a page about a result is drawn from, computed by the job that has everything at hand and stored beside its report. A
//! sheet is no evidence: nothing is judged by it, no hash covers it, and a section that was not computed is left out.
//!
//! Times are Unix seconds of bars' opens; curves are thinned to what a screen can show, with the lows and highs of every part.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backtest::{Direction, ExitReason};
use crate::strategy::Membership;
use crate::strategy::label::Class;
use crate::time::Span;

/// The form of sheets; one of another form is not read.
pub const SHEET_VERSION: u32 = 1;

/// Points of a curve by time.
pub type Curve = Vec<(i64, f64)>;

/// How an account went, beside the market.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct AccountCurves {
    /// Account currency, at closes.
    pub equity: Curve,
    /// What the same money would have become in the market, held as much as the strategy held it on average (its β);
    /// `None` where β is undefined.
    pub matched_market: Option<Curve>,
    /// How far the account is under its own peak, as a fraction: zero or negative.
    pub drawdown: Curve,
}

/// What a month earned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct MonthReturn {
    /// Year, UTC.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u32,
    /// Net return of the month as a fraction.
    pub total_return_pct: f64,
}

/// A Sharpe ratio over the days before each day.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct RollingSharpe {
    /// How many days it looks back.
    pub days: usize,
    /// Annualised.
    pub curve: Curve,
}

/// The prices of consecutive bars, together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct PriceColumn {
    /// When the column's first bar opens, Unix seconds.
    pub time: i64,
    /// Lowest price of the column.
    pub low: f64,
    /// Highest price of the column.
    pub high: f64,
    /// Last price of the column.
    pub close: f64,
}

/// What happened at a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Bought.
    EntryLong,
    /// Sold short.
    EntryShort,
    /// Closed since the strategy wanted another position, or after the longest holding time, or at the end.
    Exit,
    /// Stopped out.
    StopLoss,
    /// Closed at its target.
    TakeProfit,
}

impl MarkKind {
    /// Of an entry.
    #[must_use]
    pub fn of_entry(direction: Direction) -> Self {
        match direction {
            Direction::Long => Self::EntryLong,
            Direction::Short => Self::EntryShort,
        }
    }

    /// Of an exit.
    #[must_use]
    pub fn of_exit(reason: ExitReason) -> Self {
        match reason {
            ExitReason::StopLoss => Self::StopLoss,
            ExitReason::TakeProfit => Self::TakeProfit,
            ExitReason::Signal | ExitReason::MaxHolding | ExitReason::EndOfData | ExitReason::Ruin => {
                Self::Exit
            }
        }
    }
}

/// An entry or an exit on the price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[schemars(rename = "PriceMark")]
pub struct Mark {
    /// When, Unix seconds.
    pub time: i64,
    /// Fill price.
    pub price: f64,
    /// What.
    pub kind: MarkKind,
}

/// A stretch of the price with the trades on it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct PriceChart {
    /// What of the window it shows, in words.
    pub name: String,
    /// How many bars a column stands for.
    pub bars_per_column: usize,
    /// The prices.
    pub columns: Vec<PriceColumn>,
    /// Entries and exits; of many in one place one.
    pub marks: Vec<Mark>,
}

/// How many values lie in each of equal parts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Histogram {
    /// Where the first part begins.
    pub from: f64,
    /// Where the last part ends.
    pub to: f64,
    /// Values in each part.
    pub counts: Vec<u32>,
}

/// Trades that ended the same way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct ExitCount {
    /// Why they ended.
    pub reason: ExitReason,
    /// How many.
    pub trades: u64,
    /// What they earned together, account currency, net.
    pub net_pnl: f64,
}

/// How trades turned out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct TradeShapes {
    /// Net result of each as a fraction of the value entered with.
    pub returns: Histogram,
    /// Bars each was held.
    pub bars_held: Histogram,
    /// By what ended them.
    pub by_exit: Vec<ExitCount>,
}

/// What chance gave, and where the strategy stands in it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct NullShape {
    /// `random_entries` or `shifted_weeks`.
    pub name: String,
    /// Daily Sharpe ratios of the active returns of the draws.
    pub scores: Histogram,
    /// The strategy's own score.
    pub score: f64,
}

/// What a row of the stress sheet changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StressKind {
    /// Every cost times a factor.
    Costs,
    /// Every decision carried out later.
    Delay,
    /// Something left out.
    Without,
    /// A year alone.
    Year,
    /// Days of one volatility alone.
    Volatility,
}

/// The same strategy under other circumstances. `None`: it does not apply, or is undefined.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct StressRow {
    /// Of what kind.
    pub kind: StressKind,
    /// Which, in words.
    pub name: String,
    /// Days it is measured over.
    pub days: u64,
    /// Net return as a fraction.
    pub total_return_pct: Option<f64>,
    /// Annualised Sharpe ratio of daily returns.
    pub sharpe_ratio: Option<f64>,
    /// The same of what is earned beyond the market.
    pub active_sharpe_ratio: Option<f64>,
    /// Largest fall from a peak as a fraction of it.
    pub max_drawdown_pct: Option<f64>,
    /// Closed trades.
    pub trades: Option<u64>,
}

/// What is lost where an input of the network says nothing any more: its columns stand at their means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Ablation {
    /// Share of closes at which the same position is wanted.
    pub same_positions: f64,
    /// Net return without it, as a fraction.
    pub total_return_pct: f64,
    /// Annualised Sharpe ratio beyond the market without it.
    pub active_sharpe_ratio: Option<f64>,
}

/// One input of the network.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct InputCard {
    /// Timeframe and fuzzy set, or raw indicator.
    pub name: String,
    /// Its fuzzy sets; none of a raw one.
    pub sets: Vec<(String, Membership)>,
    /// Where the indicator's values lay in the window.
    pub density: Histogram,
    /// What is lost without it; `None` where that was not asked.
    pub ablation: Option<Ablation>,
}

/// How a fuzzy set speaks for a class.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
#[schemars(rename = "FuzzyActivation")]
pub struct Activation {
    /// The column of the network's input.
    pub feature: String,
    /// Its mean where the class was wanted.
    pub when_wanted: f64,
    /// Its mean over the whole window.
    pub overall: f64,
}

/// What was true when a position was wanted.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct ClassCard {
    /// BUY: long, HOLD: none, SELL: short.
    pub wanted: Class,
    /// At how many closes.
    pub closes: u64,
    /// The sets that differ most from their mean, the strongest first.
    pub strongest: Vec<Activation>,
}

/// The strategy read back from what its network did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct RulesCard {
    /// Every input.
    pub inputs: Vec<InputCard>,
    /// Every position that was wanted.
    pub classes: Vec<ClassCard>,
}

/// Beside a backtest's report: `reports/<operation>/<fence>/sheet.json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct BacktestSheet {
    /// [`SHEET_VERSION`].
    pub version: u32,
    /// The account.
    pub account: AccountCurves,
    /// Month by month.
    pub months: Vec<MonthReturn>,
    /// `None` where the window is too short for one.
    pub rolling_sharpe: Option<RollingSharpe>,
    /// The whole window, then stretches of it.
    pub price: Vec<PriceChart>,
    /// `None` without a trade.
    pub trades: Option<TradeShapes>,
    /// Those that were drawn.
    pub nulls: Vec<NullShape>,
    /// Other circumstances.
    pub stress: Vec<StressRow>,
    /// `None` where no network decided.
    pub rules: Option<RulesCard>,
}

/// Answers of about the same confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct CalibrationBin {
    /// Answers.
    pub rows: u64,
    /// Mean probability that the network gave its own answer.
    pub confidence: f64,
    /// Share of them that were right.
    pub right: f64,
}

/// What the stored network owes to one input on the test rows of dev, which it did not learn from.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct InputImportance {
    /// Timeframe and fuzzy set, or raw indicator.
    pub name: String,
    /// Mean loss that is given up where its values come from another time: the mean of all permutations.
    pub permuted_loss: f64,
    /// How far permutations differ in that: their standard deviation.
    pub permuted_spread: f64,
    /// What luck gives up as well: with 95 % confidence none of the inputs that say nothing gives up more.
    pub noise: f64,
    /// Share of right answers that is given up with it.
    pub permuted_accuracy: f64,
    /// Mean loss that is given up where it stands at its mean.
    pub held_loss: f64,
    /// Share of right answers that is given up with it.
    pub held_accuracy: f64,
}

impl InputImportance {
    /// Whether it gives up more than luck does.
    #[must_use]
    pub fn is_told_from_noise(&self) -> bool {
        self.permuted_loss > self.noise
    }
}

/// What the stored network owes to each of its inputs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Importance {
    /// Test rows that were judged.
    pub rows: u64,
    /// Blocks of neighbours that they moved in.
    pub blocks: u64,
    /// Permutations of each input.
    pub permutations: u64,
    /// Mean loss with all inputs.
    pub loss: f64,
    /// Share of right answers with all inputs.
    pub accuracy: f64,
    /// Every input, the one that gives up most first.
    pub inputs: Vec<InputImportance>,
}

/// Beside a stored model: `models/<strategy>/<timeframe>_v<N>/sheet.json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct TrainingSheet {
    /// [`SHEET_VERSION`].
    pub version: u32,
    /// On the test rows: class that came, then class answered. `None` of a regression.
    pub confusion: Option<[[u64; 3]; 3]>,
    /// On the test rows, the least confident first; none of a regression.
    pub calibration: Vec<CalibrationBin>,
    /// The account on dev, traded by networks that had not seen what they traded.
    pub dev: Option<AccountCurves>,
    /// What of dev was traded.
    pub dev_span: Option<Span>,
    /// What it owes to its inputs. `None` of few test rows, and where these reach beyond dev.
    #[serde(default)]
    pub importance: Option<Importance>,
}
