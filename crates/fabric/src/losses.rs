//! What the loss of a worker costs the operation it held. Both engines count by these numbers.
//!
//! A process dies for many reasons: somebody kills it, a machine goes down, memory runs out because of *one* of the jobs
//! it held. Nobody can tell from outside, so the rule goes by what repeats: **a job that kills its worker is there every
//! time, a job that was only near is not.**
//!
//! 1. A loss is no try: the try that the claim counted is given back. It makes no difference whether the attempt ever beat.
//! 2. Every [`LOSSES_PER_TRY`]th loss of one operation costs it its try after all, should it be the *culprit*: of what the
//!    lost process held, the one that had lost the most workers before. So a process takes one try with it at most, and a
//!    job that kills its workers ends as `attempts_exhausted` after `tries_max × LOSSES_PER_TRY` of them.
//! 3. An operation that lost its worker again waits longer each time ([`back_off`]): a poisonous job does not keep its
//!    neighbours from working, and an engine that is killed again and again does not use its jobs up meanwhile.

use std::time::Duration;

/// Losses that cost a try. With one, three kills of an engine within a second would end what ran in it; with three, an
/// innocent operation has to be hit a dozen times before the default number of tries is spent, while waits make that
/// unlikely, and a guilty one is given up after about five minutes of them.
pub const LOSSES_PER_TRY: u32 = 3;

/// The wait after the second loss; it doubles from there. After the first there is none: whoever was only near works on.
pub const BACK_OFF_FIRST: Duration = Duration::from_secs(1);

/// The longest wait: soon enough after an outage of an hour.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(60);

/// How long it is known who is suspected of the loss of a process: longer than the leases of one process take to lapse,
/// and short enough that a process that was only frozen starts afresh.
pub const CULPRIT_KEPT: Duration = Duration::from_secs(600);

/// What a history says of a loss that cost a try.
pub const COST_A_TRY: &str = "this loss costs a try";

/// What a history says of every other loss.
pub const TRY_GIVEN_BACK: &str = "the try is given back";

/// How long an operation waits after so many losses.
#[must_use]
pub fn back_off(losses: u32) -> Duration {
    match losses.checked_sub(2) {
        None => Duration::ZERO,
        Some(doublings) => BACK_OFF_FIRST.saturating_mul(1 << doublings.min(16)).min(BACK_OFF_MAX),
    }
}

/// Whether this loss, counted from 1, costs a culprit its try.
#[must_use]
pub fn costs_a_try(losses: u32) -> bool {
    losses.is_multiple_of(LOSSES_PER_TRY)
}

#[cfg(test)]
mod tests {
    use super::{BACK_OFF_MAX, back_off, costs_a_try};

    #[test]
    fn waits_double_from_the_second_loss_to_a_minute() {
        let seconds: Vec<u64> = (0..=9).map(|losses| back_off(losses).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(back_off(u32::MAX), BACK_OFF_MAX);
    }

    #[test]
    fn every_third_loss_costs_a_try() {
        assert_eq!((1..=9).filter(|losses| costs_a_try(*losses)).collect::<Vec<_>>(), [3, 6, 9]);
    }
}
