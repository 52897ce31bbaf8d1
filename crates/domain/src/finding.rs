//! What a check found: how grave it is, the figures it rests on, and what to do about it.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How grave a finding is, the lightest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Look before relying on a result.
    Warning,
    /// Results would mean little or nothing.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One thing to know about a strategy or a series of bars. `Code` is what its check tells findings apart by.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Finding<Code> {
    /// How grave.
    pub severity: Severity,
    /// What sort of finding: a stable word.
    pub code: Code,
    /// What was found, with its figures in words.
    pub message: String,
    /// The figures by name; shares are fractions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, f64>,
    /// What to do.
    pub fix: String,
}

impl<Code> Finding<Code> {
    /// A finding without figures of its own.
    pub fn new(severity: Severity, code: Code, message: String, fix: impl Into<String>) -> Self {
        Self { severity, code, message, evidence: BTreeMap::new(), fix: fix.into() }
    }

    /// The same with the figures it rests on.
    #[must_use]
    pub fn with_evidence<const N: usize>(mut self, figures: [(&str, f64); N]) -> Self {
        self.evidence.extend(figures.map(|(name, figure)| (name.to_owned(), figure)));
        self
    }
}

impl<Code: fmt::Display> fmt::Display for Finding<Code> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.message, self.fix)
    }
}
