//! The audit log: what was asked for from outside, by whom, why, and what came of it.

use ktrdr_fabric::audit::Action;
pub use ktrdr_fabric::audit::AuditEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operations::within_part;
use crate::{App, AppError};

/// Longest texts that are kept of an action, in bytes.
const WORDS_BYTES_MAX: usize = 1000;

/// A part of the log, newest first.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct AuditPart {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next part begins, if there may be one.
    pub next: Option<u64>,
}

/// Something that is asked for, about to be done.
#[derive(Debug, Clone, Copy)]
pub struct Noted(u64);

impl App {
    /// Writes down that something is asked for, before it is done. Who asks is who uses this workspace.
    ///
    /// # Errors
    /// When it can not be written: then it is not done either.
    pub async fn note(&self, via: &str, what: &str, target: &str, reason: &str) -> Result<Noted, AppError> {
        let cut = |text: &str| text[..text.floor_char_boundary(WORDS_BYTES_MAX)].to_owned();
        let action = Action {
            by: cut(&self.by),
            via: cut(via),
            what: cut(what),
            target: cut(target),
            reason: cut(reason),
        };
        Ok(Noted(self.audit.note(&action).await?))
    }

    /// Writes down what came of it. What can not be written is logged: it is done all the same.
    pub async fn note_outcome(&self, noted: Noted, outcome: &str) {
        let outcome = &outcome[..outcome.floor_char_boundary(WORDS_BYTES_MAX)];
        if let Err(why) = self.audit.note_outcome(noted.0, outcome).await {
            tracing::error!(%why, entry = noted.0, outcome, "the audit log lacks an outcome");
        }
    }

    /// A part of the log: at most `limit` entries before a number, or the latest.
    ///
    /// # Errors
    /// When a value is out of range.
    pub async fn audit(&self, before: Option<u64>, limit: u32) -> Result<AuditPart, AppError> {
        within_part(limit)?;
        let entries = self.audit.audit(before, limit).await?;
        let next = entries.last().map(|last| last.number).filter(|&number| number > 1);
        Ok(AuditPart { entries, next })
    }
}
