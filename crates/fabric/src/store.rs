//! The store: one row per operation, changed through few doors, each one atomic step.
//!
//! Before this: a client submits. After this: the relay publishes what the outbox holds ([`crate::broker`]).
//!
//! The invariants every engine keeps, checked by the conformance suite:
//!
//! | | |
//! |---|---|
//! | I1 | a pending leaf has a message in the broker, an outbox entry or a delayed entry; if not, it is published again |
//! | I2 | a running leaf has a lease |
//! | I3 | a terminal status never changes |
//! | I4 | exactly one terminal outbox event per operation from the transition itself; re-emissions are marked |
//! | I5 | the fence of the stored result is the row's fence |
//! | I6 | at most one advance per (root, phase) |
//! | I7 | a terminal root has only terminal children |
//! | I8 | a completed root has only completed children |
//! | I9 | a pending root waits for one before it in its lane that is not terminal: as many run as may, or one of an earlier generation goes on; if not, the sweep starts it, or cancels it when that was asked of its campaign |
//! | I10 | a running root has no root of an earlier generation of its lane beside it |

mod advance;
mod attempt;
mod concurrency;
mod group;
mod hint;
mod reader;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Event, Kind, OperationId, Phase, Priority, Progress, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use advance::{Advance, AdvanceTo, Advanced};
pub use attempt::{Attempt, Beat, Claim, Finish, Finished, Stopwatch};
pub use concurrency::{Admission, ConcurrencyLimit};
pub use group::{BATCH_MAX, GroupCancel, GroupCancelled};
pub use hint::{StoreHint, Topic};
pub use reader::{Backlog, Filter, OperationReader, OutboxEntry, Page};

use crate::broker::Queue;
use crate::cause::Cause;

/// Identity of one run of one process: `<host>-<pid>-<random>`. Never configured, never reused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema, Deserialize)]
pub struct BootId(pub String);

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A leaf operation to be created together with its job message.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOperation {
    /// Its id.
    pub id: OperationId,
    /// Its kind; never a root kind.
    pub kind: Kind,
    /// Its specification.
    pub spec: Value,
    /// Tries allowed.
    pub tries_max: u32,
    /// Which of two waiting jobs is taken first.
    pub priority: Priority,
    /// Submitting twice with one key gives the first operation's id. `None`: the id itself is the key.
    pub idempotency_key: Option<String>,
}

/// A research cycle to be created. The roots of one submit are a lane: they start in their order as their [`Pace`] allows,
/// the first ones at once, every other by the end of a root before it, in the same atomic step.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRoot {
    /// Its id.
    pub id: OperationId,
    /// Its kind: a root kind.
    pub kind: Kind,
    /// The campaign it is counted in.
    pub campaign: CampaignName,
    /// Its specification.
    pub spec: Value,
    /// Phase it starts in.
    pub phase: Phase,
    /// The child created when it starts.
    pub first: NewChild,
}

/// How the roots of a lane follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Most of them that run at a time.
    pub in_flight: u32,
    /// Roots of a generation, counted in their order. None starts before every root of the generations before its own has ended.
    pub generation: u32,
}

impl Pace {
    /// So many at a time, all of one generation.
    #[must_use]
    pub fn free(in_flight: u32) -> Self {
        Self { in_flight, generation: u32::MAX }
    }
}

/// A child to be created by an advance, with its message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewChild {
    /// Deterministic: [`OperationId::child`].
    pub id: OperationId,
    /// Its kind.
    pub kind: Kind,
    /// Its specification.
    pub spec: Value,
    /// Tries allowed.
    pub tries_max: u32,
    /// As in [`NewOperation`].
    pub priority: Priority,
}

/// What a submit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// Row and outbox entry exist now.
    Created,
    /// The idempotency key (or the id) was taken; this is its operation.
    Duplicate(OperationId),
}

/// What a cancel did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It was pending and is cancelled now.
    Done,
    /// It is running; the flag is set, and passed on to a root's current child.
    Requested,
    /// It had ended already.
    TooLate(Status),
    /// No such operation.
    Missing,
}

/// What a dismissal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissed {
    /// It is no longer among the dead letters; its row stays as it is.
    Done,
    /// It had been dismissed before.
    Before,
    /// It did not use up its tries; this is its status.
    NotDead(Status),
    /// No such operation.
    Missing,
}

/// What a sweep looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepPlan {
    /// How long after its end a lease counts as lapsed.
    pub grace: Duration,
    /// Most rows handled of each sort.
    pub limit: u32,
    /// Publish the end of a child again at which its root has waited for this long, and start lanes that stalled.
    /// `None`: do not.
    pub republish_after: Option<Duration>,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Leases of lost workers ended.
    pub rescued: u32,
    /// Retries and deferred operations that came due.
    pub due: u32,
    /// Events published again, and roots started whose lane had stalled.
    pub republished: u32,
}

/// Why the store could not do its part.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The store can not be reached or written; try again.
    #[error("the store is unavailable: {0}")]
    Unavailable(#[source] Cause),
    /// It can be read, and takes nothing more at present; try again when there is room.
    #[error("the store is full: {0}")]
    Full(#[source] Cause),
    /// It is not the store that was opened: it was emptied, deleted or replaced meanwhile. Open it again.
    #[error("the store is not the one that was opened: {0}")]
    Replaced(#[source] Cause),
    /// The store's own files can not be read or written: a full disk, a folder that is read-only; try again.
    #[error("the store's files: {0}")]
    Files(#[source] Cause),
    /// A row could not be read as what it should be.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(#[source] Cause),
    /// The caller asked for something that can not be.
    #[error("{0}")]
    Invalid(#[source] Cause),
}

impl StoreError {
    /// Whether the same call may succeed later, when a person or time has mended the store.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Files(_) | Self::Full(_) | Self::Replaced(_) => true,
            Self::Corrupt(_) | Self::Invalid(_) => false,
        }
    }
}

/// The store. Every method is one atomic step. Whoever only reads takes an [`OperationReader`], which every store is.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later. What a caller gets wrong is
/// [`StoreError::Invalid`]; losing a race is an answer and not an error.
#[async_trait]
pub trait Store: OperationReader {
    /// Creates a leaf: idempotency key, row and job message together.
    async fn submit(&self, new: NewOperation) -> Result<Submitted, StoreError>;
    /// Creates the roots of a campaign as one lane, and starts as many as its pace allows.
    /// All or nothing: when an id is taken, nothing is created and the answer names it.
    async fn submit_roots(&self, roots: Vec<NewRoot>, pace: Pace) -> Result<Submitted, StoreError>;
    /// Creates one root in a lane of its own, which starts at once, unless as many go on under one of its keys as may. All or
    /// nothing: it counts under every key, or it is not created.
    async fn submit_within(
        &self,
        root: NewRoot,
        limits: &[ConcurrencyLimit],
    ) -> Result<Admission, StoreError>;
    /// Takes an operation for work. Of a root it is [`StoreError::Invalid`].
    async fn claim(&self, id: &OperationId, boot: &BootId, lease: Duration) -> Result<Claim, StoreError>;
    /// Suspects whoever holds an operation, because the broker lost them: unless they beat within `grace_period`, their lease
    /// is over. How long it lasts now; `None` when there is nobody to suspect: nobody holds it, or `by` does.
    async fn suspect(
        &self,
        id: &OperationId,
        by: &BootId,
        grace_period: Duration,
    ) -> Result<Option<Duration>, StoreError>;
    /// Extends the lease and stores progress.
    async fn beat(
        &self,
        attempt: &Attempt,
        lease: Duration,
        progress: Option<&Progress>,
    ) -> Result<Beat, StoreError>;
    /// Ends an attempt.
    async fn finish(&self, attempt: &Attempt, how: Finish) -> Result<Finished, StoreError>;
    /// Asks for a stop.
    async fn cancel(&self, id: &OperationId, by: &str, reason: &str) -> Result<Cancelled, StoreError>;
    /// Asks a group of operations to stop, one batch of it: call it until there is no more to do. Idempotent.
    async fn cancel_matching(&self, group: &GroupCancel) -> Result<GroupCancelled, StoreError>;
    /// Takes an operation out of the dead letters, on somebody's word. Its status does not change (I3), its history says
    /// by whom.
    async fn dismiss(&self, id: &OperationId, by: &str) -> Result<Dismissed, StoreError>;
    /// Brings back what was lost, except for job messages. Idempotent; run by every long-lived process.
    async fn sweep(&self, plan: SweepPlan) -> Result<Swept, StoreError>;
    /// Publishes the messages of operations that wait in a queue again: of those whose last one is at least that old,
    /// oldest first, at most `limit`. How many. For those who have looked whether messages are missing: the broker can
    /// not tell which of them are.
    async fn publish_again(&self, queue: Queue, age: Duration, limit: u32) -> Result<u32, StoreError>;
    /// Moves a research cycle. A next child whose id is taken is [`StoreError::Invalid`], and nothing moves.
    async fn advance(&self, step: Advance) -> Result<Advanced, StoreError>;
    /// Removes entries that were published. Losing this is harmless: they are published twice.
    async fn relayed(&self, sequences: &[u64]) -> Result<(), StoreError>;
}

/// An event as an outbox entry's message.
impl From<Event> for crate::broker::Message {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}
