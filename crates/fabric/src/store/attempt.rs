//! What a worker does with an operation: claim, beat, finish.

use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use ktrdr_domain::{FailureReason, Operation, OperationId, Status};
use serde_json::Value;

use super::BootId;

/// One attempt: what every write of a worker must carry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// The operation.
    pub id: OperationId,
    /// The attempt number given by the claim.
    pub fence: u64,
    /// Who claimed it.
    pub boot: BootId,
    /// How long ago.
    pub since: Stopwatch,
}

/// How long an attempt has lasted, by the clock of its own process that nobody can set. It is no part of what the attempt
/// is: all are equal.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// From now on.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Whole milliseconds since then.
    #[must_use]
    pub fn elapsed_ms(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl PartialEq for Stopwatch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Stopwatch {}

impl Hash for Stopwatch {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// It is ours: run it. The try is already counted.
    Run {
        /// Carried by every later write.
        attempt: Attempt,
        /// Everything the row says.
        operation: Box<Operation>,
    },
    /// Someone holds it until then (Unix milliseconds), or it waits until then because it lost its worker again.
    /// Acknowledge and drop; the sweep owns recovery.
    Leased(i64),
    /// It is over (perhaps by this very claim: cancelled, or out of tries). Acknowledge and drop.
    Terminal(Status),
    /// No such row. Park the message; never drop it.
    Missing,
}

/// What a beat learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// The lease was extended; `cancel` tells whether someone asked for a stop.
    Alive {
        /// Stop, please.
        cancel: bool,
    },
    /// The row is no longer ours. Stop at once, write nothing more.
    Fenced,
}

/// How a worker ends an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Finish {
    /// With a result.
    Completed(Value),
    /// For good, with a stable word and words for people.
    Failed {
        /// Why, as a stable word.
        reason: FailureReason,
        /// What went wrong.
        error: String,
        /// What is known nevertheless.
        result: Option<Value>,
    },
    /// Because of the cancel flag.
    Cancelled,
    /// Try again later; becomes `failed` with `attempts_exhausted` when the tries are spent.
    Retry {
        /// Why.
        error: String,
        /// How long to wait.
        delay: Duration,
    },
    /// Neither done nor failed: it waits for something outside, and holds no worker meanwhile. The try is returned.
    Defer {
        /// What for.
        why: String,
        /// How long to wait.
        delay: Duration,
    },
    /// Given back undone (a drain): the try is returned, the message is published again at once.
    Release,
}

/// What a finish did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// Recorded; this is the status the row has now. Completed wins over a cancel; everything else yields to it.
    Recorded(Status),
    /// Not ours any more: the row stands at this status and fence. With our own fence it was our earlier call
    /// that got through.
    Refused {
        /// The row's status, `None` when the row is gone.
        status: Option<Status>,
        /// The row's fence.
        fence: u64,
    },
}
