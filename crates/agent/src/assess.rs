//! What an assessor is told and what it answers.

use ktrdr_domain::report::AssessmentReport;

use crate::AgentError;

/// The facts of one finished cycle: the strategy, what training and the backtest said, how the gate judged.
pub use ktrdr_domain::job::AssessmentSpec as AssessmentInput;

/// Judges one finished cycle in words. The gates have already decided; nothing it says moves a cycle.
pub trait Assessor: Send + Sync {
    /// Who judges: `local` or a model's name.
    fn name(&self) -> &str;

    /// A judgement. `stop` is asked between steps; once it says yes, the answer is given up.
    ///
    /// # Errors
    /// See [`AgentError`].
    fn assess(
        &self,
        input: &AssessmentInput,
        stop: &dyn Fn() -> bool,
    ) -> Result<AssessmentReport, AgentError>;
}
