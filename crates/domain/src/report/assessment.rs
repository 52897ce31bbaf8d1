//! What an assessment says; stored as `strategies/<name>/assessment.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::Sha256;
use crate::name::StrategyName;

/// One vocabulary everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Worth a person's time.
    Promising,
    /// Worth a variation.
    Mediocre,
    /// Not worth more.
    Poor,
}

/// A judgement in words.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct AssessmentReport {
    /// The strategy.
    pub strategy: StrategyName,
    /// Its hash.
    pub strategy_sha256: Sha256,
    /// In one word.
    pub verdict: Verdict,
    /// 1 to 6 sentences.
    pub strengths: Vec<String>,
    /// 1 to 6 sentences.
    pub weaknesses: Vec<String>,
    /// 1 to 6 sentences.
    pub suggestions: Vec<String>,
    /// Ideas that are worth a test; up to 6 sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hypotheses: Vec<String>,
    /// Who judged: `local` or a model's name; `local, in place of …` when a model gave no usable answer, with why.
    pub assessor: String,
}
