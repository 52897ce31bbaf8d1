//! Queues of jobs, by kind. What waits and runs is answered from rows, who takes it from what workers say of themselves: also
//! when no worker is alive and no broker answers.

use ktrdr_domain::{DeviceClass, Kind, Status};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::Filter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnosis::{Cause, Reason, Seen, State, Waits, diagnose};
use crate::{App, AppError};

/// The jobs of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct QueueStatus {
    /// Their type.
    #[serde(rename = "type", alias = "kind")]
    pub kind: Kind,
    /// How many wait.
    pub pending: u64,
    /// How many of these no worker takes yet: they wait for the time of their next attempt.
    #[serde(default)]
    pub delayed: u64,
    /// How many run.
    pub running: u64,
    /// How many have ended and were not pruned since.
    #[serde(default)]
    pub ended: u64,
    /// How long the oldest has waited, milliseconds; `None` when nothing waits.
    pub oldest_pending_ms: Option<i64>,
    /// Workers that take them.
    pub workers: usize,
    /// How many those run at once.
    pub slots: u32,
    /// Whether nobody takes any until they are resumed.
    pub paused: bool,
    /// What stands in their way, whether any wait or not; none where they are taken.
    pub reasons: Vec<Reason>,
    /// Of what is pending, what waits for one class of worker. What waits for the time of a retry is not among it.
    pub pinned: Vec<PinnedJobs>,
}

/// Jobs that ask for a device, and who could take them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct PauseAnswer {
    /// Their type.
    #[serde(rename = "type", alias = "kind")]
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
        let seen = self.see().await?;
        let causes = diagnose(&seen);
        let mut queues = Vec::new();
        for kind in Kind::with_jobs() {
            let before = causes.iter().filter(|cause| stands_before(cause, kind));
            let pinned =
                seen.waiting.iter().filter_map(|&(queue, pending)| pinned(queue, kind, pending, &seen));
            queues.push(QueueStatus {
                reasons: before.map(Reason::from).collect(),
                pinned: pinned.collect(),
                ..self.queue(kind, &seen).await?
            });
        }
        Ok(queues)
    }

    async fn queue(&self, kind: Kind, seen: &Seen) -> Result<QueueStatus, AppError> {
        let of = |statuses: &[Status]| Filter {
            statuses: statuses.to_vec(),
            kinds: vec![kind],
            oldest_first: true,
            limit: 1,
            ..Filter::default()
        };
        let waiting = self.store.list(&of(&[Status::Pending])).await?;
        // By the store's clock alone.
        let oldest_pending_ms =
            waiting.operations.first().map(|row| (waiting.now_ms - row.created_at_ms).max(0));
        let pending = waiting.total;
        let running = self.store.list(&of(&[Status::Running])).await?.total;
        let ended = [Status::Completed, Status::Failed, Status::Cancelled];
        let ended = self.store.list(&of(&ended)).await?.total;
        let queue = Queue::Jobs(kind);
        Ok(QueueStatus {
            kind,
            pending,
            delayed: seen.delayed.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| *count),
            running,
            ended,
            oldest_pending_ms,
            workers: seen.takers_of(queue),
            slots: seen.slots(queue),
            paused: seen.paused.contains_key(&kind),
            reasons: Vec::new(),
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

/// Whether it stands before jobs of a kind, whatever they ask to run on. That all slots are taken stands in nobody's way.
fn stands_before(cause: &Cause, kind: Kind) -> bool {
    let queues = Queue::all().into_iter().filter(|queue| queue.kind() == Some(kind));
    cause.state() > State::Ok && queues.map(Waits::Job).any(|waits| cause.stands_before(waits))
}

/// The jobs of a queue, if it is one of this kind for one class of worker.
fn pinned(queue: Queue, kind: Kind, pending: u64, seen: &Seen) -> Option<PinnedJobs> {
    match queue {
        Queue::Pinned(of, device) if of == kind && pending > 0 => {
            Some(PinnedJobs { device, pending, workers: seen.takers_of(queue), slots: seen.slots(queue) })
        }
        Queue::Pinned(..) | Queue::Jobs(_) | Queue::OrchestratorEvents => None,
    }
}
