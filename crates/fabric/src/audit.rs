//! The audit log: who asked for what, why, and what came of it. It only grows.
//!
//! An action is written down before it is done, and what came of it after: one without an outcome was cut short.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Action {
    /// Who.
    pub by: String,
    /// By which way in, such as `api`.
    pub via: String,
    /// What, as a stable word.
    pub what: String,
    /// To what: a path, an id.
    pub target: String,
    /// Why, in their words; may be empty.
    pub reason: String,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct AuditEntry {
    /// Its number: 1 for the first, without a gap.
    pub number: u64,
    /// When it was written, by the store's clock.
    #[serde(rename = "at", alias = "at_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub at_ms: i64,
    /// What was asked for.
    #[serde(flatten)]
    pub action: Action,
    /// What came of it; `None` while it is under way, or was cut short.
    pub outcome: Option<String>,
}

/// The log.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Writes an action down; its number.
    async fn note(&self, action: &Action) -> Result<u64, StoreError>;
    /// Writes down what came of it, once.
    async fn note_outcome(&self, number: u64, outcome: &str) -> Result<(), StoreError>;
    /// At most `limit` entries, newest first; only those before a number, if one is given.
    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
}
