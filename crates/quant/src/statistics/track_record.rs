//! How sure a Sharpe ratio is.
//!
//! Bailey & López de Prado, *The Sharpe Ratio Efficient Frontier* (2012), on Mertens' (2002) variance of the
//! estimator. All Sharpe ratios are **per period**, the kurtosis is **raw** (normal = 3): annual ratios or excess
//! kurtosis give plausible wrong numbers.

use super::luck::expected_max_sharpe;
use super::normal;
use super::{Moments, Undefined, finite};

/// What the certainty of a Sharpe ratio depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackRecord {
    /// Sharpe ratio per period.
    pub sharpe: f64,
    /// How many periods it was measured over.
    pub periods: usize,
    /// Population skewness of the returns.
    pub skewness: f64,
    /// Raw population kurtosis of the returns.
    pub kurtosis: f64,
}

impl TrackRecord {
    /// The record of `returns`, one per period.
    ///
    /// # Errors
    /// Fewer than two returns, a NaN, or returns that do not vary.
    pub fn of(returns: &[f64]) -> Result<Self, Undefined> {
        let Moments { count, mean, standard_deviation, skewness, kurtosis } = Moments::of(returns)?;
        Ok(Self { sharpe: finite(mean / standard_deviation)?, periods: count, skewness, kurtosis })
    }

    /// `1 − γ₃ SR + (γ₄ − 1)/4 SR²`: the estimator's variance, times n − 1.
    fn spread(&self) -> Result<f64, Undefined> {
        let Self { sharpe, skewness, kurtosis, .. } = *self;
        let spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
        if spread > 0.0 { Ok(spread) } else { Err(Undefined::NoVariation("possible Sharpe ratios")) }
    }

    /// Periods minus one, of which there must be one.
    fn degrees_of_freedom(&self) -> Result<f64, Undefined> {
        if self.periods < 2 {
            return Err(Undefined::TooFew { what: "returns", needed: 2, found: self.periods });
        }
        Ok((self.periods - 1) as f64)
    }

    /// Standard error of the per-period Sharpe ratio: `√((1 − γ₃ SR + (γ₄ − 1)/4 SR²) / (n − 1))`.
    ///
    /// # Errors
    /// Fewer than two periods, or moments that no sample has.
    pub fn standard_error(&self) -> Result<f64, Undefined> {
        Ok((self.spread()? / self.degrees_of_freedom()?).sqrt())
    }

    /// PSR: the probability that the true Sharpe ratio is over `benchmark` (per period).
    ///
    /// # Errors
    /// Fewer than two periods, or moments that no sample has.
    pub fn probability_over(&self, benchmark: f64) -> Result<f64, Undefined> {
        Ok(normal::cdf((self.sharpe - benchmark) / self.standard_error()?))
    }

    /// MinTRL: periods needed to say with confidence `1 − alpha` that the true Sharpe ratio is over `benchmark`.
    ///
    /// # Errors
    /// The ratio is not over the benchmark, or the moments are those of no sample.
    pub fn periods_needed(&self, benchmark: f64, alpha: f64) -> Result<f64, Undefined> {
        if self.sharpe <= benchmark {
            return Err(Undefined::NotAbove { benchmark });
        }
        let distance = normal::quantile(1.0 - alpha) / (self.sharpe - benchmark);
        finite(1.0 + self.spread()? * distance * distance)
    }

    /// DSR: the probability that the true Sharpe ratio is over what the best of `trials` worthless trials shows by
    /// luck. `variance` is that of the trials' per-period Sharpe ratios. Bailey & López de Prado (2014).
    ///
    /// # Errors
    /// Fewer than two periods, or moments that no sample has.
    pub fn deflated(&self, variance: f64, trials: u64) -> Result<f64, Undefined> {
        self.probability_over(expected_max_sharpe(variance, trials))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_losing_record_can_never_be_long_enough() {
        let record = TrackRecord { sharpe: -0.1, periods: 500, skewness: 0.0, kurtosis: 3.0 };
        assert_eq!(record.periods_needed(0.0, 0.05), Err(Undefined::NotAbove { benchmark: 0.0 }));
        assert!(record.probability_over(0.0).unwrap() < 0.05);
    }

    #[test]
    fn a_record_as_long_as_needed_is_just_sure_enough() {
        let mut record = TrackRecord { sharpe: 0.2, periods: 2, skewness: -0.4, kurtosis: 5.0 };
        let needed = record.periods_needed(0.0, 0.05).unwrap();
        record.periods = needed.ceil() as usize;
        assert!(record.probability_over(0.0).unwrap() >= 0.95);
        record.periods = needed.floor() as usize;
        assert!(record.probability_over(0.0).unwrap() < 0.95);
    }
}
