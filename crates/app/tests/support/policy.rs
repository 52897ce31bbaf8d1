//! The rules of a workspace in tests.

use ktrdr_app::Policy;
use ktrdr_app::cycle::TriggerLimits;
use ktrdr_domain::budget::BudgetPolicy;
use ktrdr_domain::gate::GatePolicy;
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::trading::Account;
use ktrdr_domain::window::WindowPolicy;
use ktrdr_fabric::retention::Retention;

/// That forbid next to nothing.
pub(crate) fn policy() -> Policy {
    Policy {
        windows: WindowPolicy::default(),
        looks_max: 100,
        gates: GatePolicy::default(),
        account: Account::default(),
        agent: ProviderName::default(),
        in_flight: 2,
        generation: 4,
        retention: Retention::FOR_EVER,
        approval: None,
        triggers: TriggerLimits { per_instrument: 1, in_all: 2 },
        tries_max: 3,
        budget: BudgetPolicy::default(),
        plausible_sharpe: 100.0,
    }
}
