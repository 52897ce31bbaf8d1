//! How a worker is set up: what it runs, how much of it at once, and every bound. Checked by relation, not by field.

use std::collections::BTreeSet;
use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind};
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::broker::Queue;

use crate::handler::Handler;

/// One kind of job that this process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindConfig {
    /// The kind.
    pub kind: Kind,
    /// Jobs of it at once, 1 to [`SLOTS_MAX`]. One per GPU.
    pub slots: u16,
    /// How long one attempt may run; then it is stopped and fails with `time_limit`.
    pub time_limit: Duration,
    /// How long a job may go on once the process drains, before it is asked to checkpoint and is given back.
    /// Zero for kinds that run for hours.
    pub drain_wait: Duration,
}

/// Most jobs of one kind at once: each holds a thread.
pub const SLOTS_MAX: u16 = 1024;

impl KindConfig {
    /// One hour, 30 s to finish in a drain.
    #[must_use]
    pub fn new(kind: Kind, slots: u16) -> Self {
        Self { kind, slots, time_limit: Duration::from_secs(3600), drain_wait: Duration::from_secs(30) }
    }
}

/// A worker's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerConfig {
    /// What it runs.
    pub kinds: Vec<KindConfig>,
    /// What it computes on: jobs that ask for something else are left to others.
    pub device: DeviceClass,
    /// Another class whose jobs it takes too: there may be nobody else, and a machine with a GPU has a CPU as well.
    pub also: Option<DeviceClass>,
    /// How long a claim holds without a beat.
    pub lease: Duration,
    /// Time between beats of a running job. The same in all workers of a fleet: whoever the broker lost keeps a job only
    /// by beating within one and a half times this long.
    pub heartbeat: Duration,
    /// Without a successful beat a job stops by itself this long before its lease lapses, by our own clock.
    pub lease_margin: Duration,
    /// Least time between two writes of one job's progress; also how often the worker looks after a running job.
    pub progress_flush: Duration,
    /// How long a job may take to notice its stop token. Then its thread counts as stuck and the process must end.
    pub cancel_bound: Duration,
    /// How long a message whose row is missing is kept before the broker gets it back.
    pub park: Duration,
    /// Before a job that panicked, or gave up without being asked, is tried again.
    pub retry: Backoff,
    /// While store or broker can not be reached.
    pub outside: Backoff,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            device: DeviceClass::Cpu,
            also: None,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(2),
            lease_margin: Duration::from_secs(5),
            progress_flush: Duration::from_millis(250),
            cancel_bound: Duration::from_secs(10),
            park: Duration::from_secs(60),
            retry: Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) },
            outside: Backoff::OUTSIDE,
        }
    }
}

/// Settings that can not work together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nothing to run.
    #[error("this worker has no kinds of jobs: name at least one")]
    NoKinds,
    /// Named twice.
    #[error("{0} is named twice: give its slots once")]
    Twice(Kind),
    /// Roots are moved by the orchestrator.
    #[error("{0} is a root: it has no jobs; run an orchestrator for it")]
    Root(Kind),
    /// Nobody knows how to run it.
    #[error("{0} has no handler in this process")]
    NoHandler(Kind),
    /// Too few or too many.
    #[error("{kind}: {slots} slots; use 1 to {SLOTS_MAX}")]
    Slots {
        /// The kind.
        kind: Kind,
        /// As configured.
        slots: u16,
    },
    /// Two figures contradict each other.
    #[error("{0}")]
    Relation(&'static str),
}

impl WorkerConfig {
    /// Where it finds jobs of a kind.
    pub(crate) fn queues(&self, kind: Kind) -> Vec<Queue> {
        let mut queues = Queue::of_worker(kind, self.device);
        let others = self.also.into_iter().flat_map(|class| Queue::of_worker(kind, class));
        let more: Vec<Queue> = others.filter(|queue| !queues.contains(queue)).collect();
        queues.extend(more);
        queues
    }

    /// How long one whom the broker lost has to show that they are alive: in that time every holder beats.
    pub(crate) fn grace_period(&self) -> Duration {
        self.heartbeat * 3 / 2
    }

    /// Refuses settings that contradict each other.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn validate(&self, handlers: &[std::sync::Arc<dyn Handler>]) -> Result<(), ConfigError> {
        let mut seen = BTreeSet::new();
        for &KindConfig { kind, slots, time_limit, .. } in &self.kinds {
            let fault = match () {
                () if kind.is_root() => ConfigError::Root(kind),
                () if !seen.insert(kind) => ConfigError::Twice(kind),
                () if !(1..=SLOTS_MAX).contains(&slots) => ConfigError::Slots { kind, slots },
                () if time_limit.is_zero() => ConfigError::Relation("time_limit must be over 0"),
                () if !handlers.iter().any(|h| h.kind() == kind) => ConfigError::NoHandler(kind),
                () => continue,
            };
            return Err(fault);
        }
        let holds = |relation, words| if relation { Ok(()) } else { Err(ConfigError::Relation(words)) };
        if self.kinds.is_empty() {
            return Err(ConfigError::NoKinds);
        }
        holds(
            self.heartbeat * 3 < self.lease,
            "heartbeat × 3 must be under lease, so that two beats may be lost",
        )?;
        holds(
            self.heartbeat + self.lease_margin < self.lease,
            "heartbeat + lease_margin must be under lease",
        )?;
        holds(!self.heartbeat.is_zero(), "heartbeat must be over 0")?;
        holds(
            self.progress_flush * 2 <= self.heartbeat,
            "progress_flush × 2 must not be over heartbeat, so that no beat comes late",
        )?;
        holds(!self.progress_flush.is_zero(), "progress_flush must be over 0")?;
        holds(
            (self.progress_flush..Duration::from_secs(60)).contains(&self.cancel_bound),
            "cancel_bound must be from progress_flush to one minute",
        )
    }
}
