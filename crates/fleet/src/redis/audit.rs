//! The audit log on Redis: a list that only grows, and beside it what came of each action.

use async_trait::async_trait;
use ktrdr_fabric::audit::{Action, Audit, AuditEntry};
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::limits;
use ktrdr_fabric::store::StoreError;

use super::row::json;
use super::store::RedisStore;

#[async_trait]
impl Audit for RedisStore {
    async fn note(&self, action: &Action) -> Result<u64, StoreError> {
        let call = self.session.call(&self.session.scripts.audit_note);
        call.arg(limits::action_json(action)?).answer().await?.at(0)
    }

    async fn note_outcome(&self, number: u64, outcome: &str) -> Result<(), StoreError> {
        limits::check_text("outcome", outcome)?;
        let call = self.session.call(&self.session.scripts.audit_outcome);
        call.arg(number).arg(outcome).value().await.map(|_| ())
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        limits::check_page(limit)?;
        let call = self.session.call(&self.session.scripts.audit);
        let call = call.arg(before.map(|number| number.to_string()).unwrap_or_default());
        let answer = call.arg(limit).answer().await?;
        let (first, found, outcomes): (u64, Vec<String>, Vec<String>) =
            (answer.at(0)?, answer.at(1)?, answer.at(2)?);
        let numbered = (first..).zip(found.iter().zip(outcomes));
        let mut entries = numbered
            .map(|(number, (kept, outcome))| entry(number, kept, outcome))
            .collect::<Result<Vec<_>, _>>()?;
        entries.reverse();
        Ok(entries)
    }
}

/// `at action`
fn entry(number: u64, kept: &str, outcome: String) -> Result<AuditEntry, StoreError> {
    let (at, action) = kept
        .split_once(' ')
        .ok_or_else(|| StoreError::Corrupt("an entry of the audit log is cut short".into()))?;
    let at_ms =
        at.parse().map_err(|e| StoreError::Corrupt(Cause::because("the time of an audit entry", e)))?;
    Ok(AuditEntry {
        number,
        at_ms,
        action: json(action)?,
        outcome: Some(outcome).filter(|said| !said.is_empty()),
    })
}
