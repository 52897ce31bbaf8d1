//! Reading operations: what pages, reports and jobs need, who can not change a row.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, Operation, OperationId, OperationSummary, Status};
use tokio::sync::broadcast;

use super::{StoreError, StoreHint};
use crate::broker::Queue;
use crate::history::Transition;

/// Which operations to list, newest first unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these statuses; every one where none is named.
    pub statuses: Vec<Status>,
    /// Only these kinds; every one where none is named.
    pub kinds: Vec<Kind>,
    /// Only what belongs to this campaign: its cycles and their children.
    pub campaign: Option<CampaignName>,
    /// Only children of this root.
    pub root: Option<OperationId>,
    /// Only pending and running ones.
    pub active: bool,
    /// Only dead letters: those that used up their tries and were not dismissed.
    pub dead: bool,
    /// Only what comes behind the part that ended at this position ([`Page::positions`]). Not for lists from the oldest on.
    pub before: Option<u64>,
    /// The oldest first.
    pub oldest_first: bool,
    /// Skip this many. However far a position is, it costs no more; skipping costs the more the further.
    pub offset: u64,
    /// At most this many, 1 to 1000.
    pub limit: u32,
}

impl Filter {
    /// Whether operations of this status are wanted.
    #[must_use]
    pub fn means(&self, status: Status) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&status))
            && !(self.active && status.is_terminal())
    }
}

/// What waits for workers. With the depth of each queue it tells whether messages are missing (I1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Queues of which some operation has waited for as long as was asked, and how many operations wait for each in
    /// all. Those that wait for the time of a retry are not among them.
    pub waiting: Vec<(Queue, u64)>,
    /// Kinds of which some job waits for the time of its next attempt (a retry, the pause after a lost worker, another look at
    /// what it waits for outside), and how many do, whatever their queue.
    pub delayed: Vec<(Kind, u64)>,
    /// Entries in the outbox, of every sort.
    pub outbox: u64,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows, without specifications and results.
    pub operations: Vec<OperationSummary>,
    /// The position of each row, for [`Filter::before`].
    pub positions: Vec<u64>,
    /// How many match the filter in all.
    pub total: u64,
    /// How many operations of any kind are pending or running.
    pub active: u64,
    /// When this was so, Unix milliseconds of the store's clock: the rows' times are its, too.
    pub now_ms: i64,
}

/// Something to be published, written in the same step as the change that caused it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// Position in the outbox.
    pub sequence: u64,
    /// What to publish.
    pub message: crate::broker::Message,
}

/// The reading half of a [`Store`](super::Store). An `Arc<dyn Store>` is an `Arc<dyn OperationReader>` wherever one is asked
/// for.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait OperationReader: Send + Sync {
    /// Reads one whole row.
    async fn get(&self, id: &OperationId) -> Result<Option<Operation>, StoreError>;
    /// Reads several whole rows, in the order of their ids; what is not there is left out.
    async fn get_all(&self, ids: &[OperationId]) -> Result<Vec<Operation>, StoreError>;
    /// Reads a part of a list.
    async fn list(&self, filter: &Filter) -> Result<Page, StoreError>;
    /// What an operation went through, oldest first, at most [`crate::history::ENTRIES_MAX`] entries; none when there
    /// is no such operation.
    async fn history(&self, id: &OperationId) -> Result<Vec<Transition>, StoreError>;
    /// When what waits for the time of a retry, or after a deferral, is due: Unix milliseconds of the store's clock. `None` for
    /// everything else.
    async fn due(&self, id: &OperationId) -> Result<Option<i64>, StoreError>;
    /// The operation that was submitted under an idempotency key, if one was.
    async fn keyed(&self, key: &str) -> Result<Option<OperationId>, StoreError>;
    /// Roots that were submitted within a limit of this key and have not ended, oldest first.
    async fn holders(&self, key: &str) -> Result<Vec<OperationId>, StoreError>;
    /// What waits for workers, of the queues of which the last message of some operation is at least that old.
    async fn backlog(&self, age: Duration) -> Result<Backlog, StoreError>;
    /// The oldest outbox entries, or the oldest behind a position. Whatever comes has a higher position than all that
    /// came before it.
    async fn outbox(&self, after: Option<u64>, limit: u32) -> Result<Vec<OutboxEntry>, StoreError>;
    /// Hints about changes, from now on. Register before looking.
    fn hints(&self) -> broadcast::Receiver<StoreHint>;
}
