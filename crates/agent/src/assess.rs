//! What an assessor is told and what it answers.

use async_trait::async_trait;
use ktrdr_domain::report::AssessmentReport;

use crate::{AgentError, Call};

/// The facts of one finished cycle: the strategy, what training and the backtest said, how the gate judged.
pub use ktrdr_domain::job::AssessmentSpec as AssessmentInput;

/// Judges one finished cycle in words. The gates have already decided; nothing it says moves a cycle.
#[async_trait]
pub trait Assessor: Send + Sync {
    /// A judgement, signed by whoever made it. Dropped before it is ready, it has no effect.
    ///
    /// # Errors
    /// See [`AgentError`].
    async fn assess(&self, input: &AssessmentInput, call: Call<'_>) -> Result<AssessmentReport, AgentError>;
}
