//! Findings about trading: does it trade often enough to be judged, and does price move enough to pay for it.

use ktrdr_domain::gate::GatePolicy;
use ktrdr_domain::{Severity, Strategy};

use super::Finding;
use super::readings::Reading;
use crate::figures::quantile;
use crate::market::{MOVE_COSTS_MIN, Market, TRADES_ENOUGH};

/// Bars a zigzag leg of usual size lasts: its labels have no horizon of their own.
const LEG_BARS: u32 = 250;

pub(super) fn findings(strategy: &Strategy, market: &Market<'_>, readings: &[Reading<'_>]) -> Vec<Finding> {
    few_trades(strategy, market, readings).into_iter().chain(move_under_cost(strategy, market)).collect()
}

fn few_trades(strategy: &Strategy, market: &Market<'_>, readings: &[Reading<'_>]) -> Option<Finding> {
    let gate_bars = market.gate_bars as f64;
    let fastest = readings.iter().filter_map(|r| r.column.as_deref().ok()).map(swings).max()?;
    let by_readings = fastest as f64 * gate_bars / market.base().len() as f64;
    let by_holding =
        strategy.risk.exits.max_holding_bars.map_or(0.0, |bars| gate_bars / f64::from(bars.max(1)));
    let possible = gate_bars / f64::from(strategy.decisions.min_signal_separation.max(1));
    let likely = by_readings.max(by_holding).min(possible);
    (likely < TRADES_ENOUGH as f64).then(|| {
        Finding::new(
            if possible < GatePolicy::DEFAULT.trades_min as f64 { Severity::Error } else { Severity::Warning },
            "few_trades",
            format!(
                "about {likely:.0} trades are likely in a gate window of {gate_bars:.0} bars, at most {possible:.0}"
            ),
            "read shorter periods, lower min_signal_separation, or limit how long a position is held",
        )
        .with_evidence([
            ("likely_trades", likely),
            ("possible_trades", possible),
            ("gate_bars", gate_bars),
        ])
    })
}

/// How often a value changes sides between its outer thirds: the trades of a strategy that follows it.
fn swings(column: &[f64]) -> usize {
    let mut sorted: Vec<f64> = column.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (quantile(&sorted, 1.0 / 3.0), quantile(&sorted, 2.0 / 3.0));
    let sides =
        column.iter().filter_map(|x| if *x > high { Some(true) } else { (*x < low).then_some(false) });
    let mut side = None;
    sides.filter(|now| side.replace(*now).is_some_and(|before| before != *now)).count()
}

fn move_under_cost(strategy: &Strategy, market: &Market<'_>) -> Option<Finding> {
    let horizon = strategy.training.labels.horizon().unwrap_or(LEG_BARS);
    let typical = market.typical_move(horizon);
    (typical.cost_multiple < MOVE_COSTS_MIN).then(|| {
        Finding::new(
            if typical.cost_multiple < 1.0 { Severity::Error } else { Severity::Warning },
            "move_under_cost",
            format!(
                "over {horizon} bars price typically moves {:.3} %, a round trip costs {:.3} %",
                100.0 * typical.mean_absolute,
                100.0 * market.round_trip_cost
            ),
            "look further ahead or trade a longer timeframe",
        )
        .with_evidence([("typical_move", typical.mean_absolute), ("round_trip_cost", market.round_trip_cost)])
    })
}

#[cfg(test)]
mod tests {
    use super::swings;

    #[test]
    fn swings_count_crossings_from_one_outer_third_to_the_other() {
        assert_eq!(swings(&[0.0, 5.0, 9.0, 5.0, 0.0, 5.0, 0.0, 9.0, f64::NAN]), 3);
        assert_eq!(swings(&[1.0; 5]), 0);
        assert_eq!(swings(&[]), 0);
    }
}
