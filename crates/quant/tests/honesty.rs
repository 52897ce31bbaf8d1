//! What docs/honesty.md says that looks and nights cost is what the code asks for.

#![allow(clippy::unwrap_used)]

use ktrdr_quant::statistics::discovery::{FALSE_DISCOVERIES_MAX, lond_dependent};
use ktrdr_quant::statistics::{TrackRecord, luck};

const DAYS_PER_YEAR: usize = 260;

/// What the gate asks of the deflated Sharpe ratio.
const GATE: f64 = 0.95;

/// Looks of a night on a random walk.
const LOOKS_PER_NIGHT: u64 = 2;

/// The least annualised Sharpe ratio of normal returns whose deflated ratio is at least that, to two decimals.
fn needed(years: usize, looks: u64, deflated: f64) -> f64 {
    let periods = years * DAYS_PER_YEAR;
    let variance = luck::variance_of_trials(&[], periods);
    let annual = (DAYS_PER_YEAR as f64).sqrt();
    let passes = |cents: &u32| {
        let sharpe = f64::from(*cents) / 100.0 / annual;
        let record = TrackRecord { sharpe, periods, skewness: 0.0, kurtosis: 3.0 };
        record.deflated(variance, looks).unwrap() >= deflated
    };
    f64::from((0..2_000).find(passes).unwrap()) / 100.0
}

#[test]
fn the_page_says_what_a_look_costs() {
    let page = include_str!("../../../docs/honesty.md");
    for years in [1, 3, 5] {
        let cells = [1, 10, 100, 365].map(|looks| format!("{:.2}", needed(years, looks, GATE)));
        let row = format!("| {years} | {} |", cells.join(" | "));
        assert!(page.contains(&row), "docs/honesty.md should say {row}");
    }
}

/// What a candidate of this night needs, when one night in `every` has had one, and none was a discovery.
fn needed_after(years: usize, nights: u64, every: u64) -> f64 {
    let level = lond_dependent(FALSE_DISCOVERIES_MAX, nights.div_ceil(every), 0);
    needed(years, nights * LOOKS_PER_NIGHT, GATE.max(1.0 - level))
}

#[test]
fn the_page_says_what_a_night_costs() {
    let page = include_str!("../../../docs/honesty.md");
    for years in [1, 3, 5] {
        for (every, brings) in [(1, "every night"), (10, "every tenth")] {
            let cells = [1, 10, 100, 365].map(|nights| format!("{:.2}", needed_after(years, nights, every)));
            let row = format!("| {years} | {brings} | {} |", cells.join(" | "));
            assert!(page.contains(&row), "docs/honesty.md should say {row}");
        }
    }
}
