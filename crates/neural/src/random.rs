//! What is random in a training, from a seed, the same on every machine and in every version.
//!
//! ChaCha8 with one stream per purpose, so that, say, another dropout never changes the order of the rows.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What the numbers are for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Weights = 0,
    RowOrder = 1,
    Dropout = 2,
    SyntheticRows = 3,
    Importance = 4,
}

/// Random numbers of one purpose.
pub(crate) struct SeededRng(ChaCha8Rng);

impl SeededRng {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..24].copy_from_slice(b"ktrdr neural net");
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(purpose as u64);
        Self(generator)
    }

    pub(crate) fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Evenly from −1 to under 1, in steps of 2⁻²³.
    pub(crate) fn symmetric(&mut self) -> f32 {
        ((self.bits() >> 8) as f32).mul_add(1.0 / 8_388_608.0, -1.0)
    }

    /// Evenly from 0 to `bound − 1`, without bias (Lemire, "Fast random integer generation in an interval", 2019).
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg() % bound.max(1);
        loop {
            let product = u64::from(self.bits()) * u64::from(bound);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Every order is equally likely (Fisher and Yates).
    pub(crate) fn shuffle(&mut self, rows: &mut [u32]) {
        for last in (1..rows.len()).rev() {
            let chosen = self.below(last as u32 + 1) as usize;
            rows.swap(last, chosen);
        }
    }
}

/// An order in which nothing stays where it was: one cycle through all places, each equally likely (Sattolo).
pub(crate) fn cycle(rng: &mut SeededRng, places: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..places).collect();
    for last in (1..places).rev() {
        order.swap(last, rng.below(last as u32) as usize);
    }
    order
}

/// The order in which an epoch goes through the training rows.
pub(crate) struct RowOrder {
    /// First to last.
    pub(crate) rows: Vec<u32>,
    rng: SeededRng,
}

impl RowOrder {
    pub(crate) fn new(rows: usize, seed: u64) -> Self {
        Self { rows: (0..rows as u32).collect(), rng: SeededRng::new(seed, Purpose::RowOrder) }
    }

    /// To be called before each epoch: its order is that of the epoch before, shuffled further.
    pub(crate) fn shuffle(&mut self) {
        self.rng.shuffle(&mut self.rows);
    }
}

/// A well-mixed function of its argument ("lowbias32", C. Wellons): many dropout decisions from one key, in vectors.
#[inline(always)]
pub(crate) fn mixed(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_every_row_and_depends_on_seed_and_purpose() {
        let order = |seed, purpose| {
            let mut rows: Vec<u32> = (0..1000).collect();
            SeededRng::new(seed, purpose).shuffle(&mut rows);
            rows
        };
        let mut sorted = order(1, Purpose::RowOrder);
        assert_eq!(order(1, Purpose::RowOrder), sorted);
        assert_ne!(order(2, Purpose::RowOrder), sorted);
        assert_ne!(order(1, Purpose::Weights), sorted);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_below_a_bound_are_even() {
        let mut rng = SeededRng::new(7, Purpose::RowOrder);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[rng.below(6) as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (9_600..10_400).contains(&count)), "{counts:?}");
    }

    #[test]
    fn symmetric_numbers_fill_their_range() {
        let mut rng = SeededRng::new(7, Purpose::Weights);
        let numbers: Vec<f32> = (0..10_000).map(|_| rng.symmetric()).collect();
        assert!(numbers.iter().all(|x| (-1.0..1.0).contains(x)));
        let mean = numbers.iter().sum::<f32>() / 10_000.0;
        let square = numbers.iter().map(|x| x * x).sum::<f32>() / 10_000.0;
        assert!(mean.abs() < 0.02 && (square - 1.0 / 3.0).abs() < 0.01, "{mean} {square}");
    }
}
