//! How a research cycle moves.

use ktrdr_domain::{FailureReason, OperationId, Phase, Status};
use serde_json::Value;

use super::NewChild;

/// One move of a research cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Advance {
    /// The cycle.
    pub root: OperationId,
    /// The child whose end was decided upon.
    pub finished: OperationId,
    /// The phase the caller saw.
    pub expected_phase: Phase,
    /// Where to.
    pub to: AdvanceTo,
}

/// Where a cycle goes.
#[derive(Debug, Clone, PartialEq)]
pub enum AdvanceTo {
    /// The next phase with its child; row and message are created in the same step.
    Phase {
        /// Which.
        phase: Phase,
        /// Its child.
        child: NewChild,
    },
    /// Done.
    Completed {
        /// What the cycle returns.
        result: Value,
    },
    /// Over.
    Failed {
        /// Why, as a stable word.
        reason: FailureReason,
        /// Words for people.
        error: String,
        /// What campaigns count it as: the gate's code, or the reason again.
        stopped_by: String,
        /// What is known.
        result: Value,
    },
}

/// What an advance did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advanced {
    /// This child exists now.
    Next(OperationId),
    /// The root ended with this status (cancelled, when a cancel was asked for or the child was cancelled).
    Closed(Status),
    /// Repeated, late, or another orchestrator was faster.
    Stale,
    /// The child has not ended yet; its event will come.
    Early,
    /// The caller decided on a wrong status; read the child again and decide again.
    Mismatch(Status),
}
