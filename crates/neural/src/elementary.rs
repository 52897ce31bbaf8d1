//! exp, ln, tanh, sigmoid and cosine, written out so that every machine gives the same bits: the system's own
//! differ between library versions. Branch-free, so that loops over them become vector code.
//!
//! Polynomials: Cephes mathematical library (S. Moshier), single precision: `expf`, `logf`, `tanhf`.

/// Zero for a number smaller than `least`.
///
/// Processors take some hundred cycles over a number under 1.2e-38 (subnormal), and decaying averages of units that
/// died end there: trainings became twenty times slower over time. So numbers far too small to matter become zero.
/// The processor's own switch for that is not an option, as not every processor has the same one.
#[inline(always)]
pub(crate) fn flush_to_zero(x: f32, least: f32) -> f32 {
    if x.abs() < least { 0.0 } else { x }
}

/// `e^x`, relative error under 2e-7 from −80 to 80, held at the ends beyond, so that neither it nor its inverse is
/// subnormal; NaN stays NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// Adding and taking it off rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = if x > 80.0 { 80.0 } else { x };
    let x = if x < -80.0 { -80.0 } else { x };
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN2_LOW, n.mul_add(-LN2_HIGH, x));
    let mut p = 1.987_569_1e-4_f32;
    for c in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5, 1.0, 1.0] {
        p = p.mul_add(r, c);
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127);
    p * f32::from_bits(exponent << 23)
}

/// Natural logarithm of a normal positive number, relative error under 3e-7; others give no meaningful number.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    // x = m × 2^e with m from √½ to √2
    let offset = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let e = (offset as i32 >> 23) as f32;
    let m = f32::from_bits((offset & 0x007f_ffff).wrapping_add(SQRT_HALF_BITS)) - 1.0;
    let square = m * m;
    let mut p = 7.037_683_6e-2_f32;
    for c in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_7e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        p = p.mul_add(m, c);
    }
    let tail = e.mul_add(-2.121_944_4e-4, p * m * square);
    e.mul_add(0.693_359_4, square.mul_add(-0.5, tail) + m)
}

/// Hyperbolic tangent, relative error under 4e-7.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let square = x * x;
    let mut p = -5.704_988_7e-3_f32;
    for c in [2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1] {
        p = p.mul_add(square, c);
    }
    let near = (p * square).mul_add(x, x);
    let far = 1.0 - 2.0 / (exp(2.0 * size) + 1.0);
    if size < 0.625 { near } else { far.copysign(x) }
}

/// `1 / (1 + e^−x)`.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Cosine of an angle from 0 to π, error under 1e-13: the sine's power series about π/2.
pub(crate) fn cosine(angle: f64) -> f64 {
    let x = std::f64::consts::FRAC_PI_2 - angle;
    let square = x * x;
    let mut sum = 1.0;
    for n in (1..=10).rev() {
        let n = f64::from(n);
        sum = 1.0 - square / ((2.0 * n) * (2.0 * n + 1.0)) * sum;
    }
    x * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst_relative(f: fn(f32) -> f32, exact: fn(f64) -> f64, from: f32, to: f32) -> f64 {
        (0..=200_000)
            .map(|i| from + (to - from) * i as f32 / 200_000.0)
            .filter(|&x| exact(f64::from(x)).abs() > 1e-30)
            .map(|x| (f64::from(f(x)) / exact(f64::from(x)) - 1.0).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_is_right_to_two_parts_in_ten_million() {
        assert!(worst_relative(exp, f64::exp, -80.0, 80.0) < 2e-7);
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 1e-34 && exp(f32::INFINITY).is_finite());
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn ln_is_right_to_three_parts_in_ten_million() {
        assert!(worst_relative(ln, f64::ln, 1e-30, 1e30) < 3e-7);
        assert!(worst_relative(ln, f64::ln, 1.000_001, 4.0) < 3e-7);
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn tanh_and_sigmoid_are_right_on_both_sides() {
        assert!(worst_relative(tanh, f64::tanh, -20.0, 20.0) < 4e-7);
        assert!(worst_relative(sigmoid, |x| 1.0 / (1.0 + (-x).exp()), -80.0, 80.0) < 4e-7);
        assert_eq!(tanh(0.0), 0.0);
        assert!(tanh(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan());
    }

    #[test]
    fn cosine_is_right_over_the_half_turn() {
        for i in 0..=1000 {
            let angle = std::f64::consts::PI * f64::from(i) / 1000.0;
            assert!((cosine(angle) - angle.cos()).abs() < 1e-13, "{angle}");
        }
    }
}
