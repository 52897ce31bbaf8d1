//! How good the best of many worthless trials looks.

use std::f64::consts::{E, EULER_GAMMA};

use super::moments::standard_deviation;
use super::normal;

/// Variance of trials' Sharpe ratios, per period, as luck is judged by: that of `sharpes`, one for each *different* trial,
/// but no less than `1 / (T − 1)`, the sampling variance of a worthless trial over as many `periods`. Without that floor a
/// single trial, or a hundred copies of one, would make luck look impossible.
#[must_use]
pub fn variance_of_trials(sharpes: &[f64], periods: usize) -> f64 {
    let floor = 1.0 / periods.saturating_sub(1).max(1) as f64;
    standard_deviation(sharpes).map_or(floor, |spread| (spread * spread).max(floor))
}

/// SR₀: the Sharpe ratio to expect from the best of `trials` independent trials without any edge, when their
/// Sharpe ratios have this `variance`: `√V ((1 − γ) Φ⁻¹(1 − 1/N) + γ Φ⁻¹(1 − 1/(N e)))`. Zero for one trial.
///
/// Per period in, per period out. Bailey & López de Prado, *The Deflated Sharpe Ratio* (2014).
#[must_use]
pub fn expected_max_sharpe(variance: f64, trials: u64) -> f64 {
    if trials <= 1 {
        return 0.0;
    }
    let n = trials as f64;
    // Φ⁻¹(1 − q) = −Φ⁻¹(q), and small q keep more digits than numbers next to 1.
    let best =
        -(1.0 - EULER_GAMMA) * normal::quantile(1.0 / n) - EULER_GAMMA * normal::quantile(1.0 / (n * E));
    variance.sqrt() * best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_do_not_lower_the_variance_and_differences_raise_it() {
        assert_eq!(variance_of_trials(&[], 101), 0.01);
        assert_eq!(variance_of_trials(&[0.3], 101), 0.01);
        assert_eq!(variance_of_trials(&[0.3; 50], 101), 0.01);
        assert_eq!(variance_of_trials(&[f64::NAN, 0.1], 101), 0.01);
        assert!((variance_of_trials(&[-1.0, 1.0], 101) - 2.0).abs() < 1e-15);
        assert_eq!(variance_of_trials(&[], 0), 1.0);
    }
}
