//! The writer's loop: the one connection that writes, and how commands are committed on it.
//!
//! **Group commit.** It takes all commands that wait, runs each in its own savepoint inside one transaction, commits
//! once (one sync of the log), and only then answers them. A command that fails undoes only itself.
//!
//! **What is synced.** A commit of [`Sync::Now`] commands waits until the disk has it. [`Sync::Later`] is for claims,
//! beats and outbox removals: they are committed and visible at once but share the sync of whatever comes next.
//! That loses nothing. A commit is in the system's page cache, so it survives the death of this process. A power loss
//! may undo it, but then the worker that was told "run" has died with it, and the row is pending again as if nobody had
//! claimed it. And whatever a worker did with its claim counts only from its finish, whose sync covers the whole log,
//! the claim before it included. So a job costs two syncs, submit and finish.
//!
//! **Other processes.** While idle the writer reads `PRAGMA data_version` every few milliseconds: a counter in shared
//! memory that moves when another connection committed. It touches no row and no page.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::broadcast;

use super::clock::Clock;
use super::database::{self, Durability};
use super::failure::Failure;
use super::transitions::sweep;
use super::tx::Tx;
use super::writer::{Command, Failed, Sync, WriteRequest};
use ktrdr_fabric::random::random;
use ktrdr_fabric::store::{StoreError, StoreHint, Swept};

/// Most commands in one commit: bounds how long the first of them waits.
const BATCH_MAX: usize = 512;

/// How soon a commit of another process is noticed.
const WATCH_EVERY: Duration = Duration::from_millis(20);

/// Checkpoint once the log has this many pages (of 4 KiB): it then starts over in place instead of growing.
const LOG_PAGES_MAX: i64 = 2000;

/// What the thread works with.
pub(super) struct WriterLoop {
    db: Connection,
    clock: Arc<dyn Clock>,
    /// A name for that clock's steady time.
    steady_clock: i64,
    durability: Durability,
    hints: broadcast::Sender<StoreHint>,
    /// The `synchronous` setting in force.
    synced: Option<Sync>,
    /// `data_version` when last looked at.
    version: i64,
    watched: Instant,
}

impl WriterLoop {
    pub(super) fn new(
        db: Connection,
        clock: Arc<dyn Clock>,
        durability: Durability,
        hints: broadcast::Sender<StoreHint>,
    ) -> Self {
        let steady_clock = random().cast_signed();
        Self { db, clock, steady_clock, durability, hints, synced: None, version: 0, watched: Instant::now() }
    }

    /// Brings back what an earlier process left behind; before the first command.
    pub(super) fn recover(&mut self) -> Result<Swept, Failure> {
        self.set_sync(Sync::Now)?;
        self.statement("BEGIN IMMEDIATE")?;
        let recovered = sweep::recover(&mut Tx::new(&self.db, self.clock.now(), self.steady_clock));
        self.statement(if recovered.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        recovered
    }

    /// Serves commands until nobody can send any more.
    pub(super) fn serve(&mut self, commands: &Receiver<WriteRequest>) {
        self.version = self.data_version().unwrap_or_default();
        loop {
            match commands.recv_timeout(WATCH_EVERY) {
                Ok(first) => {
                    let batch = std::iter::once(first).chain(commands.try_iter()).take(BATCH_MAX).collect();
                    self.serve_batch(batch);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The file then holds everything by itself, should someone copy it without its log.
                Err(RecvTimeoutError::Disconnected) => return self.checkpoint(),
            }
            self.watch();
        }
    }

    fn serve_batch(&mut self, batch: Vec<WriteRequest>) {
        let (mut batch, _permits): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let committed = self.commit(&mut batch);
        let (commit, hints) = match committed {
            Ok(hints) => (Ok(()), hints),
            Err(e) => (Err(e.into()), Vec::new()),
        };
        for command in batch {
            command.answer(&commit);
        }
        for hint in hints {
            // Nobody listening is fine.
            let _ = self.hints.send(hint);
        }
        self.checkpoint_when_long();
    }

    /// One transaction for the whole batch; the answer is the hints to give.
    fn commit(&mut self, batch: &mut [Box<dyn Command>]) -> Result<Vec<StoreHint>, Failure> {
        let now_or_later = batch.iter().any(|c| c.sync() == Sync::Now);
        self.set_sync(if now_or_later { Sync::Now } else { Sync::Later })?;
        self.statement("BEGIN IMMEDIATE")?;
        let ran = self.run_all(batch).and_then(|hints| self.statement("COMMIT").map(|()| hints));
        if ran.is_err() && !self.db.is_autocommit() {
            // Should this fail too, the next BEGIN will say so.
            let _ = self.statement("ROLLBACK");
        }
        ran
    }

    fn run_all(&self, batch: &mut [Box<dyn Command>]) -> Result<Vec<StoreHint>, Failure> {
        let now = self.clock.now();
        let mut hints = Vec::new();
        for command in batch {
            let mut tx = Tx::new(&self.db, now, self.steady_clock);
            self.statement("SAVEPOINT command")?;
            match command.run(&mut tx) {
                Ok(()) => hints.extend(tx.hints),
                // A full disk and its like end the whole transaction by themselves.
                Err(Failed) if self.db.is_autocommit() => {
                    let why = "the commit failed as a whole; try again";
                    return Err(StoreError::Unavailable(why.into()).into());
                }
                Err(Failed) => self.statement("ROLLBACK TO command")?,
            }
            self.statement("RELEASE command")?;
        }
        Ok(deduplicated(hints))
    }

    fn set_sync(&mut self, sync: Sync) -> Result<(), Failure> {
        if self.synced == Some(sync) {
            return Ok(());
        }
        self.db.execute_batch(match (self.durability, sync) {
            (Durability::Full, Sync::Now) => "PRAGMA synchronous = FULL",
            (Durability::Full, Sync::Later) => "PRAGMA synchronous = NORMAL",
            (Durability::ProcessOnly, _) => "PRAGMA synchronous = OFF",
        })?;
        self.synced = Some(sync);
        Ok(())
    }

    fn statement(&self, sql: &str) -> Result<(), Failure> {
        Ok(self.db.prepare_cached(sql)?.execute(()).map(|_| ())?)
    }

    /// Says [`StoreHint::Unknown`] when another process committed since the last look.
    fn watch(&mut self) {
        if self.watched.elapsed() < WATCH_EVERY {
            return;
        }
        self.watched = Instant::now();
        let Ok(version) = self.data_version() else { return };
        if version != self.version {
            self.version = version;
            let _ = self.hints.send(StoreHint::Unknown);
        }
    }

    fn data_version(&self) -> rusqlite::Result<i64> {
        self.db.prepare_cached("PRAGMA data_version")?.query_row((), |row| row.get(0))
    }

    fn checkpoint_when_long(&self) {
        let pages = self.db.prepare_cached("PRAGMA wal_checkpoint(NOOP)").and_then(|mut pragma| {
            pragma.query_row((), |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
        });
        if pages.is_ok_and(|pages| pages >= LOG_PAGES_MAX) {
            self.checkpoint();
        }
    }

    /// Copies the log into the database file, as far as readers let it. Who may not write it leaves that to whoever may.
    fn checkpoint(&self) {
        if database::is_read_only(&self.db) {
            return;
        }
        if let Err(e) = self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())) {
            tracing::warn!(error = %e, "the log could not be checkpointed; it grows until this works");
        }
    }
}

fn deduplicated(hints: Vec<StoreHint>) -> Vec<StoreHint> {
    let mut seen = std::collections::HashSet::with_capacity(hints.len());
    hints.into_iter().filter(|hint| seen.insert(hint.clone())).collect()
}
