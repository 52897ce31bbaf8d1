//! A backtest on one screen: every figure with its unit and convention, undefined ones with the reason.

use std::collections::BTreeMap;

use ktrdr_domain::number::Figure;
use ktrdr_domain::report::{BacktestSummary, Metrics};

use crate::describe::counted;
use crate::screen::{Screen, harmless};

/// Prints the card; with the conventions behind the figures when all of it was asked for.
pub(crate) fn print(screen: &Screen, summary: &BacktestSummary, whole: bool) {
    header(screen, summary);
    figures(screen, &summary.metrics);
    reasons(screen, summary);
    evidence(screen, summary);
    if whole {
        screen.line("conventions");
        summary.conventions.iter().for_each(|(topic, text)| screen.line(format!("  {topic}: {text}")));
    }
    summary.warnings.iter().for_each(|w| screen.line(format!("warning: {}", harmless(w))));
    screen.line(format!("operation   {}", summary.operation));
    screen.line(format!("trades hash {}", summary.hashes.trades));
}

fn figures(screen: &Screen, m: &Metrics) {
    let grid = [
        [("net return", percent(m.total_return_pct)), ("trades", m.total_trades.to_string())],
        [("CAGR", percent(m.cagr)), ("win rate", percent(m.win_rate))],
        [("Sharpe", sharpe(m)), ("profit factor", number(m.profit_factor))],
        [("Sortino", number(m.sortino_ratio)), ("expectancy", currency(m.expectancy))],
        [("max drawdown", percent(m.max_drawdown_pct)), ("exposure", percent(m.exposure))],
        [("volatility", percent(m.volatility)), ("break-even cost", bps(m.break_even_cost_bps))],
    ];
    for [(left, of_left), (right, of_right)] in grid {
        screen.line(format!("  {left:<13} {of_left:<26} {right:<16} {of_right}"));
    }
}

/// Why figures are undefined: the reason, then the figures it concerns.
fn reasons(screen: &Screen, summary: &BacktestSummary) {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (figure, reason) in &summary.undefined {
        by_reason.entry(reason).or_default().push(figure);
    }
    for (reason, figures) in by_reason {
        screen.line(format!("  undefined, as {reason}: {}", figures.join(", ")));
    }
}

fn header(screen: &Screen, s: &BacktestSummary) {
    let window = s.window_kind.map_or_else(String::new, |w| format!(" ({w} window)"));
    let generated = if s.synthetic { " · GENERATED BARS" } else { "" };
    let model = s.model.as_ref().map_or_else(String::new, |m| format!(" · models/{m}"));
    screen.line(format!("{}{model} on {} {}{generated}", s.subject, s.symbol, s.timeframe));
    screen.line(format!("{}{window} · {} bars", s.window, s.bars));
}

fn evidence(screen: &Screen, s: &BacktestSummary) {
    let e = &s.evidence;
    let null = e
        .null_percentile
        .map(|p| format!("beats {:.1} % of {} time-shifted copies", p * 100.0, e.null_draws));
    let deflated =
        e.deflated_sharpe.map(|d| format!("deflated Sharpe {d:.3} after {}", counted(e.trials, "trial")));
    let proof = match e.leakage_proof {
        Some(true) => Some("no look-ahead found".to_owned()),
        Some(false) => Some("LOOK-AHEAD FOUND".to_owned()),
        None => None,
    };
    let looks = Some(format!("look number {} at this stretch", e.looks_at_window));
    for (name, said) in [("luck or not", [null, deflated]), ("honesty", [proof, looks])] {
        let said: Vec<String> = said.into_iter().flatten().collect();
        screen.line(format!("  {name:<13} {}", said.join(" · ")));
    }
}

fn percent(x: Option<f64>) -> String {
    x.map_or_else(|| "undefined".into(), |x| format!("{:.2} %", Figure(x * 100.0)))
}

fn number(x: Option<f64>) -> String {
    x.map_or_else(|| "undefined".into(), |x| format!("{:.2}", Figure(x)))
}

fn currency(x: Option<f64>) -> String {
    x.map_or_else(|| "undefined".into(), |x| format!("{:.2} per trade", Figure(x)))
}

fn bps(x: Option<f64>) -> String {
    x.map_or_else(|| "undefined".into(), |x| format!("{:.2} bp per side", Figure(x)))
}

fn sharpe(m: &Metrics) -> String {
    match (m.sharpe_ratio, m.sharpe_standard_error) {
        (Some(s), Some(e)) => format!("{:.2} ± {e:.2} a year", Figure(s)),
        (s, _) => number(s),
    }
}
