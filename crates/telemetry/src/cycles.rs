//! Research cycles, as the process that moves them sees them.

use std::time::Duration;

use ktrdr_domain::{FailureReason, Operation, Phase, Status};
use ktrdr_fabric::store::{Advance, AdvanceTo};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::labels::{Gated, OfPhase, Outcome, phase_seconds};

/// The code of the gate that refuses what repeats an earlier design.
const REPETITION: &str = "repetition";

/// What becomes of cycles here.
pub(crate) struct Cycles {
    outcomes: Family<Outcome, Counter>,
    lasted: Histogram,
    phases: Family<OfPhase, Histogram, fn() -> Histogram>,
    gates: Family<Gated, Counter>,
}

impl Cycles {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let cycles = Self {
            outcomes: Family::default(),
            lasted: Histogram::new([10.0, 60.0, 300.0, 600.0, 1800.0, 3600.0]),
            phases: Family::new_with_constructor(phase_seconds),
            gates: Family::default(),
        };
        registry.register("agent_cycles", "Research cycles that ended, by how", cycles.outcomes.clone());
        registry.register(
            "agent_cycle_duration_seconds",
            "From a cycle's start to its end",
            cycles.lasted.clone(),
        );
        registry.register(
            "agent_phase_duration_seconds",
            "From the submit of a phase's job to its end",
            cycles.phases.clone(),
        );
        registry.register("agent_gate_results", "What gates said", cycles.gates.clone());
        cycles
    }

    /// A cycle moved, or closed, after its phase's job; the gate behind that phase had said so.
    pub(crate) fn moved(&self, gated: Option<&Gated>, closed: Option<Status>) {
        if let Some(gated) = gated.filter(|_| closed != Some(Status::Cancelled)) {
            self.gates.get_or_create(gated).inc();
        }
        if let Some(status) = closed {
            self.outcomes.get_or_create(&Outcome::from(status.as_str())).inc();
        }
    }

    /// The job of a phase ended.
    pub(crate) fn phase_ended(&self, phase: Phase, job: &Operation) {
        if let Some(ended_at_ms) = job.finished_at_ms {
            let ms = u64::try_from(ended_at_ms - job.created_at_ms).unwrap_or(0);
            self.phases.get_or_create(&OfPhase::from(phase)).observe(Duration::from_millis(ms).as_secs_f64());
        }
    }

    /// A cycle closed.
    pub(crate) fn closed(&self, cycle: &Operation) {
        if let Some(ms) = cycle.took_ms {
            self.lasted.observe(Duration::from_millis(ms).as_secs_f64());
        }
    }
}

/// What a gate said, if one was asked: those after training and after the backtest.
pub(crate) fn gated(step: &Advance) -> Option<Gated> {
    let gate = match step.expected_phase {
        Phase::Training => "training",
        Phase::Backtesting => "backtest",
        Phase::Designing | Phase::Assessing => return None,
    };
    match &step.to {
        AdvanceTo::Phase { .. } | AdvanceTo::Completed { .. } => Some(Gated::passed(gate)),
        AdvanceTo::Failed { reason: FailureReason::Gate, stopped_by, .. } if stopped_by == REPETITION => {
            Some(Gated::failed("novelty"))
        }
        AdvanceTo::Failed { reason: FailureReason::Gate, .. } => Some(Gated::failed(gate)),
        AdvanceTo::Failed { .. } => None,
    }
}

/// Why a step would have its cycle fail.
pub(crate) fn failure(step: &Advance) -> Option<FailureReason> {
    match &step.to {
        AdvanceTo::Failed { reason, .. } => Some(reason.clone()),
        AdvanceTo::Phase { .. } | AdvanceTo::Completed { .. } => None,
    }
}
