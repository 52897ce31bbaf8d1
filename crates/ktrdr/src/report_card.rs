//! A backtest on one screen: every figure with its unit and convention, undefined ones with the reason.

use ktrdr_domain::report::{BacktestSummary, Metrics};

use crate::screen::{Screen, harmless};

/// Prints the card.
pub(crate) fn print(screen: &Screen, summary: &BacktestSummary) {
    header(screen, summary);
    let m = &summary.metrics;
    let line = |left: (&str, &str, String), right: (&str, &str, String)| {
        let cell = |(name, key, value): (&str, &str, String)| {
            format!("{name:<16} {:<22}", or_reason(summary, key, value))
        };
        screen.line(format!("  {}  {}", cell(left), cell(right)).trim_end());
    };
    line(
        ("net return", "total_return_pct", percent(m.total_return_pct)),
        ("trades", "", m.total_trades.to_string()),
    );
    line(("CAGR", "cagr", percent(m.cagr)), ("win rate", "win_rate", percent(m.win_rate)));
    line(("Sharpe", "sharpe_ratio", sharpe(m)), ("profit factor", "profit_factor", number(m.profit_factor)));
    line(
        ("Sortino", "sortino_ratio", number(m.sortino_ratio)),
        ("expectancy", "expectancy", number(m.expectancy)),
    );
    line(
        ("max drawdown", "max_drawdown_pct", percent(m.max_drawdown_pct)),
        ("exposure", "exposure", percent(m.exposure)),
    );
    line(
        ("volatility", "volatility", percent(m.volatility)),
        ("break-even cost", "break_even_cost_bps", bps(m.break_even_cost_bps)),
    );
    evidence(screen, summary);
    for (topic, text) in &summary.conventions {
        screen.line(format!("  · {topic}: {text}"));
    }
    summary.warnings.iter().for_each(|w| screen.line(format!("warning: {}", harmless(w))));
    screen.line(format!("trades hash {}", summary.hashes.trades));
}

fn header(screen: &Screen, s: &BacktestSummary) {
    let window = s.window_kind.map_or_else(String::new, |w| format!(" ({w} window)"));
    let generated = if s.synthetic { " · GENERATED BARS" } else { "" };
    let model = s.model.as_ref().map_or_else(String::new, |m| format!(" · models/{m}"));
    screen.line(format!("{}{model} on {} {}{generated}", s.subject, s.symbol, s.timeframe));
    screen.line(format!("{}{window} · {} bars · {}", s.window, s.bars, s.operation));
}

fn evidence(screen: &Screen, s: &BacktestSummary) {
    let e = &s.evidence;
    let null = e
        .null_percentile
        .map(|p| format!("beats {:.1} % of {} time-shifted copies", p * 100.0, e.null_draws));
    let deflated = e.deflated_sharpe.map(|d| format!("deflated Sharpe {d:.3} after {} trials", e.trials));
    let proof = match e.leakage_proof {
        Some(true) => Some("no look-ahead found".to_owned()),
        Some(false) => Some("LOOK-AHEAD FOUND".to_owned()),
        None => None,
    };
    let looks = Some(format!("look number {} at this stretch", e.looks_at_window));
    let all: Vec<String> = [null, deflated, proof, looks].into_iter().flatten().collect();
    screen.line(format!("  luck or not: {}", all.join(" · ")));
}

/// The value, or why there is none.
fn or_reason(summary: &BacktestSummary, key: &str, value: String) -> String {
    match summary.undefined.get(key) {
        Some(reason) => format!("undefined ({reason})"),
        None => value,
    }
}

fn percent(x: Option<f64>) -> String {
    x.map_or_else(|| "undefined".into(), |x| format!("{:.2} %", x * 100.0))
}

fn number(x: Option<f64>) -> String {
    x.map_or_else(|| "undefined".into(), |x| format!("{x:.2}"))
}

fn bps(x: Option<f64>) -> String {
    x.map_or_else(|| "undefined".into(), |x| format!("{x:.2} bp per side"))
}

fn sharpe(m: &Metrics) -> String {
    match (m.sharpe_ratio, m.sharpe_standard_error) {
        (Some(s), Some(e)) => format!("{s:.2} ± {e:.2}"),
        (s, _) => number(s),
    }
}
