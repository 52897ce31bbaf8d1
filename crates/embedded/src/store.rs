//! The store on SQLite: checks what it is handed, sends transitions to the writer, reads past it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::{Operation, OperationId, Progress};
use tokio::sync::broadcast;

use super::clock::{Clock, SystemClock};
use super::database::{self, Durability, Reading};
use super::error::OpenError;
use super::failure::Failure;
use super::identity::Identity;
use super::lock::ProcessLock;
use super::readers::Readers;
use super::transitions::{
    admission, advance, beat, cancel, claim, dismiss, finish, group, publish_again, submit, submit_roots,
    suspect, sweep,
};
use super::tx::integer;
use super::writer::{Sync, Writer};
use super::writer_loop::WriterLoop;
use super::{backlog, history, list, query, room};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::limits;
use ktrdr_fabric::store::{
    Admission, Advance, AdvanceTo, Advanced, Attempt, Backlog, Beat, BootId, Cancelled, Claim,
    ConcurrencyLimit, Dismissed, Filter, Finish, Finished, GroupCancel, GroupCancelled, NewOperation,
    NewRoot, OperationReader, OutboxEntry, Pace, Page, Store, StoreError, StoreHint, Submitted, SweepPlan,
    Swept,
};

/// Hints kept for a receiver that is slow; it then learns that it lagged and reads again.
const HINTS_MAX: usize = 4096;

/// How a store is opened; the default is what production uses.
#[derive(Clone)]
pub struct SqliteOptions {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Whether commits wait for the disk.
    pub durability: Durability,
    /// How large the database file may grow, in bytes. What needs more is refused, and nothing is half written.
    pub bytes_max: u64,
    /// The epoch that is remembered of it: another database, or none, is refused. `None`: whatever is there.
    pub epoch: Option<String>,
}

impl SqliteOptions {
    /// Default of [`Self::bytes_max`]: tens of millions of operations, and less than what fills a disk unnoticed.
    pub const BYTES_MAX: u64 = 64 << 30;
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            durability: Durability::Full,
            bytes_max: Self::BYTES_MAX,
            epoch: None,
        }
    }
}

/// Rows, leases, outbox, ledger and registry in one SQLite file.
///
/// Dropping it writes out what was acknowledged, closes the file and frees the process lock.
pub struct SqliteStore {
    // Dropped in this order: who only reads must have closed the file before the writer can put its log away.
    identity: Arc<Identity>,
    pub(super) readers: Arc<Readers>,
    pub(super) writer: Writer,
    pub(super) clock: Arc<dyn Clock>,
    hints: broadcast::Sender<StoreHint>,
    pub(super) bytes_max: u64,
    pub(super) is_read_only: bool,
}

impl SqliteStore {
    /// Opens or creates the database of a folder, without taking the process lock: many processes may read, submit
    /// and cancel at once. On a full disk it may be that they can only read.
    ///
    /// # Errors
    /// [`OpenError`]: not ours, damaged, or not writable. Nothing was changed then.
    pub fn open(folder: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        match Self::open_with(folder, options.clone(), None) {
            Err(
                OpenError::Io { path, .. }
                | OpenError::Full { path, .. }
                | OpenError::Unwritable { path, .. },
            ) if room::is_whole_without_room(&path) => Self::open_without_room(&path, options),
            Err(why @ OpenError::Unwritable { .. }) => {
                let path = folder.join(database::FILE_NAME);
                // Where it can not be read either, the first reason tells more.
                Self::open_unwritable(&path, options).map_err(|other| match other {
                    OpenError::Io { .. } => why,
                    other => other,
                })
            }
            opened => opened,
        }
    }

    /// Opens the database for the process that runs jobs, and brings back everything that an earlier one held or had
    /// published: leases lapse, messages go into the outbox again. The lock proves that every other holder of a lease
    /// is dead, and that every message outside the outbox died with it.
    pub(super) fn open_recovered(
        folder: &Path,
        options: SqliteOptions,
        lock: ProcessLock,
    ) -> Result<Self, OpenError> {
        Self::open_with(folder, options, Some(lock))
    }

    fn open_with(
        folder: &Path,
        options: SqliteOptions,
        lock: Option<ProcessLock>,
    ) -> Result<Self, OpenError> {
        let path = folder.join(database::FILE_NAME);
        let db = database::open_writer(&path, options.bytes_max, options.epoch.as_ref())?;
        let is_read_only = database::is_read_only(&db);
        let (hints, _) = broadcast::channel(HINTS_MAX);
        let mut writer_loop = WriterLoop::new(db, options.clock.clone(), options.durability, hints.clone());
        if lock.is_some() {
            let swept = writer_loop.recover().map_err(|e| OpenError::from_store(&path, e.into()))?;
            if swept != Swept::default() {
                tracing::info!(?swept, "brought back what an earlier process left behind");
            }
        }
        let writer = Writer::start(writer_loop, lock).map_err(|e| OpenError::io(&path, e))?;
        Ok(Self { is_read_only, ..Self::assemble(&path, options, writer, hints, Reading::WithLog)? })
    }

    /// Puts the parts together around a writer and its hints.
    pub(super) fn assemble(
        path: &Path,
        options: SqliteOptions,
        writer: Writer,
        hints: broadcast::Sender<StoreHint>,
        reading: Reading,
    ) -> Result<Self, OpenError> {
        let identity = Arc::new(Identity::of(path, reading)?);
        let readers = Arc::new(Readers::new(path.to_owned(), reading));
        let SqliteOptions { clock, bytes_max, .. } = options;
        Ok(Self { identity, readers, writer, clock, hints, bytes_max, is_read_only: false })
    }

    /// Whether it can only be read, because file or folder may not be written.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// What this database calls itself.
    #[must_use]
    pub fn epoch(&self) -> &str {
        self.identity.epoch()
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> String {
        self.identity.place()
    }

    /// Whether the file is still the one that was opened.
    ///
    /// # Errors
    /// [`StoreError::Replaced`]: what became of it. Whatever is written from now on is lost.
    pub fn check_identity(&self) -> Result<(), StoreError> {
        self.identity.check()
    }

    /// Writes what the database holds to a file of this name beside it, also when its own file was deleted.
    ///
    /// # Errors
    /// When its folder is gone, or the disk is full.
    pub async fn rescue(&self, name: String) -> Result<PathBuf, StoreError> {
        let identity = Arc::clone(&self.identity);
        let rescued = tokio::task::spawn_blocking(move || identity.rescue(&name)).await;
        rescued.map_err(|e| StoreError::Unavailable(Cause::because("the rescue was abandoned", e)))?
    }

    /// Reads away from the caller's thread, for reads that may take milliseconds.
    pub(super) async fn read_apart<T: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = self.readers.clone();
        let read = tokio::task::spawn_blocking(move || readers.read(read)).await;
        read.map_err(|e| StoreError::Unavailable(Cause::because("a read was abandoned", e)))?
    }
}

#[async_trait]
impl OperationReader for SqliteStore {
    /// Reads on the caller's thread: one row from memory takes less than a hop to another thread would.
    async fn get(&self, id: &OperationId) -> Result<Option<Operation>, StoreError> {
        self.readers.read(|db| query::get(db, id))
    }

    async fn get_all(&self, ids: &[OperationId]) -> Result<Vec<Operation>, StoreError> {
        let ids = ids.to_vec();
        self.read_apart(move |db| query::get_all(db, &ids)).await
    }

    async fn list(&self, filter: &Filter) -> Result<Page, StoreError> {
        limits::check_filter(filter)?;
        let (filter, now_ms) = (filter.clone(), self.clock.now().wall_ms);
        self.read_apart(move |db| list::list(db, &filter, now_ms)).await
    }

    async fn history(&self, id: &OperationId) -> Result<Vec<Transition>, StoreError> {
        let id = id.clone();
        self.read_apart(move |db| history::read(db, &id)).await
    }

    async fn due(&self, id: &OperationId) -> Result<Option<i64>, StoreError> {
        let (id, now) = (id.clone(), self.clock.now());
        self.read_apart(move |db| query::due(db, &id, now)).await
    }

    async fn keyed(&self, key: &str) -> Result<Option<OperationId>, StoreError> {
        let key = key.to_owned();
        self.read_apart(move |db| query::keyed(db, &key)).await
    }

    async fn holders(&self, key: &str) -> Result<Vec<OperationId>, StoreError> {
        let key = key.to_owned();
        self.read_apart(move |db| query::holders(db, &key)).await
    }

    async fn backlog(&self, age: Duration) -> Result<Backlog, StoreError> {
        let until_ms = self.clock.now().minus(age);
        self.read_apart(move |db| backlog::backlog(db, until_ms)).await
    }

    /// Reads on the caller's thread, for the same reason as [`Self::get`].
    async fn outbox(&self, after: Option<u64>, limit: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        self.readers.read(|db| query::outbox(db, after, limit))
    }

    fn hints(&self) -> broadcast::Receiver<StoreHint> {
        self.hints.subscribe()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn submit(&self, new: NewOperation) -> Result<Submitted, StoreError> {
        limits::check_leaf(&new)?;
        self.writer.run(Sync::Now, move |tx| submit::submit(tx, &new)).await
    }

    async fn submit_roots(&self, roots: Vec<NewRoot>, pace: Pace) -> Result<Submitted, StoreError> {
        limits::check_roots(&roots, pace)?;
        self.writer.run(Sync::Now, move |tx| submit_roots(tx, &roots, pace)).await
    }

    async fn submit_within(
        &self,
        root: NewRoot,
        limits: &[ConcurrencyLimit],
    ) -> Result<Admission, StoreError> {
        limits::check_roots(std::slice::from_ref(&root), Pace::free(1))?;
        limits::check_concurrency(limits)?;
        let limits = limits.to_vec();
        self.writer.run(Sync::Now, move |tx| admission::submit_within(tx, root, &limits)).await
    }

    async fn claim(&self, id: &OperationId, boot: &BootId, lease: Duration) -> Result<Claim, StoreError> {
        let (id, boot) = (id.clone(), boot.clone());
        self.writer.run(Sync::Later, move |tx| claim::claim(tx, &id, &boot, lease)).await
    }

    async fn suspect(
        &self,
        id: &OperationId,
        by: &BootId,
        grace_period: Duration,
    ) -> Result<Option<Duration>, StoreError> {
        let (id, by) = (id.clone(), by.clone());
        self.writer.run(Sync::Later, move |tx| suspect::suspect(tx, &id, &by, grace_period)).await
    }

    async fn beat(
        &self,
        attempt: &Attempt,
        lease: Duration,
        progress: Option<&Progress>,
    ) -> Result<Beat, StoreError> {
        let progress = progress.map(limits::progress_json).transpose()?;
        let attempt = attempt.clone();
        self.writer.run(Sync::Later, move |tx| beat::beat(tx, &attempt, lease, progress.as_deref())).await
    }

    async fn finish(&self, attempt: &Attempt, how: Finish) -> Result<Finished, StoreError> {
        limits::check_finish(&how)?;
        let attempt = attempt.clone();
        let how = match how {
            Finish::Failed { reason, error, result } => {
                Finish::Failed { reason, error: limits::cut(error), result }
            }
            Finish::Retry { error, delay } => Finish::Retry { error: limits::cut(error), delay },
            Finish::Defer { why, delay } => Finish::Defer { why: limits::cut(why), delay },
            how @ (Finish::Completed(_) | Finish::Cancelled | Finish::Release) => how,
        };
        self.writer.run(Sync::Now, move |tx| finish::finish(tx, &attempt, how)).await
    }

    async fn cancel(&self, id: &OperationId, by: &str, reason: &str) -> Result<Cancelled, StoreError> {
        limits::check_text("name of the asker", by)?;
        limits::check_text("reason", reason)?;
        let (id, by, reason) = (id.clone(), by.to_owned(), reason.to_owned());
        self.writer.run(Sync::Now, move |tx| cancel::cancel(tx, &id, &by, &reason)).await
    }

    async fn cancel_matching(&self, group: &GroupCancel) -> Result<GroupCancelled, StoreError> {
        limits::check_group(group)?;
        let group = group.clone();
        self.writer.run(Sync::Now, move |tx| group::cancel_matching(tx, &group)).await
    }

    async fn dismiss(&self, id: &OperationId, by: &str) -> Result<Dismissed, StoreError> {
        limits::check_text("name of the asker", by)?;
        let (id, by) = (id.clone(), by.to_owned());
        self.writer.run(Sync::Now, move |tx| dismiss::dismiss(tx, &id, &by)).await
    }

    async fn sweep(&self, plan: SweepPlan) -> Result<Swept, StoreError> {
        self.writer.run(Sync::Now, move |tx| sweep::sweep(tx, plan)).await
    }

    async fn publish_again(&self, queue: Queue, age: Duration, limit: u32) -> Result<u32, StoreError> {
        self.writer.run(Sync::Now, move |tx| publish_again::publish_again(tx, queue, age, limit)).await
    }

    async fn advance(&self, mut step: Advance) -> Result<Advanced, StoreError> {
        limits::check_advance(&step.to)?;
        if let AdvanceTo::Failed { error, .. } = &mut step.to {
            *error = limits::cut(std::mem::take(error));
        }
        self.writer.run(Sync::Now, move |tx| advance::advance(tx, &step)).await
    }

    async fn relayed(&self, sequences: &[u64]) -> Result<(), StoreError> {
        let sequences: Vec<i64> = sequences.iter().copied().map(integer).collect();
        let remove = move |tx: &mut super::tx::Tx<'_>| {
            for sequence in &sequences {
                tx.execute("DELETE FROM outbox WHERE sequence = ?1", [sequence])?;
            }
            Ok(())
        };
        self.writer.run(Sync::Later, remove).await
    }
}
