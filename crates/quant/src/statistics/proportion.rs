//! How sure a share of successes is.

/// The exact interval of Clopper and Pearson (1934) for the probability of a success, after `successes` of `trials`, that
/// misses the truth in at most a share `alpha` of all cases, half of it on each side.
///
/// 0 to 1 where nothing was tried. `successes` over `trials` counts as all of them.
#[must_use]
pub fn clopper_pearson(successes: u64, trials: u64, alpha: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (k, n) = (successes.min(trials) as f64, trials as f64);
    let low = if k == 0.0 { 0.0 } else { beta_quantile(alpha / 2.0, k, n - k + 1.0) };
    let high = if k == n { 1.0 } else { beta_quantile(1.0 - alpha / 2.0, k + 1.0, n - k) };
    (low, high)
}

/// The value below which a beta-distributed number lies with probability `p`, by bisection: the distribution function
/// only grows, and 200 halvings leave nothing of the unit interval.
fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if beta_cdf(middle, a, b) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function `I_x(a, b)`, by Lentz's continued fraction on the side where it converges
/// quickly (Numerical Recipes, 3rd ed., 6.4).
fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front =
        (libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(x, a, b) / a
    } else {
        1.0 - front * continued_fraction(1.0 - x, b, a) / b
    }
}

fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TERMS_MAX: u32 = 10_000;
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..TERMS_MAX {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + numerator * d);
            c = away_from_zero(1.0 + numerator / c);
            step = c * d;
            fraction *= step;
        }
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_binom_test_in_r() {
        for (successes, trials, low, high) in [
            (0, 66, 0.0, 0.054_355),
            (1, 220, 0.000_115_1, 0.025_069),
            (13, 120, 0.058_998, 0.178_147),
            (14, 16, 0.616_523, 0.984_460),
            (100, 100, 0.963_783, 1.0),
        ] {
            let (found_low, found_high) = clopper_pearson(successes, trials, 0.05);
            assert!((found_low - low).abs() < 5e-4, "{successes}/{trials}: {found_low}");
            assert!((found_high - high).abs() < 5e-4, "{successes}/{trials}: {found_high}");
        }
    }

    #[test]
    fn ends_have_closed_forms() {
        // None of n: (α/2)^(1/n) is what is left above; all of n is its mirror.
        for n in [1, 7, 300_u64] {
            let (low, high) = clopper_pearson(0, n, 0.05);
            let expected = 1.0 - 0.025_f64.powf(1.0 / n as f64);
            assert!(low == 0.0 && (high - expected).abs() < 1e-12, "{n}");
            let (low, high) = clopper_pearson(n, n, 0.05);
            assert!(high == 1.0 && (low - (1.0 - expected)).abs() < 1e-12, "{n}");
        }
        assert_eq!(clopper_pearson(0, 0, 0.05), (0.0, 1.0));
    }
}
