//! Retention: how long the rows of what has ended are kept. They are pruned in small steps, each atomic, so that nobody waits for
//! one; a process may die between any two.
//!
//! What is kept whatever its age, by every engine:
//!
//! | | why |
//! |---|---|
//! | what has not ended, and the newest row | it goes on; the order of creation does too |
//! | every operation that was counted as a look at data, every exam of a candidate | its specification is what a replay begins with |
//! | a cycle of a campaign that is not closed | its verdicts are still to come |
//! | dead letters that nobody dismissed | they wait for a person |
//! | what still has a message in the outbox | somebody has to hear of it |
//! | for [`KEYS_LIVE`], what was submitted under an idempotency key | the same key must give the same operation |
//!
//! A cycle and its jobs go together, or stay together. The ledger, budgets, schedules with their records and the audit log are no
//! rows of operations, and are never pruned.

use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// How long after the end of its operation an idempotency key holds at least.
pub const KEYS_LIVE: Duration = Duration::from_secs(7 * 86_400);

/// Kept unless something else is configured.
pub const USUAL: Duration = Duration::from_secs(90 * 86_400);

/// How long after its end something is kept; `None`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Operations, with specification and result.
    pub operations: Option<Duration>,
    /// Operations that used up their tries, once they are dismissed.
    pub dead_letters: Option<Duration>,
    /// Histories, where the operation stays. A history never outlives its operation.
    pub histories: Option<Duration>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { operations: Some(USUAL), dead_letters: Some(USUAL), histories: Some(USUAL) }
    }
}

impl Retention {
    /// Nothing is ever pruned.
    pub const FOR_EVER: Self = Self { operations: None, dead_letters: None, histories: None };

    /// Of all that may be pruned the youngest ended so long ago; `None`: nothing may be.
    #[must_use]
    pub fn shortest(&self) -> Option<Duration> {
        [self.operations, self.dead_letters, self.histories].into_iter().flatten().min()
    }

    /// How long an operation is kept that belongs to no other: one that died, one that was submitted under a key.
    #[must_use]
    pub fn of_operation(&self, is_dead: bool, has_key: bool) -> Option<Duration> {
        let kept = if is_dead { self.dead_letters } else { self.operations }?;
        Some(if has_key { kept.max(KEYS_LIVE) } else { kept })
    }
}

/// One step along the rows, in the order of their creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneStep {
    /// What may go.
    pub retention: Retention,
    /// Only what was created behind the position where the step before ended; 0 for the first one.
    pub after: u64,
    /// At most so many are looked at, 1 to 1000; each with its jobs, should it be a cycle.
    pub limit: u32,
    /// Only count what would go.
    pub dry_run: bool,
}

/// What a step did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrunedStep {
    /// Operations that went, with all that is theirs.
    pub operations: u64,
    /// Histories that went while their operations stay.
    pub histories: u64,
    /// Where the next step begins; `None`: this was the last one.
    pub next: Option<u64>,
}

/// What was pruned in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct PrunedSoFar {
    /// Operations, with all that was theirs.
    pub operations: u64,
    /// Histories of operations that stayed.
    pub histories: u64,
    /// When something was pruned last, by the store's clock.
    #[serde(default, rename = "at", alias = "at_ms", with = "ktrdr_domain::instant::option")]
    #[schemars(with = "Option<ktrdr_domain::instant::Instant>")]
    pub at_ms: Option<i64>,
}

/// A store that forgets.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait Pruning: Send + Sync {
    /// Takes one step. Idempotent: what is gone is not met again.
    async fn prune(&self, step: &PruneStep) -> Result<PrunedStep, StoreError>;
    /// What was pruned so far.
    async fn pruned(&self) -> Result<PrunedSoFar, StoreError>;
}
