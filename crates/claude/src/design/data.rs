//! What there is to trade, as a designer may know it: the development window's bars with their health, what trading costs, how
//! far price moves. No bar of an exam.

use ktrdr_agent::DesignBrief;
use ktrdr_agent::market::{MOVE_COSTS_MIN, Market, TypicalMove};
use ktrdr_domain::Finding;
use ktrdr_domain::number::Figure;
use ktrdr_quant::Bars;
use ktrdr_quant::data::health::{self, FindingCode};
use serde_json::{Value, json};

use crate::mask;

/// The symbol with its series: what `get_available_symbols` answers.
pub(crate) fn symbols(brief: &DesignBrief<'_>) -> Value {
    json!({
        "symbol": mask::symbol(brief.symbol, brief.masked),
        "timeframes": brief.dev_bars.iter().map(|bars| series(bars, brief.masked)).collect::<Vec<_>>(),
    })
}

fn series(bars: &Bars, masked: bool) -> Value {
    let report = health::check(bars);
    // What a finding says names days and prices; its code does not.
    let said = |finding: &Finding<FindingCode>| match masked {
        true => json!(finding.code),
        false => json!(finding.message),
    };
    let findings: Vec<Value> = report.findings.iter().map(said).collect();
    let window = report.span.map(|span| match masked {
        true => format!("{:.1} years", span.years()),
        false => span.to_string(),
    });
    json!({
        "timeframe": bars.timeframe,
        "bars": bars.len(),
        "development_window": window,
        "has_volume": bars.volume.iter().any(|v| *v > 0.0),
        "health": if findings.is_empty() { json!("sound") } else { json!(findings) },
    })
}

/// The same with costs, typical moves and the campaign's brief, in words.
pub(crate) fn text(brief: &DesignBrief<'_>, market: &Market<'_>) -> String {
    let percent = |x: f64| format!("{:.4} %", Figure(100.0 * x));
    let row = |m: &TypicalMove| {
        format!(
            "over {} bars {} ({:.1} round trips, {} independent stretches)",
            m.horizon,
            percent(m.mean_absolute),
            m.cost_multiple.min(9_999.0),
            m.independent
        )
    };
    let moves: Vec<String> = market.horizons().iter().map(row).collect();
    let notice = if brief.masked { format!("{}\n\n", mask::NOTICE) } else { String::new() };
    let wish = brief.text.map_or_else(String::new, |text| {
        format!(
            "\nThe campaign's brief, which says what to look for: {}",
            json!(crate::words::harmless(text, 2_000))
        )
    });
    format!(
        "# The market\n\n{notice}{}\n\nA round trip costs {} of the price. Typical absolute moves on the training rows: {}. A horizon under \
         {MOVE_COSTS_MIN} round trips is hardly worth a trade. The window that decides has about {} bars.{wish}",
        symbols(brief),
        percent(market.round_trip_cost),
        moves.join("; "),
        market.gate_bars,
    )
}
