//! What docs/honesty.md says that a look costs is what the code asks for.

#![allow(clippy::unwrap_used)]

use ktrdr_domain::window::LOOKS_MAX;
use ktrdr_quant::statistics::{TrackRecord, luck};

const DAYS_PER_YEAR: usize = 260;

/// The least annualised Sharpe ratio of normal returns whose deflated ratio is 0.95, to two decimals.
fn needed(years: usize, looks: u64) -> f64 {
    let periods = years * DAYS_PER_YEAR;
    let variance = luck::variance_of_trials(&[], periods);
    let annual = (DAYS_PER_YEAR as f64).sqrt();
    let passes = |cents: &u32| {
        let sharpe = f64::from(*cents) / 100.0 / annual;
        let record = TrackRecord { sharpe, periods, skewness: 0.0, kurtosis: 3.0 };
        record.deflated(variance, looks).unwrap() >= 0.95
    };
    f64::from((0..1_000).find(passes).unwrap()) / 100.0
}

#[test]
fn a_gate_is_burnt_where_the_best_edges_pass_every_second_time() {
    let asked = needed(5, LOOKS_MAX);
    assert!(asked <= 2.0 && needed(5, LOOKS_MAX * 3 / 2) > 2.0, "{asked}");
    let page = include_str!("../../../docs/honesty.md");
    assert!(page.contains(&format!("After {LOOKS_MAX} looks")), "docs/honesty.md should say {LOOKS_MAX}");
    assert!(page.contains(&format!("ask for a Sharpe ratio of {asked:.2} a year")), "{asked}");
}

#[test]
fn the_page_says_what_a_look_costs() {
    let page = include_str!("../../../docs/honesty.md");
    for years in [1, 3, 5] {
        let cells = [1, 10, 100, 365].map(|looks| format!("{:.2}", needed(years, looks)));
        let row = format!("| {years} | {} |", cells.join(" | "));
        assert!(page.contains(&row), "docs/honesty.md should say {row}");
    }
}
