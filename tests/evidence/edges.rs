//! Planted edges: mechanisms that the program's designer has no name for, and that a trader who knows the rule can trade.
//!
//! An hour's log return is `m + σ z` with `σ` of 10 % a year; each mechanism says how `m` comes about. `a` is its strength.
//!
//! | name | rule |
//! |---|---|
//! | `drift-state` | `m` is hidden and remembers: `m' = φ m + √(1 − φ²) a σ e`, half of it gone after five days |
//! | `aftermath` | an hour that moves more than 2.5 σ starts a push in its direction, `m = a σ Σ ± 2^(−age/24)`: it fades by half a day |
//! | `yesterday` | from 8 to 16 UTC prices drift the way they went on the trading day before: `m = ± a σ` |
//! | `weekend-anchor` | prices are drawn to where the last week closed: `m = −a σ tanh(ln(price / anchor) / 1 %)` |
//! | `range-break` | beyond the highest and the lowest close of the trading day before prices are pushed on: `m = ± a σ` |
//!
//! The designer's search space was widened twice, each time by somebody who knew what had been missed. After a first table of the
//! first four, which showed that it had no input for two of them, it could hear what large moves leave behind, and the day
//! before. After a second one it could hear such changes at some hours of the day alone, and the week so far. So only
//! `drift-state` and `range-break` are unseen: no input was made for either.
//!
//! [`Knowledge`] is what somebody can know who knows the rule, its numbers, and the prices until now; what is hidden in
//! `drift-state` is estimated as well as can be (Kalman's filter). No strategy can do better in expectation by looking at
//! prices, so that a Sharpe ratio measured with it is one that research could find.

use super::calendar::{self, Session, Step};
use super::dice::Dice;
use super::series::Series;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    DriftState,
    Aftermath,
    Yesterday,
    WeekendAnchor,
    RangeBreak,
}

/// Of a year.
const VOLATILITY: f64 = 0.10;
const START_PRICE: f64 = 1.25;

/// Hours after which half of a hidden drift, or of an aftermath's push, is gone.
const DRIFT_HALF_LIFE: f64 = 120.0;
const PUSH_HALF_LIFE: f64 = 24.0;
/// A large move, in σ of an hour.
const LARGE: f64 = 2.5;
/// Hours in which yesterday's direction counts.
const BUSY: std::ops::Range<i64> = 8..16;
/// Distance from the anchor at which the pull is three quarters of its most.
const ANCHOR_SCALE: f64 = 0.01;
/// Hours ahead over which the pull to an anchor is worth reckoning with.
const ANCHOR_HORIZON: f64 = 24.0;
/// A pause this long is a weekend.
const WEEKEND_S: i64 = 36 * 3_600;

impl Mechanism {
    pub(super) const ALL: [Self; 5] =
        [Self::DriftState, Self::Aftermath, Self::Yesterday, Self::WeekendAnchor, Self::RangeBreak];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DriftState => "drift-state",
            Self::Aftermath => "aftermath",
            Self::Yesterday => "yesterday",
            Self::WeekendAnchor => "weekend-anchor",
            Self::RangeBreak => "range-break",
        }
    }

    /// Bars with this edge, and for each of them the mean that its return had.
    pub(super) fn series(self, strength: f64, years: f64, seed: u64) -> (Series, Vec<f64>) {
        let mut dice = Dice::new(seed);
        let mut series = Series::default();
        let mut means = Vec::new();
        let mut known = Knowledge::new(self, strength);
        let mut hidden = known.push * dice.normal();
        let mut price = START_PRICE;
        for time in calendar::opens(Session::Currency, Step::Hour, years) {
            known.turn_to(time);
            let mean = if self == Self::DriftState { hidden } else { known.next };
            // A martingale but for the edge.
            let convexity = sigma().powi(2) / 2.0;
            series.walk(time, price, mean - convexity, sigma(), &mut dice);
            let close = series.close[series.len() - 1];
            known.see((close / price).ln());
            price = close;
            hidden = decay(DRIFT_HALF_LIFE) * hidden + known.shock() * dice.normal();
            means.push(mean);
        }
        (series, means)
    }
}

/// Standard deviation of an hour.
pub(super) fn sigma() -> f64 {
    VOLATILITY / calendar::bars_per_year(Session::Currency, Step::Hour).sqrt()
}

fn decay(half_life: f64) -> f64 {
    0.5_f64.powf(1.0 / half_life)
}

/// What is known of the next bar by those who know the rule.
#[derive(Debug, Clone)]
pub(super) struct Knowledge {
    mechanism: Mechanism,
    /// Of the edge, as a return of an hour: `a σ`.
    push: f64,
    time: i64,
    /// Expected log return of the next bar.
    pub(super) next: f64,
    /// Sum of pushes of large moves that have not faded.
    pushes: f64,
    /// Kalman's estimate of a hidden drift, and its variance.
    drift: f64,
    doubt: f64,
    /// Log returns since today, and of yesterday; since the week's anchor.
    today: f64,
    yesterday: f64,
    from_anchor: f64,
    /// Log price, and between which log prices today and the day before closed.
    level: f64,
    range: (f64, f64),
    range_before: (f64, f64),
}

impl Knowledge {
    pub(super) fn new(mechanism: Mechanism, strength: f64) -> Self {
        let push = strength * sigma();
        Self {
            mechanism,
            push,
            time: 0,
            next: 0.0,
            pushes: 0.0,
            drift: 0.0,
            doubt: push * push,
            today: 0.0,
            yesterday: 0.0,
            from_anchor: 0.0,
            level: 0.0,
            range: (0.0, 0.0),
            range_before: (0.0, 0.0),
        }
    }

    /// Standard deviation of what is new in a hidden drift each hour.
    fn shock(&self) -> f64 {
        (1.0 - decay(DRIFT_HALF_LIFE).powi(2)).sqrt() * self.push
    }

    /// The next bar opens at this time.
    pub(super) fn turn_to(&mut self, time: i64) {
        if calendar::trading_day(time) != calendar::trading_day(self.time) {
            self.yesterday = std::mem::take(&mut self.today);
            self.range_before = std::mem::replace(&mut self.range, (f64::INFINITY, f64::NEG_INFINITY));
        }
        if time - self.time >= WEEKEND_S {
            self.from_anchor = 0.0;
        }
        self.time = time;
        self.next = match self.mechanism {
            Mechanism::DriftState => self.drift,
            Mechanism::Aftermath => self.push * self.pushes,
            Mechanism::Yesterday if BUSY.contains(&calendar::hour(time)) => self.push * sign(self.yesterday),
            Mechanism::Yesterday => 0.0,
            Mechanism::WeekendAnchor => -self.push * (self.from_anchor / ANCHOR_SCALE).tanh(),
            Mechanism::RangeBreak => self.push * self.side_of_range(),
        };
    }

    /// 1 above the range of the day before, −1 below it, 0 within.
    fn side_of_range(&self) -> f64 {
        let (low, high) = self.range_before;
        f64::from(i8::from(self.level > high) - i8::from(self.level < low))
    }

    /// It moved by this log return.
    pub(super) fn see(&mut self, moved: f64) {
        self.today += moved;
        self.from_anchor += moved;
        self.level += moved;
        self.range = (self.range.0.min(self.level), self.range.1.max(self.level));
        self.pushes *= decay(PUSH_HALF_LIFE);
        if moved.abs() > LARGE * sigma() {
            self.pushes += sign(moved);
        }
        let gain = self.doubt / (self.doubt + sigma().powi(2));
        let phi = decay(DRIFT_HALF_LIFE);
        self.drift = phi * (self.drift + gain * (moved - self.drift));
        self.doubt = phi.powi(2) * (1.0 - gain) * self.doubt + self.shock().powi(2);
    }

    /// What a position would earn, by expectation, until what is known has faded.
    pub(super) fn promise(&self) -> f64 {
        let hours = match self.mechanism {
            Mechanism::DriftState => 1.0 / (1.0 - decay(DRIFT_HALF_LIFE)),
            Mechanism::Aftermath => 1.0 / (1.0 - decay(PUSH_HALF_LIFE)),
            Mechanism::Yesterday => (BUSY.end - calendar::hour(self.time)) as f64,
            Mechanism::WeekendAnchor => ANCHOR_HORIZON,
            Mechanism::RangeBreak => (24 - calendar::hour(self.time)) as f64,
        };
        self.next * hours
    }
}

/// −1, 0 or 1.
pub(super) fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Correlation of what was known with what came, over the standard error.
    fn foresight(mechanism: Mechanism, strength: f64, seed: u64) -> f64 {
        let (series, _) = mechanism.series(strength, 12.0, seed);
        let mut known = Knowledge::new(mechanism, strength);
        let (mut both, mut squares, mut moves) = (0.0, 0.0, 0.0);
        for i in 1..series.len() {
            known.turn_to(series.time[i]);
            let moved = (series.close[i] / series.close[i - 1]).ln();
            both += known.next * moved;
            squares += known.next.powi(2);
            moves += moved.powi(2);
            known.see(moved);
        }
        if squares == 0.0 { 0.0 } else { both / (squares * moves).sqrt() * (series.len() as f64).sqrt() }
    }

    #[test]
    fn who_knows_the_rule_foresees_and_without_strength_there_is_nothing_to_foresee() {
        for mechanism in Mechanism::ALL {
            let strong = foresight(mechanism, 0.2, 1);
            assert!(strong > 10.0, "{mechanism:?}: {strong}");
            assert!(foresight(mechanism, 0.0, 1).abs() < 1e-12, "{mechanism:?}");
        }
    }

    #[test]
    fn a_hidden_drift_remembers_and_its_estimate_is_the_best_there_is() {
        let strength = 0.1;
        let (series, means) = Mechanism::DriftState.series(strength, 40.0, 2);
        let mut known = Knowledge::new(Mechanism::DriftState, strength);
        let (mut missed, mut scaled_missed) = (0.0, [0.0; 2]);
        for (i, mean) in means.iter().enumerate().skip(1) {
            known.turn_to(series.time[i]);
            missed += (mean - known.next).powi(2);
            for (sum, factor) in scaled_missed.iter_mut().zip([0.7, 1.3]) {
                *sum += (mean - factor * known.next).powi(2);
            }
            known.see((series.close[i] / series.close[i - 1]).ln());
        }
        assert!(scaled_missed.iter().all(|other| *other > missed), "{missed} {scaled_missed:?}");
        // The filter knows how wrong it is.
        let expected = known.doubt * series.len() as f64;
        assert!((missed / expected - 1.0).abs() < 0.1, "{missed} {expected}");
        let memory = lag(&means, 120);
        assert!((memory - 0.5).abs() < 0.1, "{memory}");
    }

    fn lag(x: &[f64], lag: usize) -> f64 {
        let products: f64 = x.iter().zip(&x[lag..]).map(|(a, b)| a * b).sum();
        products / x.iter().map(|a| a * a).sum::<f64>()
    }
}
