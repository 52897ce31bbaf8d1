//! Why a job ended without a result, and what the worker makes of it.

use ktrdr_domain::FailureReason;
use ktrdr_domain::window::WindowError;
use std::fmt::Display;
use std::time::Duration;

use ktrdr_agent::{AgentError, NoProvider};
use ktrdr_catalog::CatalogError;
use ktrdr_fabric::store::StoreError;
use ktrdr_quant::features::FeatureError;
use ktrdr_worker::{Job, Outcome};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Wait before another try when something outside failed.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// Why a job ended without a result.
#[derive(Debug)]
pub enum Fault {
    /// The input is to blame: trying again would end the same way.
    BadInput(String),
    /// A rule forbids it.
    Refused(String),
    /// A limit of what may be spent would be passed.
    Budget(String),
    /// The rules of windows forbid it.
    Window(WindowError),
    /// What it would look at was seen before.
    Repetition(String),
    /// Something outside failed: try again.
    Outside(String),
    /// This process can not do it any more: its device is lost. Another one may.
    Unhealthy(String),
    /// Something outside takes long: look again later.
    Waiting {
        /// What for.
        why: String,
        /// When to look again.
        delay: Duration,
    },
    /// The stop token said so.
    Stopped,
}

impl Fault {
    /// Blames the input.
    pub fn input(what: impl Display) -> Self {
        Self::BadInput(what.to_string())
    }
}

impl From<WindowError> for Fault {
    fn from(error: WindowError) -> Self {
        Self::Window(error)
    }
}

impl From<FeatureError> for Fault {
    fn from(error: FeatureError) -> Self {
        Self::input(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Outside(error.to_string())
    }
}

impl From<CatalogError> for Fault {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Unavailable(_) => Self::Outside(error.to_string()),
            CatalogError::NotFound(_)
            | CatalogError::Invalid(_)
            | CatalogError::Changed(_)
            | CatalogError::Exists(_) => Self::BadInput(error.to_string()),
        }
    }
}

impl From<NoProvider> for Fault {
    fn from(none: NoProvider) -> Self {
        Self::Refused(none.to_string())
    }
}

impl From<AgentError> for Fault {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::Stopped => Self::Stopped,
            AgentError::Waiting { what, delay } => Self::Waiting { why: what, delay },
            AgentError::Unavailable { .. } => Self::Outside(error.to_string()),
            AgentError::Budget(_) => Self::Budget(error.to_string()),
            _ => Self::input(error),
        }
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::BadInput(error) => Self::Failed { reason: FailureReason::BadInput, error },
            Fault::Refused(error) => Self::Failed { reason: FailureReason::Refused, error },
            Fault::Budget(error) => Self::Failed { reason: FailureReason::BudgetExhausted, error },
            Fault::Repetition(error) => Self::Failed { reason: FailureReason::Repetition, error },
            Fault::Window(error) => Self::Failed { reason: reason(&error), error: error.to_string() },
            Fault::Outside(error) => Self::Retry { error, delay: RETRY_DELAY },
            Fault::Unhealthy(error) => Self::Unhealthy { error },
            Fault::Waiting { why, delay } => Self::Deferred { why, delay },
            Fault::Stopped => Self::Stopped,
        }
    }
}

/// What rows say of a window that was kept closed.
fn reason(error: &WindowError) -> FailureReason {
    match error {
        WindowError::Unusable(..) => FailureReason::BadInput,
        WindowError::Exam { .. } | WindowError::OutsideDev { .. } => FailureReason::Refused,
        WindowError::VaultClosed { .. } => FailureReason::VaultClosed,
        WindowError::Burnt { .. } | WindowError::Uncounted { .. } => FailureReason::WindowBurnt,
    }
}

/// The typed specification of a job.
pub(crate) fn specification<T: DeserializeOwned>(job: &Job) -> Result<T, Fault> {
    T::deserialize(&job.spec)
        .map_err(|e| Fault::input(format!("the specification of {} is invalid: {e}", job.id)))
}

/// A job's result as the row keeps it.
pub(crate) fn outcome<T: Serialize>(result: Result<T, Fault>) -> Outcome {
    let as_value = |value: T| serde_json::to_value(value).map_err(Fault::input);
    result.and_then(as_value).map_or_else(Outcome::from, Outcome::Completed)
}
