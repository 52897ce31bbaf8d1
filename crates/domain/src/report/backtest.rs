//! What a backtest reports: metrics, evidence, every trade, the whole equity curve, conventions and hashes.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::contamination::Contamination;
use super::training::{Learned, ModelRef};
use crate::hash::Sha256;
use crate::id::OperationId;
use crate::job::Origin;
use crate::name::Symbol;
use crate::time::{Span, Timestamp};
use crate::timeframe::Timeframe;
use crate::trading::Account;
use crate::window::WindowKind;

/// Long or short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Bought first.
    Long,
    /// Sold first.
    Short,
}

/// Why a position ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The strategy wanted another position.
    Signal,
    /// The stop was touched.
    StopLoss,
    /// The target was touched.
    TakeProfit,
    /// It was held for the longest time allowed.
    MaxHolding,
    /// The data ended.
    EndOfData,
    /// Nothing was left of the account.
    Ruin,
}

/// One closed trade. Prices are fill prices, costs of both sides are in `net_pnl`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Trade {
    /// Long or short.
    pub direction: Direction,
    /// Units of the instrument traded.
    pub units: f64,
    /// Open time of the bar of the entry fill.
    pub entry_time: Timestamp,
    /// Entry fill price.
    pub entry_price: f64,
    /// Open time of the bar of the exit fill.
    pub exit_time: Timestamp,
    /// Exit fill price.
    pub exit_price: f64,
    /// Commission of both sides, account currency.
    pub commission: f64,
    /// Financing paid, account currency (negative: earned).
    pub financing: f64,
    /// Price difference times units, from fill to fill, account currency.
    pub gross_pnl: f64,
    /// `gross_pnl − commission − financing`, account currency.
    pub net_pnl: f64,
    /// Bars it was open in; the bar of an exit at the open does not count.
    pub bars_held: u32,
    /// Why it ended.
    pub exit_reason: ExitReason,
}

/// Equity at a bar's close: cash plus the position at that close.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct EquityPoint {
    /// Open time of the bar.
    pub time: Timestamp,
    /// Account currency.
    pub equity: f64,
}

/// The figures. `None` is undefined; `undefined` of the report says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Metrics {
    /// Final equity − initial capital, account currency.
    pub total_return: Option<f64>,
    /// The same as a fraction of initial capital: 0.1 is 10 %.
    pub total_return_pct: Option<f64>,
    /// Growth per calendar year as a fraction: `(E_end / E_0)^(1 / years) − 1`.
    pub cagr: Option<f64>,
    /// Standard deviation (ddof 1) of daily returns × √days per year, a fraction per year.
    pub volatility: Option<f64>,
    /// Mean / standard deviation (ddof 1) of daily returns × √days per year, no risk-free rate.
    pub sharpe_ratio: Option<f64>,
    /// The same of bar returns × √bars per year.
    pub sharpe_ratio_bars: Option<f64>,
    /// Standard error of the annualised Sharpe ratio (Mertens).
    pub sharpe_standard_error: Option<f64>,
    /// Mean / √mean(min(r, 0)²) of daily returns over all days × √days per year.
    pub sortino_ratio: Option<f64>,
    /// Largest fall from a peak, account currency.
    pub max_drawdown: Option<f64>,
    /// Largest fall from a peak as a fraction of the peak: 0.1 is 10 %.
    pub max_drawdown_pct: Option<f64>,
    /// Longest stretch under a peak, in bars.
    pub max_drawdown_bars: Option<u64>,
    /// CAGR ÷ `max_drawdown_pct`.
    pub calmar_ratio: Option<f64>,
    /// Trades with net P&L over 0 ÷ all trades, a fraction.
    pub win_rate: Option<f64>,
    /// Sum of wins ÷ absolute sum of losses, net.
    pub profit_factor: Option<f64>,
    /// Mean net P&L of a trade, account currency.
    pub expectancy: Option<f64>,
    /// Mean win ÷ absolute mean loss.
    pub payoff_ratio: Option<f64>,
    /// √n × mean / standard deviation (ddof 1) of net P&L.
    pub sqn: Option<f64>,
    /// Mean net P&L of the winning trades, account currency.
    pub avg_win: Option<f64>,
    /// Mean net P&L of the losing trades, account currency: negative.
    pub avg_loss: Option<f64>,
    /// Largest net P&L of a trade, account currency.
    pub largest_win: Option<f64>,
    /// Smallest net P&L of a trade, account currency: negative.
    pub largest_loss: Option<f64>,
    /// Mean bars held.
    pub avg_holding_bars: Option<f64>,
    /// Bars with a position at the close ÷ all bars, a fraction.
    pub exposure: Option<f64>,
    /// Traded value ÷ mean equity, per year: 2 is both sides of one position as large as the account.
    pub turnover: Option<f64>,
    /// P&L before all costs ÷ traded value, in basis points: the cost per side that would eat it.
    pub break_even_cost_bps: Option<f64>,
    /// Population skewness of daily returns.
    pub skewness: Option<f64>,
    /// Raw population kurtosis of daily returns (normal = 3).
    pub kurtosis: Option<f64>,
    /// Probability, from 0 to 1, that the true Sharpe ratio is over 0 (PSR).
    pub psr: Option<f64>,
    /// Years of record needed to say so with 95 % confidence.
    pub min_track_record_years: Option<f64>,
    /// Closed trades.
    pub total_trades: u64,
    /// Trades with net P&L over 0.
    pub winning_trades: u64,
    /// Trades with net P&L under 0.
    pub losing_trades: u64,
    /// Long trades.
    pub long_trades: u64,
    /// Short trades.
    pub short_trades: u64,
    /// Daily returns counted.
    pub days: u64,
    /// Days per year in the data's own calendar.
    pub days_per_year: Option<f64>,
    /// Bars per year in the data's own calendar.
    pub bars_per_year: Option<f64>,
}

/// What was earned beyond the market: daily returns `r − β m`, m those of the instrument itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct ActiveReturn {
    /// Units of the market held on average, as its daily returns tell (least squares, with an intercept).
    pub beta: f64,
    /// Bars held long minus bars held short ÷ all bars: from −1 to 1.
    pub mean_exposure: f64,
    /// Bars held long ÷ bars held, a fraction.
    pub long_share: f64,
    /// Annualised Sharpe ratio of the daily active returns; `None` where the data has no whole week to measure a year by.
    pub sharpe_ratio: Option<f64>,
    /// The same per day: what is judged.
    pub sharpe_daily: f64,
    /// Probability that the true Sharpe ratio of the active return is over 0 (PSR).
    pub psr: Option<f64>,
}

impl ActiveReturn {
    /// `only_long` or `only_short`, where the account never held the other side.
    #[must_use]
    pub fn one_sided(&self) -> Option<&'static str> {
        match self.long_share {
            1.0 => Some("only_long"),
            0.0 => Some("only_short"),
            _ => None,
        }
    }
}

/// What the certainty of a daily Sharpe ratio depends on, which a verdict is computed from again when more looks are counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct DailyRecord {
    /// Sharpe ratio of the daily active returns, not annualised.
    pub sharpe: f64,
    /// Daily returns.
    pub days: u64,
    /// Their skewness.
    pub skewness: f64,
    /// Their kurtosis, raw: that of a normal distribution is 3.
    pub kurtosis: f64,
}

/// How often chance does as well.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct NullRank {
    /// Probability, from 0 to 1: `(1 + k) / (1 + draws)`, k draws scoring as high or higher.
    pub p: f64,
    /// Draws of chance.
    pub draws: u32,
}

/// What speaks for or against luck. Why a part is missing stands in the report's `undefined`, by its name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// What was earned beyond the market.
    pub active: Option<ActiveReturn>,
    /// The same day by day, as far as a verdict asks.
    pub daily: Option<DailyRecord>,
    /// Rank of its Sharpe ratio among those of the same positions, whole weeks earlier or later. Missing, too, where the
    /// window has too few weeks: [`random_entries`](Self::random_entries) decides alone then.
    pub shifted_weeks: Option<NullRank>,
    /// Rank among the same holding times and sides, entered at random bars of the same hour and volatility.
    pub random_entries: Option<NullRank>,
    /// Deflated Sharpe ratio of the active return, with the trials counted: a probability, from 0 to 1.
    pub deflated_sharpe: Option<f64>,
    /// Looks at this stretch of time, this one included: by anyone, in any campaign and on any timeframe, at this instrument
    /// and at those of [`correlated`](Self::correlated).
    pub trials: u64,
    /// Groups of near-copies among them.
    pub different_trials: u64,
    /// Other instruments whose looks were counted in, since their daily returns go with this one's on dev.
    pub correlated: Vec<Symbol>,
    /// Expected best daily Sharpe ratio of that many worthless trials.
    pub luck_sharpe_daily: Option<f64>,
    /// Whether what was examined was the same on cut and on scaled futures; `None` when nothing was there to prove
    /// (signals from elsewhere).
    pub leakage_proof: Option<bool>,
    /// What the proof examined: `features`, `decisions`.
    pub proof_examined: Vec<String>,
    /// Moments at which the future was cut off or scaled.
    pub proof_cuts: u32,
    /// Those of the looks that were at this instrument.
    pub looks_at_window: u64,
    /// How often the instrument's vault was opened, by this run too if it was.
    pub vault_openings: u64,
}

impl Evidence {
    /// The larger p-value of the nulls there are; `None` without random entries, which every run has.
    #[must_use]
    pub fn null_p(&self) -> Option<f64> {
        let entered = self.random_entries?.p;
        Some(self.shifted_weeks.map_or(entered, |shifted| shifted.p.max(entered)))
    }
}

/// A model examined on time that it learned from: the figures show what it remembers, not what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct InSample {
    /// What it learned from.
    pub learned: Learned,
    /// What it was examined on.
    pub exam: Span,
}

impl fmt::Display for InSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the model learned from {}, and the exam is {}", self.learned, self.exam)
    }
}

/// Hashes by which a backtest can be repeated and compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Hashes {
    /// Of the strategy, or of the signals file.
    pub subject: Sha256,
    /// Of the model's manifest.
    pub model: Option<Sha256>,
    /// Of each data file, by `SYMBOL_timeframe`.
    pub data: BTreeMap<String, Sha256>,
    /// Of the trade list.
    pub trades: Sha256,
    /// Version of the program that computed this.
    pub code: String,
}

/// A backtest without its lists: what rows, messages and lists carry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct BacktestSummary {
    /// The operation.
    pub operation: OperationId,
    /// Strategy name, or `signals`.
    pub subject: String,
    /// The model, unless signals were replayed.
    pub model: Option<ModelRef>,
    /// The instrument.
    pub symbol: Symbol,
    /// The traded bars.
    pub timeframe: Timeframe,
    /// The stretch traded: first bar's open to last bar's close.
    pub window: Span,
    /// Which window that is, when it is one.
    pub window_kind: Option<WindowKind>,
    /// Who asked.
    pub origin: Origin,
    /// Whether the bars were generated.
    pub synthetic: bool,
    /// Bars traded.
    pub bars: u64,
    /// The account.
    pub account: Account,
    /// Figures.
    pub metrics: Metrics,
    /// Why a figure is `null`, by its name.
    pub undefined: BTreeMap<String, String>,
    /// Luck or not.
    pub evidence: Evidence,
    /// How figures are computed, in words, by topic.
    pub conventions: BTreeMap<String, String>,
    /// For `replay`.
    pub hashes: Hashes,
    /// Things worth knowing.
    pub warnings: Vec<String>,
    /// Set where a language model wrote the strategy: what it did on the time that the model may remember, and after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contamination: Option<Contamination>,
    /// Set where the model learned from the time it is examined on: outside gates and evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_sample: Option<InSample>,
    /// Findings that no honest account leads to: the figures are not results until these are explained.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<String>,
}

/// The whole report, as stored under `reports/<operation>/<fence>/backtest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct BacktestReport {
    /// Everything but the lists.
    #[serde(flatten)]
    pub summary: BacktestSummary,
    /// Every trade.
    pub trades: Vec<Trade>,
    /// Every bar's equity.
    pub equity: Vec<EquityPoint>,
}
