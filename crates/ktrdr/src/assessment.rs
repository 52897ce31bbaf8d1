//! What an assessment says of a cycle, in its own words.

use ktrdr_app::UseCases;
use ktrdr_domain::report::AssessmentReport;
use ktrdr_domain::{OperationId, Phase};
use serde::Deserialize;
use serde_json::Value;

use crate::screen::Screen;

/// The assessment of a cycle, where it came so far.
pub(crate) async fn of_cycle(app: &dyn UseCases, cycle: &OperationId) -> Option<AssessmentReport> {
    let row = app.row(&Phase::Assessing.child_of(cycle)).await.ok()?;
    read(row.result.as_ref()?)
}

/// A result that is one.
pub(crate) fn read(result: &Value) -> Option<AssessmentReport> {
    AssessmentReport::deserialize(result).ok()
}

/// Each sentence on a line of its own: what speaks for it, what against it, what to try.
pub(crate) fn print(screen: &Screen, report: &AssessmentReport) {
    let verdict = serde_json::to_value(report.verdict).unwrap_or_default();
    let verdict = verdict.as_str().unwrap_or_default();
    screen.line(format!("  {} is {verdict}, says {}", report.strategy, report.assessor));
    let parts = [("+", &report.strengths), ("−", &report.weaknesses), ("→", &report.suggestions)];
    for (sign, sentences) in parts {
        sentences.iter().for_each(|sentence| screen.line(format!("    {sign} {sentence}")));
    }
}
