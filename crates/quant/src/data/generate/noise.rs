//! Random numbers that are the same bits everywhere.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A seeded source of noise.
pub(super) struct Noise {
    rng: ChaCha8Rng,
}

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Uniform on [0, 1), in steps of 2⁻³².
    pub(super) fn uniform(&mut self) -> f64 {
        f64::from(self.rng.next_u32()) / 4_294_967_296.0
    }

    /// Mean 0, variance 1: the sum of twelve uniforms less 6. Close to normal (kurtosis 2.9), never beyond ±6, and
    /// exact in integers, where the usual transforms need a logarithm.
    pub(super) fn normal(&mut self) -> f64 {
        let sum: u64 = (0..12).map(|_| u64::from(self.rng.next_u32())).sum();
        sum as f64 / 4_294_967_296.0 - 6.0
    }

    /// The factor that makes a normal variable Student's t with `freedom` degrees of freedom, scaled to variance 1:
    /// `√((freedom − 2) / χ²)`. At most 5, so that one bar can not end the market.
    pub(super) fn t_factor(&mut self, freedom: u32) -> f64 {
        let chi_squared: f64 = (0..freedom).map(|_| self.normal()).map(|z| z * z).sum();
        (f64::from(freedom.saturating_sub(2)) / chi_squared).sqrt().min(5.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut noise = Noise::new(1);
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|_| noise.normal()).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|z| z * z).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
