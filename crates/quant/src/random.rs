//! Random numbers from a seed, the same bits on every machine: null draws, cuts of the leakage proof, generated bars,
//! and the choices of the local designer.
//!
//! Networks have a generator of their own (one stream for each purpose), beside this crate and not above it.

use std::ops::Range;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A generator of random numbers: ChaCha8.
#[derive(Debug, Clone)]
pub struct SeededRng(ChaCha8Rng);

impl SeededRng {
    /// The generator of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// 64 even bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform on [0, 1), in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform on [0, 1), in steps of 2⁻³²: half the bits of [`Self::unit`].
    pub fn unit_coarse(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Mean 0, variance 1: the sum of twelve uniforms less 6. Close to normal (kurtosis 2.9), never beyond ±6, and
    /// exact in integers, where the usual transforms need a logarithm.
    pub fn normal(&mut self) -> f64 {
        let sum: u64 = (0..12).map(|_| u64::from(self.0.next_u32())).sum();
        sum as f64 / 4_294_967_296.0 - 6.0
    }

    /// Uniform on a log scale between two positive numbers.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }

    /// A whole number of the range, which must not be empty.
    pub fn within(&mut self, range: Range<usize>) -> usize {
        self.0.random_range(range)
    }

    /// A whole number under `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Yes with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of several things, each as likely.
    pub fn one_of<T: Copy, const N: usize>(&mut self, things: [T; N]) -> T {
        const { assert!(N > 0) }
        things[self.below(N)]
    }

    /// An index into `weights`, as likely as its weight; `None` when no weight is over 0.
    pub fn weighted(&mut self, weights: &[f64]) -> Option<usize> {
        let total: f64 = weights.iter().filter(|w| **w > 0.0).sum();
        let mut left = self.unit() * total;
        let mut last = None;
        for (index, weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            last = Some(index);
            if left < *weight {
                break;
            }
            left -= weight;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a seed means is kept: designs, null draws and generated bars depend on it.
    #[test]
    fn a_seed_gives_the_same_bits_for_ever() {
        let mut rng = SeededRng::new(7);
        let drawn = (rng.bits(), rng.unit(), rng.unit_coarse(), rng.normal(), rng.within(3..1_000));
        assert_eq!(
            drawn,
            (
                2_910_824_217_569_608_635,
                0.167_989_362_772_101_3,
                0.270_089_458_907_023_07,
                -0.900_550_489_779_561_8,
                366
            )
        );
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut rng = SeededRng::new(1);
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|z| z * z).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn weights_are_honoured_and_nothing_to_choose_is_none() {
        let mut rng = SeededRng::new(7);
        let mut counts = [0usize; 3];
        for _ in 0..4_000 {
            counts[rng.weighted(&[1.0, 0.0, 3.0]).unwrap()] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((900..1_100).contains(&counts[0]), "{counts:?}");
        assert_eq!(rng.weighted(&[0.0, -1.0]), None);
        assert_eq!(rng.below(0), 0);
        assert!((0..50).map(|_| rng.log_uniform(2.0, 200.0)).all(|x| (2.0..200.0).contains(&x)));
    }
}
