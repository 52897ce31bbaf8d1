//! What the rules remark on: one fact, for or against, with the figure it rests on.
//!
//! | fact | speaks for | speaks against | weight |
//! |---|---|---|---|
//! | gate | passed | failed, with its code and figures | 10 |
//! | net return | over 0 | 0 or less | 9 |
//! | deflated Sharpe ratio | ≥ 0.95 | < 0.95 | 8 |
//! | null draws beaten | ≥ 95 % | < 95 % | 7 |
//! | Sharpe ratio | > 2 standard errors | ≤ 2 standard errors | 6 |
//! | skill on test rows | loss under baseline | loss at or over baseline | 6 |
//! | trades | > 50 | ≤ 50 | 5 |
//! | drawdown | < 20 % | ≥ 20 % | 5 |
//! | costs | break-even ≥ 2 × charged, per side | < 2 × charged | 4 |
//! | dev against the gate window | profit in both | profit in one only | 4 |
//! | fitting | – | the first epoch was the best | 2 |
//! | network | parameters under a tenth of training rows | a tenth or more | 1 |
//! | leakage proof | held | broken (10) | 1 |
//!
//! Suggestions must not contradict each other: while there are too few trades to judge by, only looser settings are
//! suggested.

use ktrdr_domain::gate::{GatePolicy, GateVerdict};
use ktrdr_domain::job::AssessmentSpec;
use ktrdr_domain::number::Figure;
use ktrdr_domain::trading::Costs;

use crate::figures::percent;
use crate::market::TRADES_ENOUGH;

/// One fact about a finished cycle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Remark {
    pub(super) favourable: bool,
    /// How much it matters; see the table.
    pub(super) weight: u32,
    /// The fact with its figure and unit.
    pub(super) text: String,
    /// What to try next, when it speaks against.
    pub(super) suggestion: Option<String>,
}

/// Deflated Sharpe ratio that counts as evidence.
pub(super) const DEFLATED_SHARPE_CONVINCING: f64 = GatePolicy::DEFAULT.deflated_sharpe_min;

/// p-value of the nulls that counts as evidence.
const NULL_P_CONVINCING: f64 = GatePolicy::DEFAULT.null_p_max;

/// Largest fall from a peak, as a fraction, that is easy to bear.
pub(super) const DRAWDOWN_EASY: f64 = 0.20;

type Rule = fn(&AssessmentSpec) -> Option<Remark>;

const RULES: [Rule; 13] = [
    gate,
    net_return,
    deflated,
    null_draws,
    sharpe,
    skill,
    trades,
    drawdown,
    costs,
    consistency,
    fitting,
    network,
    leakage,
];

/// Every remark that the figures allow, the weightiest first; equal weights in the order of the table.
pub(super) fn of(input: &AssessmentSpec) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = RULES.iter().filter_map(|rule| rule(input)).collect();
    remarks.sort_by_key(|r| std::cmp::Reverse(r.weight));
    remarks
}

fn remark(weight: u32, favourable: bool, text: String, suggestion: &str) -> Option<Remark> {
    let suggestion = (!favourable && !suggestion.is_empty()).then(|| suggestion.to_owned());
    Some(Remark { favourable, weight, text, suggestion })
}

/// A suggestion that rests on trades: none while there are too few of them.
fn if_traded<'a>(input: &AssessmentSpec, suggestion: &'a str) -> &'a str {
    if input.backtest.metrics.total_trades > TRADES_ENOUGH { suggestion } else { "" }
}

fn gate(input: &AssessmentSpec) -> Option<Remark> {
    match &input.verdict {
        GateVerdict::Passed => remark(10, true, "It passed every check of the backtest gate.".into(), ""),
        GateVerdict::Failed { code, figures } => remark(
            10,
            false,
            format!("The backtest gate said no: {code} ({figures})."),
            gate_suggestion(code),
        ),
    }
}

fn gate_suggestion(code: &str) -> &'static str {
    match code {
        "too_few_trades" => {
            "Loosen the confidence threshold or shorten the horizon, so that it trades often enough to judge."
        }
        "no_net_profit" => {
            "Ask for more confidence or hold longer: what it foresees does not pay for trading."
        }
        "drawdown_too_high" => "Limit a position's life with a stop or a longest holding.",
        "within_null" => "Look for other readings: the same positions at random times earn as much.",
        "deflated_sharpe_too_low" => {
            "Retry it on more data rather than varying it: each variation raises what luck alone gives."
        }
        _ => "Mend what the gate names before anything else.",
    }
}

fn net_return(input: &AssessmentSpec) -> Option<Remark> {
    let metrics = &input.backtest.metrics;
    let value = metrics.total_return_pct?;
    let text = format!(
        "Net return after costs was {:+.2} % over {} bars.",
        Figure(100.0 * value),
        input.backtest.bars
    );
    let suggestion = match metrics.break_even_cost_bps {
        Some(gross) if gross > 0.0 => {
            "Trade less often and only on clearer signals: costs eat what it earns."
        }
        _ => "Change what it reads: it loses even before costs.",
    };
    remark(9, value > 0.0, text, if_traded(input, suggestion))
}

fn deflated(input: &AssessmentSpec) -> Option<Remark> {
    let value = input.backtest.evidence.deflated_sharpe?;
    let text = format!(
        "The deflated Sharpe ratio is {value:.3} after {} (0.950 convinces).",
        counted_trials(input.backtest.evidence.trials)
    );
    let suggestion = "Collect a longer record before believing it: more data, not more variations.";
    remark(8, value >= DEFLATED_SHARPE_CONVINCING, text, if value > 0.5 { suggestion } else { "" })
}

/// `1 counted trial`, `7 counted trials`
pub(super) fn counted_trials(trials: u64) -> String {
    format!("{trials} counted trial{}", if trials == 1 { "" } else { "s" })
}

fn null_draws(input: &AssessmentSpec) -> Option<Remark> {
    let evidence = &input.backtest.evidence;
    let random = evidence.random_entries?;
    let shifted = evidence.shifted_weeks.map_or_else(String::new, |shifted| {
        format!(", and {:.1} % of {} shifts by whole weeks", 100.0 * shifted.p, shifted.draws)
    });
    let text = format!(
        "Beyond the market, {:.1} % of {} random entries did as well{shifted}.",
        100.0 * random.p,
        random.draws
    );
    let suggestion = "Look at what decides when it enters: at other times the same positions earn as much.";
    remark(7, evidence.null_p()? <= NULL_P_CONVINCING, text, if_traded(input, suggestion))
}

fn sharpe(input: &AssessmentSpec) -> Option<Remark> {
    let metrics = &input.backtest.metrics;
    let (ratio, error) = (metrics.sharpe_ratio?, metrics.sharpe_standard_error?);
    let text = format!(
        "The annualised Sharpe ratio of daily returns is {:.2} with a standard error of {error:.2}.",
        Figure(ratio)
    );
    let suggestion = "Look for an edge that shows within the record at hand, at a horizon with more trades.";
    remark(6, ratio > 2.0 * error, text, suggestion)
}

fn skill(input: &AssessmentSpec) -> Option<Remark> {
    let test = &input.training.test;
    let (loss, baseline) = (test.loss?, test.baseline_loss.filter(|b| *b > 0.0)?);
    let text = format!(
        "On {} test rows the network's loss was {loss:.4} against {baseline:.4} of the class shares alone ({:+.2} % skill).",
        test.rows,
        Figure(100.0 * (1.0 - loss / baseline))
    );
    let suggestion =
        "Use a smaller network, stronger weight decay or other readings: it learned nothing that lasts.";
    remark(6, loss < baseline, text, suggestion)
}

fn trades(input: &AssessmentSpec) -> Option<Remark> {
    let metrics = &input.backtest.metrics;
    let held =
        metrics.avg_holding_bars.map(|bars| format!(", held {bars:.1} bars on average")).unwrap_or_default();
    let text = format!("It closed {} trades{held}.", metrics.total_trades);
    let suggestion =
        "Lower the confidence threshold or min_signal_separation, so that more trades can be judged.";
    remark(5, metrics.total_trades > TRADES_ENOUGH, text, suggestion)
}

fn drawdown(input: &AssessmentSpec) -> Option<Remark> {
    let metrics = &input.backtest.metrics;
    let depth = metrics.max_drawdown_pct.filter(|_| metrics.total_trades > 0)?;
    let text = format!("The largest fall from a peak was {:.1} % of equity.", 100.0 * depth);
    let suggestion = "Add a stop or a longest holding, or put a smaller fraction of equity into a position.";
    remark(5, depth < DRAWDOWN_EASY, text, suggestion)
}

fn costs(input: &AssessmentSpec) -> Option<Remark> {
    let break_even = input.backtest.metrics.break_even_cost_bps?;
    let Costs { commission_rate, slippage_rate, .. } = input.backtest.account.costs;
    let charged = 10_000.0 * (commission_rate + slippage_rate);
    let text = format!(
        "Costs of {:.2} bp per side would eat its profit; {charged:.2} bp are charged beside the spread.",
        Figure(break_even)
    );
    let suggestion = "Aim at larger moves: a longer horizon spreads the same costs over more profit.";
    remark(4, break_even >= 2.0 * charged && break_even > 0.0, text, if_traded(input, suggestion))
}

fn consistency(input: &AssessmentSpec) -> Option<Remark> {
    let on_dev = input.training.dev_backtest.filter(|t| t.total_trades > 0)?.total_return_pct?;
    let on_gate = input.backtest.metrics.total_return_pct?;
    let text = format!(
        "It returned {:+.2} % walk-forward on dev and {:+.2} % in the backtest.",
        Figure(100.0 * on_dev),
        Figure(100.0 * on_gate)
    );
    let profits = [on_dev, on_gate].iter().filter(|r| **r > 0.0).count();
    let suggestion = "Find out which period made the difference before varying it.";
    if profits == 0 { None } else { remark(4, profits == 2, text, suggestion) }
}

fn fitting(input: &AssessmentSpec) -> Option<Remark> {
    let training = &input.training;
    let text =
        format!("It was best after its first of {} passes over the training rows.", training.epochs_trained);
    let suggestion = "Lower the learning rate or raise weight decay: it overfits at once.";
    if training.best_epoch == 1 && training.epochs_trained > 1 {
        remark(2, false, text, suggestion)
    } else {
        None
    }
}

fn network(input: &AssessmentSpec) -> Option<Remark> {
    let (parameters, rows) = (input.training.parameter_count, input.training.rows[0]);
    let small = parameters.saturating_mul(10) < rows;
    let text = format!("The network fits {parameters} parameters to {rows} training rows.");
    remark(1, small, text, "Use fewer inputs or smaller layers.")
}

fn leakage(input: &AssessmentSpec) -> Option<Remark> {
    let held = input.backtest.evidence.leakage_proof?;
    let (weight, text) = if held {
        (1, "Its decisions did not change when the future was cut off or scaled.")
    } else {
        (10, "Its decisions changed when the future was changed: it looks ahead.")
    };
    remark(
        weight,
        held,
        text.to_owned(),
        "Discard every figure of this run and find the reading that looks ahead.",
    )
}

/// What the classes made of the answers; a fact for strategies with little else to say.
pub(super) fn answers(input: &AssessmentSpec) -> String {
    let [buy, hold, sell] = input.training.test.answer_shares.map(percent);
    format!("On the test rows it answered BUY {buy} %, HOLD {hold} % and SELL {sell} % of the time.")
}
