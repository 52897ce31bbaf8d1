//! What work costs.

use ktrdr_domain::budget::Cost;
use ktrdr_domain::{Kind, OperationId, Phase};
use ktrdr_fabric::budget::CallId;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::labels::{OfKind, OfPhase};

/// What was paid by this process.
pub(crate) struct Spending {
    tokens: Family<OfPhase, Counter>,
    dollars: Family<OfPhase, Counter<f64>>,
    machine_seconds: Family<OfKind, Counter<f64>>,
}

impl Spending {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let spending = Self {
            tokens: Family::default(),
            dollars: Family::default(),
            machine_seconds: Family::default(),
        };
        registry.register("agent_tokens", "Tokens that models read and wrote", spending.tokens.clone());
        registry.register("agent_budget_spend", "Dollars paid for models", spending.dollars.clone());
        registry.register("ktrdr_machine_seconds", "Seconds that jobs ran", spending.machine_seconds.clone());
        spending
    }

    /// A call of a model was settled.
    pub(crate) fn settled(&self, call: &CallId, cost: Cost) {
        let Some((operation, _)) = call.attempt() else { return };
        let phase = OfPhase::from(phase(&operation));
        self.tokens.get_or_create(&phase).inc_by(cost.tokens);
        self.dollars.get_or_create(&phase).inc_by(cost.money.in_dollars());
    }

    /// The machine time of an attempt was paid.
    pub(crate) fn charged(&self, call: &CallId, cost: Cost) {
        let Some((operation, _)) = call.attempt() else { return };
        let seconds = std::time::Duration::from_millis(cost.machine_ms).as_secs_f64();
        self.machine_seconds.get_or_create(&OfKind::of(&operation)).inc_by(seconds);
    }
}

/// Models design and assess.
fn phase(operation: &OperationId) -> Phase {
    if operation.is_of(Kind::AgentAssessment) { Phase::Assessing } else { Phase::Designing }
}
