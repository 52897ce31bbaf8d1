//! Mean, spread and shape of a sample. Two passes, so that a large mean does not eat the variance.

use super::{Undefined, all_finite};

/// The first four moments of at least two numbers that vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// How many numbers.
    pub count: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (ddof 1).
    pub standard_deviation: f64,
    /// Population skewness: `m₃ / m₂^1.5`.
    pub skewness: f64,
    /// Raw population kurtosis: `m₄ / m₂²`, 3 for a normal distribution.
    pub kurtosis: f64,
}

impl Moments {
    /// The moments of `sample`.
    ///
    /// # Errors
    /// Fewer than two numbers, a NaN, or numbers that are all the same.
    pub fn of(sample: &[f64]) -> Result<Self, Undefined> {
        let mean = mean(sample)?;
        let standard_deviation = standard_deviation(sample)?;
        if is_only_rounding(standard_deviation, sample) {
            return Err(Undefined::NoVariation("returns"));
        }
        let count = sample.len() as f64;
        let moment = |power| sample.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / count;
        let variance = moment(2);
        Ok(Self {
            count: sample.len(),
            mean,
            standard_deviation,
            skewness: moment(3) / variance.powf(1.5),
            kurtosis: moment(4) / (variance * variance),
        })
    }
}

/// Arithmetic mean.
///
/// # Errors
/// An empty sample or a NaN in it.
pub fn mean(sample: &[f64]) -> Result<f64, Undefined> {
    if sample.is_empty() {
        return Err(Undefined::TooFew { what: "returns", needed: 1, found: 0 });
    }
    all_finite(sample)?;
    Ok(sample.iter().sum::<f64>() / sample.len() as f64)
}

/// Sample standard deviation (ddof 1). Zero is an answer: the numbers are all the same.
///
/// # Errors
/// Fewer than two numbers or a NaN among them.
pub fn standard_deviation(sample: &[f64]) -> Result<f64, Undefined> {
    let found = sample.len();
    if found < 2 {
        return Err(Undefined::TooFew { what: "returns", needed: 2, found });
    }
    let mean = mean(sample)?;
    let squares: f64 = sample.iter().map(|x| (x - mean) * (x - mean)).sum();
    Ok((squares / (found - 1) as f64).sqrt())
}

/// Whether a standard deviation is no more than what rounding leaves behind: an account that grows by the same
/// fraction every day has returns that differ in the sixteenth digit, and no Sharpe ratio.
pub(super) fn is_only_rounding(standard_deviation: f64, sample: &[f64]) -> bool {
    let largest = sample.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    standard_deviation <= (1e-12 * largest).max(1e-15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_a_small_sample_are_those_of_hand_arithmetic() {
        // mean 2, deviations −1, −1, 2: m₂ = 2, m₃ = 2, m₄ = 6
        let m = Moments::of(&[1.0, 1.0, 4.0]).unwrap();
        assert!((m.mean - 2.0).abs() < 1e-15 && (m.standard_deviation - 3.0_f64.sqrt()).abs() < 1e-15);
        assert!((m.skewness - 2.0 / 2.0_f64.powf(1.5)).abs() < 1e-15 && (m.kurtosis - 1.5).abs() < 1e-15);
    }

    #[test]
    fn constant_short_and_broken_samples_have_no_shape() {
        assert_eq!(Moments::of(&[0.1; 7]), Err(Undefined::NoVariation("returns")));
        assert_eq!(Moments::of(&[0.1]), Err(Undefined::TooFew { what: "returns", needed: 2, found: 1 }));
        assert_eq!(Moments::of(&[0.1, f64::NAN, 0.2]), Err(Undefined::NotFinite { index: 1 }));
        assert_eq!(standard_deviation(&[0.0; 9]), Ok(0.0));
    }
}
