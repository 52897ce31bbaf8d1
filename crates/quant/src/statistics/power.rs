//! What a test could find at all: the Sharpe ratio that is confirmed with a given probability.

use super::luck::expected_max_sharpe;
use super::{Undefined, normal};

/// A test of one track record among many trials: the deflated Sharpe ratio must reach a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deflation {
    /// Returns that the record has.
    pub periods: usize,
    /// Trials that are counted, the judged one among them.
    pub trials: u64,
    /// The deflated Sharpe ratio that passes, such as 0.95.
    pub level: f64,
}

impl Deflation {
    /// The smallest true Sharpe ratio, per period, that passes with this probability.
    ///
    /// A record passes when `(SR − SR₀) / σ ≥ Φ⁻¹(level)`, where SR₀ is the best of that many worthless trials and σ the standard
    /// error of a Sharpe ratio. What is measured scatters around the truth by σ, so with probability `power` it passes when
    /// `SR − SR₀ = (Φ⁻¹(level) + Φ⁻¹(power)) σ(SR)`. For normal returns `σ² = (1 + SR²/2) / (n − 1)`, which makes that a quadratic
    /// equation. The trials' variance is taken as low as it can be, `1/(n − 1)`, that of trials which are all worthless: with
    /// real ones it is larger, and so is what is needed. Bailey & López de Prado, *The Sharpe Ratio Efficient Frontier* (2012)
    /// and *The Deflated Sharpe Ratio* (2014).
    ///
    /// # Errors
    /// When the record is so short that no Sharpe ratio passes.
    pub fn smallest_sharpe(&self, power: f64) -> Result<f64, Undefined> {
        let distance = (normal::quantile(self.level) + normal::quantile(power)).max(0.0);
        let variance = 1.0 / self.periods.saturating_sub(1).max(1) as f64;
        let (luck, c) = (expected_max_sharpe(variance, self.trials), distance * distance * variance);
        let steepness = 1.0 - c / 2.0;
        if self.periods < 2 || steepness <= 0.0 || !steepness.is_finite() {
            let needed = (distance * distance / 2.0).ceil().max(0.0) as usize + 2;
            return Err(Undefined::TooFew { what: "returns", needed, found: self.periods });
        }
        let root = (luck * luck - steepness * (luck * luck - c)).max(0.0).sqrt();
        Ok((luck + root) / steepness)
    }

    /// The most trials after which a true Sharpe ratio, per period, still passes with this probability; `None`: not even alone.
    #[must_use]
    pub fn most_trials(&self, sharpe: f64, power: f64) -> Option<u64> {
        let passes = |trials| {
            let test = Self { trials, ..*self };
            test.smallest_sharpe(power).is_ok_and(|smallest| smallest <= sharpe)
        };
        if !passes(1) {
            return None;
        }
        let (mut enough, mut too_many) = (1, MOST_TRIALS);
        while too_many - enough > 1 {
            let middle = enough + (too_many - enough) / 2;
            if passes(middle) { enough = middle } else { too_many = middle }
        }
        Some(enough)
    }
}

/// Nobody counts further.
const MOST_TRIALS: u64 = 1 << 40;

#[cfg(test)]
mod tests {
    use super::super::TrackRecord;
    use super::*;

    fn gate(years: f64, trials: u64) -> Deflation {
        Deflation { periods: (years * 252.0) as usize, trials, level: 0.95 }
    }

    #[test]
    fn what_has_an_even_chance_is_what_just_passes_when_it_is_measured_exactly() {
        for (years, trials) in [(1.0, 1), (1.0, 100), (4.0, 40), (0.5, 10_000)] {
            let test = gate(years, trials);
            let sharpe = test.smallest_sharpe(0.5).unwrap();
            let record = TrackRecord { sharpe, periods: test.periods, skewness: 0.0, kurtosis: 3.0 };
            let variance = 1.0 / (test.periods - 1) as f64;
            let deflated = record.deflated(variance, trials).unwrap();
            assert!((deflated - 0.95).abs() < 1e-9, "{years} {trials}: {deflated}");
            let surer = TrackRecord { sharpe: test.smallest_sharpe(0.8).unwrap(), ..record };
            let margin = normal::quantile(surer.deflated(variance, trials).unwrap()) - normal::quantile(0.95);
            assert!((margin - normal::quantile(0.8)).abs() < 1e-6, "{margin}");
        }
    }

    /// E[max] of 100 trials over one year is 2.53 (the paper's table); to be sure of it takes 1.645 standard errors more.
    #[test]
    fn a_year_and_a_hundred_trials_need_a_sharpe_ratio_over_four() {
        let annual = gate(1.0, 100).smallest_sharpe(0.5).unwrap() * 252.0_f64.sqrt();
        assert!((annual - (2.53 + 1.645)).abs() < 0.1, "{annual}");
    }

    #[test]
    fn the_table_in_the_docs_is_what_comes_out() {
        let docs = include_str!("../../../../docs/budget.md");
        let (_, table) = docs.split_once("| looks counted |").unwrap();
        let mut rows = 0;
        for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<String> = row.split('|').map(|cell| cell.trim().replace(',', "")).collect();
            let trials = cells[1].parse().unwrap();
            for (cell, years) in cells[2..6].iter().zip([1.0, 2.0, 4.0, 8.0]) {
                let sharpe = gate(years, trials).smallest_sharpe(0.5).unwrap() * 252.0_f64.sqrt();
                assert_eq!(format!("{sharpe:.2}"), *cell, "{trials} looks at {years} years");
            }
            rows += 1;
        }
        assert_eq!(rows, 4);
    }

    #[test]
    fn longer_records_find_more_and_trials_find_less() {
        let annual = |years, trials| gate(years, trials).smallest_sharpe(0.5).unwrap() * 252.0_f64.sqrt();
        assert!(annual(4.0, 100) < annual(2.0, 100) && annual(2.0, 100) < annual(2.0, 1_000));
        assert!(gate(0.005, 1).smallest_sharpe(0.5).is_err(), "a day tells nothing");
    }

    #[test]
    fn so_many_trials_are_affordable_and_one_more_is_not() {
        let (test, sharpe) = (gate(2.0, 1), 2.5 / 252.0_f64.sqrt());
        let most = test.most_trials(sharpe, 0.5).unwrap();
        let smallest = |trials| Deflation { trials, ..test }.smallest_sharpe(0.5).unwrap();
        assert!(smallest(most) <= sharpe && sharpe < smallest(most + 1), "{most}");
        assert_eq!(test.most_trials(0.01, 0.5), None);
    }
}
