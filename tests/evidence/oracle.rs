//! The oracle trader: knows the rule and its numbers, sees prices until now, pays the costs of everybody.
//!
//! It takes a side when what it expects pays for turning round, keeps it as long as the side is right, and leaves when it is
//! wrong by more than leaving costs. Its Sharpe ratio, net, is the size of a planted edge.

use super::calendar::{self, DAYS_PER_YEAR};
use super::edges::{Knowledge, Mechanism, sign};
use super::fills::{self, Account, FRACTION, TURN};
use super::series::Series;

/// Steps towards a strength: it takes four or five.
const STEPS_MAX: u32 = 12;

/// What the oracle wants at each close.
pub(super) fn targets(mechanism: Mechanism, strength: f64, series: &Series) -> Vec<i8> {
    decisions(mechanism, strength, series).into_iter().map(|decision| decision.target).collect()
}

/// At a bar's close.
struct Decision {
    target: i8,
    /// Expected log return of the next bar.
    next: f64,
}

fn decisions(mechanism: Mechanism, strength: f64, series: &Series) -> Vec<Decision> {
    let mut known = Knowledge::new(mechanism, strength);
    let mut before = series.open[0];
    let mut target = 0;
    known.turn_to(series.time[0]);
    let mut decisions = Vec::with_capacity(series.len());
    for (bar, close) in series.close.iter().enumerate() {
        known.see((close / before).ln());
        before = *close;
        if let Some(next) = series.time.get(bar + 1) {
            known.turn_to(*next);
            target = wanted(known.promise(), target);
        }
        decisions.push(Decision { target, next: known.next });
    }
    decisions
}

fn wanted(promise: f64, held: i8) -> i8 {
    let for_it = promise * f64::from(held);
    if promise.abs() > TURN {
        sign(promise) as i8
    } else if promise == 0.0 || for_it < -TURN / 2.0 {
        0
    } else {
        held
    }
}

/// Net Sharpe ratio of a year, as it was in a stretch of time.
pub(super) fn realised(targets: &[i8], series: &Series, start: i64, end: i64) -> f64 {
    let exam = series.cut(start, end);
    let daily = Account::trade(&exam, &targets[series.range(start, end)]).daily(&exam);
    fills::sharpe(&daily)
}

/// Net Sharpe ratio of a year, as it is by expectation, measured over many years: each position earns what was *expected* of
/// its bar, so that the measure is hardly blurred by luck.
pub(super) fn expected(mechanism: Mechanism, strength: f64, years: f64, seed: u64) -> f64 {
    let (series, _) = mechanism.series(strength, years, seed);
    let decisions = decisions(mechanism, strength, &series);
    let (mut earned, mut daily, mut today) = (0.0, Vec::new(), 0.0);
    for bar in 2..series.len() {
        let held = f64::from(decisions[bar - 1].target);
        let paid = (held - f64::from(decisions[bar - 2].target)).abs() * TURN / 2.0;
        earned += FRACTION * (held * decisions[bar - 1].next - paid);
        let moved = (series.close[bar] / series.open[bar]).ln();
        if calendar::trading_day(series.time[bar]) != calendar::trading_day(series.time[bar - 1]) {
            daily.push(std::mem::take(&mut today));
        }
        today += FRACTION * (held * moved - paid);
    }
    let days = daily.len() as f64;
    let mean = daily.iter().sum::<f64>() / days;
    let variance = daily.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (days - 1.0);
    if variance > 0.0 { earned / days / variance.sqrt() * DAYS_PER_YEAR.sqrt() } else { 0.0 }
}

/// The strength at which the oracle expects this Sharpe ratio, by secants on one long path.
pub(super) fn strength_for(mechanism: Mechanism, sharpe: f64, years: f64, seed: u64) -> f64 {
    let missing = |strength: f64| expected(mechanism, strength, years, seed) - sharpe;
    let (mut before, mut now) = (0.05, 0.15);
    let mut missed = missing(before);
    for _ in 0..STEPS_MAX {
        let miss = missing(now);
        if miss.abs() < 0.01 * sharpe || miss == missed {
            break;
        }
        let next = now - miss * (now - before) / (miss - missed);
        (before, missed, now) = (now, miss, next.clamp(0.01, 1.0));
    }
    now
}

#[test]
fn what_is_expected_is_what_is_earned_on_average() {
    for mechanism in Mechanism::ALL {
        let strength = 0.12;
        let expected = expected(mechanism, strength, 60.0, 1);
        let (series, _) = mechanism.series(strength, 120.0, 2);
        let targets = targets(mechanism, strength, &series);
        let realised = realised(&targets, &series, 0, i64::MAX);
        let error = 3.0 / 120.0_f64.sqrt();
        assert!((realised - expected).abs() < error, "{mechanism:?}: {realised} {expected}");
    }
}

#[test]
fn a_side_is_taken_when_it_pays_and_left_when_it_is_wrong() {
    let cases = [
        (2.0 * TURN, 0, 1),
        (-2.0 * TURN, 1, -1),
        (0.9 * TURN, 0, 0),
        (0.1 * TURN, 1, 1),
        (-0.4 * TURN, 1, 1),
        (-0.6 * TURN, 1, 0),
        (0.0, 1, 0),
    ];
    for (promise, held, then) in cases {
        assert_eq!(wanted(promise, held), then, "{promise} {held}");
    }
}
