//! Quantiles, and numbers as people read them.

/// The value below which a `share` of sorted values lies, interpolated; NaN without values.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

/// `x` with that many decimals (negative: to tens, hundreds …). Never −0.
pub(crate) fn round_to(x: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals.abs());
    let rounded = if decimals >= 0 { (x * scale).round() / scale } else { (x / scale).round() * scale };
    rounded + 0.0
}

/// `x` with that many significant digits; 0 stays 0.
pub(crate) fn round_significant(x: f64, digits: i32) -> f64 {
    if x == 0.0 || !x.is_finite() { x } else { round_to(x, digits - 1 - x.abs().log10().floor() as i32) }
}

/// A fraction in percent, three significant digits.
pub(crate) fn percent(fraction: f64) -> f64 {
    round_significant(100.0 * fraction, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(|q| quantile(&sorted, q)), [1.0, 1.5, 2.0, 3.0, 4.0]);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn rounding_keeps_significant_digits() {
        let rounded = [(0.012_34, 2), (-987.0, 2), (0.0, 2)].map(|(x, digits)| round_significant(x, digits));
        assert_eq!(rounded, [0.012, -990.0, 0.0]);
        assert!(round_to(-0.01, 1).is_sign_positive());
    }

    #[test]
    fn fractions_become_short_percentages() {
        assert_eq!([percent(0.000_312_4), percent(0.5), percent(0.0)], [0.0312, 50.0, 0.0]);
    }
}
