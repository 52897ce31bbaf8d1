//! A backtest on one screen: every figure with its unit and convention, undefined ones with the reason.

use std::collections::BTreeMap;

use ktrdr_domain::number::Figure;
use ktrdr_domain::report::{ActiveReturn, BacktestSummary, Contamination, Evidence, Metrics, NullRank, Part};

use crate::describe::counted;
use crate::screen::{Screen, harmless};

/// Prints the card; with every figure and the conventions behind them when all of it was asked for. What is no result is
/// said first, and quarantined figures are not printed as if they were some.
pub(crate) fn print(screen: &Screen, summary: &BacktestSummary, whole: bool) {
    header(screen, summary);
    summary.quarantine.iter().for_each(|finding| screen.line(format!("QUARANTINED: {finding}")));
    if summary.quarantine.is_empty() {
        grid(screen, figures(&summary.metrics));
        if whole {
            grid(screen, more_figures(&summary.metrics));
        }
        reasons(screen, summary);
    } else {
        screen.line(
            "  nobody earns that: look for what knows the future. The figures are in the report, not here",
        );
    }
    evidence(screen, summary);
    if let Some(exam) = summary.contamination.as_ref().filter(|_| summary.quarantine.is_empty()) {
        contamination(screen, exam);
    }
    if whole {
        screen.line("conventions");
        summary.conventions.iter().for_each(|(topic, text)| screen.line(format!("  {topic}: {text}")));
    }
    summary.warnings.iter().for_each(|w| screen.line(format!("warning: {}", harmless(w))));
    screen.line(format!("operation   {}", summary.operation));
    screen.line(format!("trades hash {}", summary.hashes.trades));
}

/// A name and its figure.
type Cell = (&'static str, String);

fn grid<const ROWS: usize>(screen: &Screen, rows: [[Cell; 2]; ROWS]) {
    for [(left, of_left), (right, of_right)] in rows {
        screen.line(format!("  {left:<13} {of_left:<26} {right:<16} {of_right}"));
    }
}

fn figures(m: &Metrics) -> [[Cell; 2]; 6] {
    [
        [("net return", percent(m.total_return_pct)), ("trades", m.total_trades.to_string())],
        [("CAGR", percent(m.cagr)), ("win rate", percent(m.win_rate))],
        [("Sharpe", sharpe(m)), ("profit factor", number(m.profit_factor))],
        [("Sortino", number(m.sortino_ratio)), ("expectancy", currency(m.expectancy))],
        [("max drawdown", percent(m.max_drawdown_pct)), ("exposure", percent(m.exposure))],
        [("volatility", percent(m.volatility)), ("break-even cost", bps(m.break_even_cost_bps))],
    ]
}

/// Those that only few ask for.
fn more_figures(m: &Metrics) -> [[Cell; 2]; 4] {
    let years = m.min_track_record_years.map(|years| format!("{years:.1} years of record"));
    [
        [("PSR", number(m.psr)), ("proof takes", years.unwrap_or_else(|| "no record is long enough".into()))],
        [("skewness", number(m.skewness)), ("kurtosis", number(m.kurtosis))],
        [("Calmar", number(m.calmar_ratio)), ("SQN", number(m.sqn))],
        [("payoff", number(m.payoff_ratio)), ("turnover", times(m.turnover))],
    ]
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
    if let Some(known) = &s.in_sample {
        screen.line(format!("IN-SAMPLE: {known}. The figures show what it remembers; no gate takes them"));
    }
}

fn evidence(screen: &Screen, s: &BacktestSummary) {
    let e = &s.evidence;
    let rows = [
        ("beyond market", e.active.as_ref().map_or_else(Vec::new, |active| beyond_market(active).to_vec())),
        ("luck or not", chance(e)),
        ("honesty", honesty(s)),
    ];
    for (name, said) in rows.iter().filter(|(_, said)| !said.is_empty()) {
        screen.line(format!("  {name:<13} {}", said.join(" · ")));
    }
}

/// What its author may remember, apart from what came after.
fn contamination(screen: &Screen, exam: &Contamination) {
    screen.line(format!("  {:<13} {}", "written by", harmless(&exam.author.to_string())));
    let sides = [
        ("before that", exam.before, "no bar"),
        ("after it", exam.after, "no bar: nothing here is free of memory"),
    ];
    for (name, part, without) in sides {
        let said = part.map_or_else(|| without.to_owned(), |part| side(&part));
        screen.line(format!("  {name:<13} {said}"));
    }
}

fn side(part: &Part) -> String {
    let sharpe = format!("Sharpe {} a year", number(part.sharpe_ratio));
    let active = part.active_sharpe_daily.map(|x| format!("beyond market {:.4} a day", Figure(x)));
    let counts = [counted(part.days, "day"), counted(part.trades, "trade")];
    let net = format!("net {}", percent(part.total_return_pct));
    [net, sharpe].into_iter().chain(active).chain(counts).collect::<Vec<_>>().join(" · ")
}

fn beyond_market(active: &ActiveReturn) -> [String; 4] {
    let sides = match active.one_sided() {
        Some(one) => one.replace('_', " "),
        None => format!("long {:.0} % of the time held", active.long_share * 100.0),
    };
    [
        format!("Sharpe {} a year", number(active.sharpe_ratio)),
        format!("β {:.2}", Figure(active.beta)),
        format!("mean exposure {:.1} %", Figure(active.mean_exposure * 100.0)),
        sides,
    ]
}

fn chance(e: &Evidence) -> Vec<String> {
    let null = |null: NullRank, what| format!("p {:.3} of {} {what}", null.p, null.draws);
    let deflated = e.deflated_sharpe.map(|d| format!("deflated Sharpe {d:.3} after {}", trials(e)));
    let said = [
        e.random_entries.map(|entries| null(entries, "random entries")),
        e.shifted_weeks.map(|shifts| null(shifts, "shifts by weeks")),
        deflated,
    ];
    said.into_iter().flatten().collect()
}

/// What the verdict pays for: `12 trials, 5 of them different, with those of EURGBP`.
fn trials(e: &Evidence) -> String {
    let different = if e.different_trials < e.trials {
        format!(", {} of them different", e.different_trials)
    } else {
        String::new()
    };
    format!("{}{different}{}", counted(e.trials, "trial"), with_those_of(e))
}

/// Whose looks count as well, where there are any.
fn with_those_of(e: &Evidence) -> String {
    let correlated: Vec<String> = e.correlated.iter().map(ToString::to_string).collect();
    if correlated.is_empty() {
        return String::new();
    }
    format!(", with those of {}", correlated.join(" and "))
}

fn honesty(s: &BacktestSummary) -> Vec<String> {
    let e = &s.evidence;
    let examined = format!("in {} at {} cuts", e.proof_examined.join(" and "), e.proof_cuts);
    let proof = match e.leakage_proof {
        Some(true) => Some(format!("no look-ahead found {examined}")),
        Some(false) => Some(format!("LOOK-AHEAD FOUND {examined}")),
        None => None,
    };
    let looks = match e.looks_at_window {
        0 => "not counted as a look".to_owned(),
        own => format!("look number {} at this stretch{}", e.trials.max(own), with_those_of(e)),
    };
    let vault = (e.vault_openings > 0).then(|| format!("vault opened {}", counted(e.vault_openings, "time")));
    proof.into_iter().chain([looks]).chain(vault).collect()
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

fn times(x: Option<f64>) -> String {
    x.map_or_else(|| "undefined".into(), |x| format!("{:.1} × equity a year", Figure(x)))
}

fn sharpe(m: &Metrics) -> String {
    match (m.sharpe_ratio, m.sharpe_standard_error) {
        (Some(s), Some(e)) => format!("{:.2} ± {e:.2} a year", Figure(s)),
        (s, _) => number(s),
    }
}
