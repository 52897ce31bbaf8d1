//! The standard normal distribution.

#![expect(clippy::excessive_precision, reason = "coefficients are written as they were published")]

use std::f64::consts::FRAC_1_SQRT_2;

/// Φ(x): the probability of a value up to `x`. Through `erfc`, so that small tails keep all their digits.
#[must_use]
pub fn cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Φ⁻¹(p): the value below which a share `p` lies. −∞ at 0, ∞ at 1, NaN outside.
///
/// Wichura's algorithm AS 241 (PPND16), *Applied Statistics* 37 (1988): relative error about 1e-16.
#[must_use]
pub fn quantile(p: f64) -> f64 {
    let from_middle = p - 0.5;
    if from_middle.abs() <= 0.425 {
        let r = 0.180_625 - from_middle * from_middle;
        return from_middle * polynomial(&MIDDLE.0, r) / polynomial(&MIDDLE.1, r);
    }
    let tail = if from_middle < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 || tail.is_nan() {
        return if tail == 0.0 { f64::INFINITY.copysign(from_middle) } else { f64::NAN };
    }
    let r = (-tail.ln()).sqrt();
    let (fraction, r) = if r <= 5.0 { (&NEAR, r - 1.6) } else { (&FAR, r - 5.0) };
    (polynomial(&fraction.0, r) / polynomial(&fraction.1, r)).copysign(from_middle)
}

/// `c₀ + c₁ x + … + c₇ x⁷`
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// A rational approximation: numerator and denominator.
type Fraction = ([f64; 8], [f64; 8]);

/// For p from 0.075 to 0.925, in 0.180625 − (p − 0.5)².
const MIDDLE: Fraction = (
    [
        3.387_132_872_796_366_608,
        133.141_667_891_784_377_45,
        1_971.590_950_306_551_442_7,
        13_731.693_765_509_461_125,
        45_921.953_931_549_871_457,
        67_265.770_927_008_700_853,
        33_430.575_583_588_128_105,
        2_509.080_928_730_122_672_7,
    ],
    [
        1.0,
        42.313_330_701_600_911_252,
        687.187_007_492_057_908_3,
        5_394.196_021_424_751_107_7,
        21_213.794_301_586_595_867,
        39_307.895_800_092_710_61,
        28_729.085_735_721_942_674,
        5_226.495_278_852_854_561,
    ],
);

/// For tails down to e⁻²⁵, in √(−ln tail) − 1.6.
const NEAR: Fraction = (
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_9,
        5.769_497_221_460_691_405_5,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_7e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_4e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_4,
        6.897_673_349_851_000_045_5e-1,
        1.481_039_764_274_800_745_9e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
);

/// For smaller tails, in √(−ln tail) − 5.
const FAR: Fraction = (
    [
        6.657_904_643_501_103_777_2,
        5.463_784_911_164_114_369_9,
        1.784_826_539_917_291_335_8,
        2.965_605_718_285_048_912_3e-1,
        2.653_218_952_657_612_309_3e-2,
        1.242_660_947_388_078_438_6e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_9e-1,
        1.369_298_809_227_358_053_1e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591e-4,
        1.846_318_317_510_054_681_8e-5,
        1.421_511_758_316_445_888_7e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tabulated_values_are_met() {
        for (p, x) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054_2),
            (0.95, 1.644_853_626_951_472_7),
            (0.999, 3.090_232_306_167_813_5),
            (1e-10, -6.361_340_902_404_056),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((quantile(p) - x).abs() < 1e-13, "{p}: {}", quantile(p));
            assert!((cdf(x) - p).abs() <= 1e-13 * p, "{x}: {}", cdf(x));
        }
    }

    #[test]
    fn the_ends_are_infinite_and_the_outside_is_no_number() {
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
        for outside in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(quantile(outside).is_nan(), "{outside}");
        }
    }

    proptest! {
        #[test]
        fn quantile_and_cdf_undo_each_other(x in -8.0..5.0_f64) {
            prop_assert!((quantile(cdf(x)) - x).abs() < 1e-10);
        }

        #[test]
        fn the_distribution_is_symmetric(x in -30.0..30.0_f64) {
            prop_assert!((cdf(x) + cdf(-x) - 1.0).abs() < 1e-15);
        }
    }
}
