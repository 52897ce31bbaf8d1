//! What a kind of job must provide: one blocking function that runs on its own thread.

use std::time::Duration;

use ktrdr_domain::{FailureReason, Kind, OperationId};
use serde_json::Value;

use crate::progress::ProgressCell;
use crate::stop::StopToken;

/// One attempt at one operation, as its handler sees it.
pub struct Job {
    /// The operation.
    pub id: OperationId,
    /// Its cycle, when it belongs to one.
    pub root: Option<OperationId>,
    /// The attempt number.
    pub fence: u64,
    /// The specification, still untyped.
    pub spec: Value,
    /// Asked at least every 100 bars and every batch.
    pub stop: StopToken,
    /// Written as often as one likes; read by the flusher.
    pub progress: ProgressCell,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With a result.
    Completed(Value),
    /// For good: trying again would end the same way.
    Failed {
        /// Why, as a stable word.
        reason: FailureReason,
        /// What, where, what to do next.
        error: String,
    },
    /// Something outside failed; try again.
    Retry {
        /// What failed.
        error: String,
        /// How long to wait first.
        delay: Duration,
    },
    /// It waits for something outside that takes long, and needs no worker meanwhile: run again later, at no try's cost.
    Deferred {
        /// What it waits for.
        why: String,
        /// When to look again.
        delay: Duration,
    },
    /// This process can run no such jobs any more, another one may: its device is lost, say. The job is tried again;
    /// the process takes nothing new and must end.
    Unhealthy {
        /// What happened.
        error: String,
    },
    /// The stop token said so; the worker knows why.
    Stopped,
}

/// A kind of job.
pub trait Handler: Send + Sync {
    /// The kind it runs: one handler per kind.
    fn kind(&self) -> Kind;
    /// Runs one attempt. A panic is caught and becomes a retry.
    fn run(&self, job: &Job) -> Outcome;
}
