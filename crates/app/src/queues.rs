//! Queues of jobs, by kind. What waits and runs is answered from rows, who takes it from what workers say of themselves: also
//! when no worker is alive and no broker answers.

use std::collections::BTreeSet;
use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind, Status};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::registry::WorkerEntry;
use ktrdr_fabric::store::Filter;
use serde::{Deserialize, Serialize};

use crate::{App, AppError};

/// One kind of job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatus {
    /// The kind.
    pub kind: Kind,
    /// How many wait.
    pub pending: u64,
    /// How many run.
    pub running: u64,
    /// How long the oldest has waited, milliseconds; `None` when nothing waits.
    pub oldest_pending_ms: Option<i64>,
    /// Workers that take them.
    pub workers: usize,
    /// How many those run at once.
    pub slots: u32,
    /// Whether nobody takes any until they are resumed.
    pub paused: bool,
    /// Of what is pending, what waits for one class of worker. What waits for the time of a retry is not among it.
    pub pinned: Vec<PinnedJobs>,
}

/// Jobs that ask for a device, and who could take them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedJobs {
    /// What they ask for.
    pub device: DeviceClass,
    /// How many wait.
    pub pending: u64,
    /// Workers that take them.
    pub workers: usize,
    /// How many those run at once.
    pub slots: u32,
}

/// What pausing or resuming a kind did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseAnswer {
    /// The kind.
    pub kind: Kind,
    /// Whether it is paused now.
    pub paused: bool,
    /// Whether it was not so before.
    pub changed: bool,
}

impl App {
    /// Every kind of job.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn queues(&self) -> Result<Vec<QueueStatus>, AppError> {
        let (paused, workers) = (self.registry.paused().await?, self.registry.workers().await?);
        let waiting = self.store.backlog(Duration::ZERO).await?.waiting;
        let mut queues = Vec::new();
        for kind in Kind::with_jobs() {
            let pinned =
                waiting.iter().filter_map(|&(queue, pending)| pinned(queue, kind, pending, &workers));
            queues
                .push(QueueStatus { pinned: pinned.collect(), ..self.queue(kind, &paused, &workers).await? });
        }
        Ok(queues)
    }

    async fn queue(
        &self,
        kind: Kind,
        paused: &BTreeSet<Kind>,
        workers: &[WorkerEntry],
    ) -> Result<QueueStatus, AppError> {
        let of = |status| Filter {
            statuses: vec![status],
            kinds: vec![kind],
            oldest_first: true,
            limit: 1,
            ..Filter::default()
        };
        let waiting = self.store.list(&of(Status::Pending)).await?;
        // By the store's clock alone.
        let oldest_pending_ms =
            waiting.operations.first().map(|row| (waiting.now_ms - row.created_at_ms).max(0));
        let pending = waiting.total;
        let running = self.store.list(&of(Status::Running)).await?.total;
        let (workers, slots) = taking(Queue::Jobs(kind), workers);
        Ok(QueueStatus {
            kind,
            pending,
            running,
            oldest_pending_ms,
            workers,
            slots,
            paused: paused.contains(&kind),
            pinned: Vec::new(),
        })
    }

    /// Nobody takes jobs of this kind until it is resumed; what runs goes on.
    ///
    /// # Errors
    /// When it is a kind that nobody takes anyway.
    pub async fn pause(&self, kind: Kind) -> Result<PauseAnswer, AppError> {
        Ok(PauseAnswer { kind, paused: true, changed: self.registry.pause(kind).await? })
    }

    /// Jobs of this kind are taken again.
    ///
    /// # Errors
    /// As [`Self::pause`].
    pub async fn resume_queue(&self, kind: Kind) -> Result<PauseAnswer, AppError> {
        Ok(PauseAnswer { kind, paused: false, changed: self.registry.resume(kind).await? })
    }
}

/// The jobs of a queue, if it is one of this kind for one class of worker.
fn pinned(queue: Queue, kind: Kind, pending: u64, workers: &[WorkerEntry]) -> Option<PinnedJobs> {
    match queue {
        Queue::Pinned(of, device) if of == kind && pending > 0 => {
            let (workers, slots) = taking(queue, workers);
            Some(PinnedJobs { device, pending, workers, slots })
        }
        Queue::Pinned(..) | Queue::Jobs(_) | Queue::OrchestratorEvents => None,
    }
}

/// Workers that read a queue, and their slots.
fn taking(queue: Queue, workers: &[WorkerEntry]) -> (usize, u32) {
    let slots: Vec<u32> =
        workers.iter().map(|seen| seen.worker.slots_for(queue)).filter(|&slots| slots > 0).collect();
    (slots.len(), slots.iter().sum())
}
