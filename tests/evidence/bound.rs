//! How often a true edge can pass at all. docs/evidence.md derives it.

use ktrdr_quant::statistics::{discovery, luck, normal};

use super::calendar::DAYS_PER_YEAR;

/// What each null asks for: under 5 % of its draws as good.
const BEYOND_CHANCE: f64 = 0.95;

/// The deflated Sharpe ratio that the first test of a sequence asks for.
fn first_test() -> f64 {
    1.0 - discovery::lond_dependent(discovery::FALSE_DISCOVERIES_MAX, 1, 0)
}

/// An exam as the bound sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exam {
    /// N: looks counted against the strategy, its own included.
    pub(super) looks: u64,
    /// T: trading days.
    pub(super) days: f64,
}

impl Exam {
    /// One of so many years.
    pub(super) fn of_years(years: f64, looks: u64) -> Self {
        Self { looks, days: years * DAYS_PER_YEAR }
    }

    /// The least daily Sharpe ratio that passes: `(x − SR₀) √(T − 1) = z √(1 + x²/2)`, with `SR₀` at the variance floor
    /// `1/(T − 1)`; and no less than `z/√T`, which both nulls ask for.
    fn threshold(self) -> f64 {
        let z = normal::quantile(first_test());
        let freedom = self.days - 1.0;
        let benchmark = luck::expected_max_sharpe(1.0 / freedom, self.looks);
        // The larger root of (1 − z²/2(T−1)) x² − 2 SR₀ x + SR₀² − z²/(T−1) = 0.
        let square = 1.0 - z * z / (2.0 * freedom);
        let constant = benchmark * benchmark - z * z / freedom;
        let deflated = (benchmark + (benchmark * benchmark - square * constant).sqrt()) / square;
        deflated.max(normal::quantile(BEYOND_CHANCE) / self.days.sqrt())
    }

    /// The probability that a strategy passes whose true Sharpe ratio of a year is this.
    pub(super) fn power(self, sharpe: f64) -> f64 {
        let daily = sharpe / DAYS_PER_YEAR.sqrt();
        let error = ((1.0 + daily * daily / 2.0) / (self.days - 1.0)).sqrt();
        normal::cdf((daily - self.threshold()) / error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::dice::Dice;
    use ktrdr_quant::statistics::TrackRecord;

    #[test]
    fn of_normal_returns_as_many_pass_as_the_bound_says() {
        const SAMPLES: u32 = 2_000;
        let mut dice = Dice::new(1);
        for (looks, years, sharpe) in [(1, 3.0, 1.0), (5, 3.0, 2.0), (20, 1.5, 3.0), (1, 3.0, 0.0)] {
            let exam = Exam::of_years(years, looks);
            let days = exam.days as usize;
            let mean = sharpe / DAYS_PER_YEAR.sqrt();
            let passes = |_: &u32| {
                let returns: Vec<f64> = (0..days).map(|_| mean + dice.normal()).collect();
                let floor = luck::variance_of_trials(&[], days);
                TrackRecord::of(&returns).unwrap().deflated(floor, looks).unwrap() >= first_test()
            };
            let share = f64::from((0..SAMPLES).filter(passes).count() as u32) / f64::from(SAMPLES);
            let wanted = exam.power(sharpe);
            assert!((share - wanted).abs() < 0.035, "{looks} {years} {sharpe}: {share} {wanted}");
        }
    }

    #[test]
    fn more_looks_ask_for_more_and_more_years_for_less() {
        let power = |looks, years, sharpe| Exam::of_years(years, looks).power(sharpe);
        assert!(power(1, 3.0, 1.5) > power(20, 3.0, 1.5));
        assert!(power(20, 3.0, 1.5) > power(20, 1.5, 1.5));
        assert!((power(1, 3.0, 0.0) - 0.0304).abs() < 0.002);
        // A three-year gate asks for 1.08 a year at one look and for twice as much at twenty.
        let yearly = |looks| Exam::of_years(3.0, looks).threshold() * DAYS_PER_YEAR.sqrt();
        assert!((yearly(1) - 1.08).abs() < 0.01 && (yearly(20) - 2.18).abs() < 0.03, "{}", yearly(20));
    }
}
