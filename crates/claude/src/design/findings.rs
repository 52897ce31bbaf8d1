//! What is wrong with a strategy, or worth a thought, in the form in which a model is told.

use ktrdr_domain::Finding;
use serde_json::{Value, json};

use crate::words::harmless;

/// Findings that one answer lists.
pub(super) const LISTED_MAX: usize = 20;

/// One thing that is wrong, in the form of the findings.
pub(super) fn fault(code: &str, message: &str, fix: &str) -> Value {
    json!({"findings": [{"severity": "error", "code": code, "message": message, "fix": fix}]})
}

/// The findings as the model reads them.
pub(super) fn told(findings: &[Finding<&'static str>]) -> Value {
    json!({"findings": findings.iter().take(LISTED_MAX).collect::<Vec<_>>()})
}

/// The first of them in words.
pub(super) fn first_message(findings: &Value) -> String {
    let first = &findings["findings"][0];
    let place = first["at"].as_str().map(|at| format!("{at}: ")).unwrap_or_default();
    harmless(&format!("{place}{}", first["message"].as_str().unwrap_or_default()), 200)
}
