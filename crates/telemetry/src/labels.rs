//! Labels: words of closed sets, and nothing else can be written into them.

use std::hash::Hash;

use ktrdr_domain::{FailureReason, Kind, OperationId, Phase, Status};
use ktrdr_fabric::broker::Queue;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{Atomic, Gauge};
use prometheus_client::metrics::histogram::Histogram;

use crate::examples::Seconds;

/// By kind of operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfKind {
    kind: &'static str,
}

/// By kind, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    kind: &'static str,
    status: &'static str,
}

/// By kind, and what an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Attempted {
    kind: &'static str,
    outcome: &'static str,
}

/// By kind, and why operations of it failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Failure {
    kind: &'static str,
    reason: &'static str,
}

/// By how something ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Outcome {
    outcome: &'static str,
}

/// By phase of a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfPhase {
    phase: &'static str,
}

/// By gate, and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Gated {
    gate: &'static str,
    result: &'static str,
}

/// By what was asked of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfCall {
    call: &'static str,
}

/// By what went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfError {
    error: &'static str,
}

/// By queue: its kind, and the class of worker that its jobs wait for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfQueue {
    queue: &'static str,
    device: &'static str,
}

impl From<Kind> for OfKind {
    fn from(kind: Kind) -> Self {
        Self { kind: kind.as_str() }
    }
}

impl OfKind {
    /// Of an operation, as its id tells.
    pub(crate) fn of(id: &OperationId) -> Self {
        Self { kind: kind_word(id) }
    }
}

impl Ended {
    pub(crate) fn of(id: &OperationId, status: Status) -> Self {
        Self { kind: kind_word(id), status: status.as_str() }
    }
}

impl Attempted {
    pub(crate) fn of(id: &OperationId, outcome: &'static str) -> Self {
        Self { kind: kind_word(id), outcome }
    }
}

impl Failure {
    /// The words of a newer version are one: what others write into rows is no label.
    pub(crate) fn of(id: &OperationId, reason: &FailureReason) -> Self {
        let reason = match reason {
            FailureReason::Other(_) => "other",
            known => known.into(),
        };
        Self { kind: kind_word(id), reason }
    }
}

impl From<&'static str> for Outcome {
    fn from(outcome: &'static str) -> Self {
        Self { outcome }
    }
}

impl From<Phase> for OfPhase {
    fn from(phase: Phase) -> Self {
        Self { phase: phase.as_str() }
    }
}

impl Gated {
    pub(crate) fn passed(gate: &'static str) -> Self {
        Self { gate, result: "passed" }
    }

    pub(crate) fn failed(gate: &'static str) -> Self {
        Self { gate, result: "failed" }
    }
}

impl From<&'static str> for OfCall {
    fn from(call: &'static str) -> Self {
        Self { call }
    }
}

impl From<&'static str> for OfError {
    fn from(error: &'static str) -> Self {
        Self { error }
    }
}

impl From<Queue> for OfQueue {
    fn from(queue: Queue) -> Self {
        let (queue, device) = match queue {
            Queue::Jobs(kind) => (kind.as_str(), "any"),
            Queue::Pinned(kind, class) => (kind.as_str(), class.into()),
            Queue::OrchestratorEvents => ("events", "any"),
        };
        Self { queue, device }
    }
}

/// Of what there is one of, or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Unlabelled {}

/// Tells a figure, or no longer.
pub(crate) fn tell<N, A: Atomic<N> + Default>(gauge: &Family<Unlabelled, Gauge<N, A>>, value: Option<N>) {
    match value {
        Some(value) => {
            gauge.get_or_create(&Unlabelled {}).set(value);
        }
        None => gauge.clear(),
    }
}

/// The kind that an id tells; ids of another version of the program may tell none that is known here.
fn kind_word(id: &OperationId) -> &'static str {
    Kind::ALL.iter().find(|&&kind| id.is_of(kind)).map_or("other", |kind| kind.as_str())
}

/// Seconds that jobs take: from a no-op to hours. Few steps, since there is such a figure for each kind.
pub(crate) fn job_seconds() -> Seconds {
    Seconds::new([0.1, 1.0, 10.0, 100.0, 1_000.0, 7_200.0].into_iter())
}

/// Seconds that something waits its turn.
pub(crate) fn waiting_seconds() -> Seconds {
    Seconds::new([0.05, 0.5, 5.0, 30.0, 300.0, 3600.0].into_iter())
}

/// Seconds until a request is answered.
pub(crate) fn answer_seconds() -> Histogram {
    Histogram::new([0.005, 0.025, 0.1, 0.5, 2.5])
}

/// Seconds of a phase of a cycle.
pub(crate) fn phase_seconds() -> Histogram {
    Histogram::new([1.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0])
}

/// Seconds that the store takes for one step.
pub(crate) fn step_seconds() -> Histogram {
    Histogram::new([0.005, 0.025, 0.1, 0.5, 2.5])
}
