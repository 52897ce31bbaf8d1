//! What there is to see of a workspace, gathered once.

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_domain::{Kind, Status};
use ktrdr_fabric::artifacts::Disk;
use ktrdr_fabric::broker::{Message, Queue};
use ktrdr_fabric::registry::WorkerEntry;
use ktrdr_fabric::store::Filter;

use super::{Cause, PUBLISHED_WITHIN_MS, Reason, diagnose, reasons};
use crate::engine::Room;
use crate::{App, AppError, Labour};

/// What was seen of a workspace at one moment.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// When, Unix milliseconds of the store's clock.
    pub now_ms: i64,
    /// Whether each role is its own process.
    pub has_many_roles: bool,
    /// Whether a process plays the roles, where that is one at a time.
    pub is_held: bool,
    /// Every process that was heard of within its lease.
    pub workers: Vec<WorkerEntry>,
    /// Kinds that are paused, with since when.
    pub paused: BTreeMap<Kind, Option<i64>>,
    /// Queues that jobs wait in, and how many.
    pub waiting: Vec<(Queue, u64)>,
    /// Kinds of which jobs wait for the time of their next attempt, and how many.
    pub delayed: Vec<(Kind, u64)>,
    /// Cycles that wait or run.
    pub cycles: u64,
    /// What is to be published; `None`: nothing.
    pub outbox: Option<Outbox>,
    /// Whether the store takes new work; `None`: it could not be asked.
    pub room: Option<Room>,
    /// Where the artefacts lie, and the room on their disk, where that can be seen.
    pub disk: Option<(String, Disk)>,
}

/// What waits to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outbox {
    /// How many messages.
    pub entries: u64,
    /// Since when the oldest waits.
    pub since_ms: i64,
}

impl Seen {
    /// Who was heard of lately.
    pub(super) fn alive(&self) -> impl Iterator<Item = &WorkerEntry> {
        self.workers.iter().filter(|entry| !entry.is_silent(self.now_ms))
    }

    /// Whether somebody plays a role who is not about to end.
    pub(super) fn plays(&self, role: &str) -> bool {
        self.alive().any(|entry| plays(entry, role) && !entry.worker.is_draining)
    }

    /// How many play a role.
    pub(crate) fn players(&self, role: &str) -> usize {
        self.alive().filter(|entry| plays(entry, role)).count()
    }

    /// When somebody was heard of last who played a role and fell silent.
    pub(super) fn last_heard_of(&self, role: &str) -> Option<i64> {
        self.workers.iter().filter(|entry| plays(entry, role)).map(|entry| entry.at_ms).max()
    }

    /// Slots of those who read a queue.
    pub(crate) fn slots(&self, queue: Queue) -> u32 {
        self.takers(queue).map(|entry| entry.worker.slots_for(queue)).sum()
    }

    /// How many processes read a queue.
    pub(crate) fn takers_of(&self, queue: Queue) -> usize {
        self.takers(queue).count()
    }

    fn takers(&self, queue: Queue) -> impl Iterator<Item = &WorkerEntry> {
        self.alive().filter(move |entry| !entry.worker.is_draining && entry.worker.slots_for(queue) > 0)
    }

    /// When somebody who read a queue and fell silent was heard of last.
    pub(super) fn last_took(&self, queue: Queue) -> Option<i64> {
        let silent = self.workers.iter().filter(|entry| entry.is_silent(self.now_ms));
        silent.filter(|entry| entry.worker.slots_for(queue) > 0).map(|entry| entry.at_ms).max()
    }

    /// Jobs of a queue's kind that run on those who read it.
    pub(super) fn running(&self, queue: Queue) -> u64 {
        let kind = queue.kind();
        let jobs = self.takers(queue).flat_map(|entry| &entry.worker.running);
        jobs.filter(|id| kind.is_some_and(|kind| id.is_of(kind))).count() as u64
    }

    /// Whether one process would play every role, and none does.
    pub(crate) fn has_no_engine(&self) -> bool {
        !self.has_many_roles && !self.is_held
    }

    pub(super) fn is_stuck(&self, outbox: Outbox) -> bool {
        outbox.since_ms < self.now_ms - PUBLISHED_WITHIN_MS
    }
}

fn plays(entry: &WorkerEntry, role: &str) -> bool {
    entry.worker.role == role || entry.worker.role == "up"
}

impl App {
    /// What stands in the way of work.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn diagnosis(&self) -> Result<Vec<Cause>, AppError> {
        Ok(diagnose(&self.see().await?))
    }

    /// The same as far as somebody should do something about it, in words.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn obstacles(&self) -> Result<Vec<Reason>, AppError> {
        Ok(reasons(&self.diagnosis().await?))
    }

    /// Looks at everything that causes are told from.
    pub(crate) async fn see(&self) -> Result<Seen, AppError> {
        let cycles = Filter {
            kinds: Kind::roots().collect(),
            statuses: vec![Status::Pending, Status::Running],
            limit: 1,
            ..Filter::default()
        };
        // All at once: lists are followed, and ask this several times a second.
        let (workers, paused, cycles, backlog, room, disk) = tokio::join!(
            self.registry.workers(),
            self.registry.paused(),
            self.store.list(&cycles),
            self.store.backlog(Duration::ZERO),
            self.own.room(),
            self.artifacts.disk(),
        );
        let (cycles, backlog) = (cycles?, backlog?);
        Ok(Seen {
            now_ms: cycles.now_ms,
            has_many_roles: self.labour == Labour::Fleet,
            is_held: (self.is_held)(),
            workers: workers?,
            paused: paused?,
            waiting: backlog.waiting,
            delayed: backlog.delayed,
            cycles: cycles.total,
            outbox: self.oldest_unpublished(backlog.outbox).await?,
            room: room.ok(),
            disk: disk.map(|disk| (self.artifacts.place(), disk)),
        })
    }

    async fn oldest_unpublished(&self, entries: u64) -> Result<Option<Outbox>, AppError> {
        let Some(oldest) = self.store.outbox(None, 1).await?.into_iter().next() else { return Ok(None) };
        let operation = match oldest.message {
            Message::Job { job, .. } => job.operation,
            Message::Event(event) => event.operation,
        };
        let written = self.store.history(&operation).await?.pop();
        Ok(written.map(|entry| Outbox { entries: entries.max(1), since_ms: entry.at_ms }))
    }
}
