//! How long to wait before trying again: doubling, bounded, jittered, so that a fleet does not knock in step.

use std::time::Duration;

use crate::random::random;

/// A rising wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second try.
    pub first: Duration,
    /// Before any later one at most.
    pub most: Duration,
}

impl Backoff {
    /// For stores and brokers that can not be reached: 0.2 s to 5 s. A broker that is only just back may refuse one more time,
    /// and work is to go on within ten seconds all the same.
    pub const OUTSIDE: Self = Self { first: Duration::from_millis(200), most: Duration::from_secs(5) };

    /// The wait after `failures` failures in a row (from 1), give or take a fifth.
    #[must_use]
    pub fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        jittered(self.first.saturating_mul(1 << doublings).min(self.most))
    }
}

/// `wait`, give or take a fifth.
#[must_use]
pub fn jittered(wait: Duration) -> Duration {
    let unit = random() as f64 / u64::MAX as f64;
    wait.mul_f64(0.8 + 0.4 * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_give_or_take_a_fifth() {
        let backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_secs(1) };
        for (failures, expected_ms) in [(1, 100), (2, 200), (4, 800), (5, 1000), (u32::MAX, 1000)] {
            let wait_ms = backoff.after(failures).as_millis();
            assert!(
                (expected_ms * 79 / 100..=expected_ms * 121 / 100).contains(&wait_ms),
                "{failures}: {wait_ms}"
            );
        }
    }
}
