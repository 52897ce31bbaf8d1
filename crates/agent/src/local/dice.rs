//! Seeded choice: the only source of chance in a design.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A stream of choices that is the same for the same seed, on every machine.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 to under 1, with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number under `n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Yes with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of several things, each as likely.
    pub(crate) fn one_of<T: Copy, const N: usize>(&mut self, things: [T; N]) -> T {
        const { assert!(N > 0) }
        things[self.below(N)]
    }

    /// A place in `weights`, as likely as its weight; `None` when no weight is over 0.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> Option<usize> {
        let total: f64 = weights.iter().filter(|w| **w > 0.0).sum();
        let mut left = self.unit() * total;
        let mut last = None;
        for (place, weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            last = Some(place);
            if left < *weight {
                break;
            }
            left -= weight;
        }
        last
    }

    /// A number between two positive ones, even on a log scale.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_honoured_and_nothing_to_choose_is_none() {
        let mut dice = Dice::new(7);
        let mut counts = [0usize; 3];
        for _ in 0..4_000 {
            counts[dice.weighted(&[1.0, 0.0, 3.0]).unwrap()] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((900..1_100).contains(&counts[0]), "{counts:?}");
        assert_eq!(dice.weighted(&[0.0, -1.0]), None);
        assert_eq!(dice.below(0), 0);
    }

    #[test]
    fn the_same_seed_rolls_the_same() {
        let rolls = |seed| (0..50).map(|_| Dice::new(seed).between(2.0, 200.0)).collect::<Vec<f64>>();
        assert_eq!(rolls(3), rolls(3));
        assert!(rolls(3).iter().all(|x| (2.0..200.0).contains(x)));
    }
}
