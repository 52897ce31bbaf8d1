//! Online control of false discoveries: how small a p-value the next test of an endless series needs.

use std::f64::consts::{EULER_GAMMA, PI};

/// Share of false ones among the discoveries of a sequence that is allowed for, in expectation.
pub const FALSE_DISCOVERIES_MAX: f64 = 0.05;

/// The level of test number `test` (from 1) under LOND, after `discoveries` among the tests before it:
/// `βᵢ (D + 1)` with `βᵢ = 6 α / (π² i²)`, which sum to `alpha`. Javanmard & Montanari (2015).
///
/// Holds for independent p-values; see [`lond_dependent`] for the rest. 0 for test 0, which there is not.
#[must_use]
pub fn lond(alpha: f64, test: u64, discoveries: u64) -> f64 {
    if test == 0 {
        return 0.0;
    }
    let i = test as f64;
    6.0 * alpha / (PI * PI * i * i) * (discoveries as f64 + 1.0)
}

/// The same for p-values that depend on each other, as those of strategies on one data set do: divided by the
/// harmonic number `Hᵢ`.
#[must_use]
pub fn lond_dependent(alpha: f64, test: u64, discoveries: u64) -> f64 {
    if test == 0 { 0.0 } else { lond(alpha, test, discoveries) / harmonic(test) }
}

/// What is left of `alpha` for all tests after the first `tests` of them: each has its share βᵢ, used or not.
#[must_use]
pub fn alpha_left(alpha: f64, tests: u64) -> f64 {
    let spent: f64 = (1..=tests.min(1_000_000)).rev().map(|i| lond(alpha, i, 0)).sum();
    (alpha - spent).max(0.0)
}

/// `1 + 1/2 + … + 1/n`; by its expansion where the sum would be long.
fn harmonic(n: u64) -> f64 {
    if n <= 1_000 {
        return (1..=n).rev().map(|i| 1.0 / i as f64).sum();
    }
    let n = n as f64;
    n.ln() + EULER_GAMMA + 1.0 / (2.0 * n) - 1.0 / (12.0 * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_never_spend_more_than_alpha() {
        let spent: f64 = (1..=100_000).map(|i| lond(0.05, i, 0)).sum();
        assert!(spent < 0.05 && spent > 0.049_99);
    }

    #[test]
    fn a_discovery_buys_room_and_dependence_takes_it() {
        assert!(lond(0.05, 5, 1) > lond(0.05, 5, 0));
        assert!(
            (lond_dependent(0.05, 4, 0) * (1.0 + 0.5 + 1.0 / 3.0 + 0.25) - lond(0.05, 4, 0)).abs() < 1e-18
        );
        assert_eq!((lond(0.05, 0, 0), lond_dependent(0.05, 0, 3)), (0.0, 0.0));
    }

    #[test]
    fn what_is_left_shrinks_by_the_share_of_each_test() {
        assert_eq!(alpha_left(0.05, 0), 0.05);
        let step = alpha_left(0.05, 3) - alpha_left(0.05, 4);
        assert!((step - lond(0.05, 4, 0)).abs() < 1e-16);
        assert!(alpha_left(0.05, 10_000) > 0.0);
    }

    #[test]
    fn both_ways_to_the_harmonic_number_meet() {
        let summed: f64 = (1..=1_001).rev().map(|i| 1.0 / f64::from(i)).sum();
        assert!((harmonic(1_001) - summed).abs() < 1e-12);
    }
}
