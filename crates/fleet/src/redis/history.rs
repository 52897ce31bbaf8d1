//! Histories: one list per operation, written by the scripts themselves.

use std::error::Error;
use std::str::FromStr;

use ktrdr_domain::OperationId;

use super::call::Session;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::store::StoreError;

/// The history of an operation, oldest first.
pub(super) async fn read(session: &Session, id: &OperationId) -> Result<Vec<Transition>, StoreError> {
    let answer = session.call(&session.scripts.history).arg(id.as_str()).answer().await?;
    let Some(created_at_ms) = answer.at::<Option<i64>>(0)? else { return Ok(Vec::new()) };
    let entries: Vec<String> = answer.at(1)?;
    let later = entries.iter().map(|entry| transition(entry));
    std::iter::once(Ok(Transition::created(created_at_ms))).chain(later).collect()
}

/// Five lines: time, change, fence, worker or nothing, note or nothing. The note may have several.
fn transition(entry: &str) -> Result<Transition, StoreError> {
    let mut lines = entry.splitn(5, '\n');
    let mut line = || lines.next().ok_or_else(|| unreadable("it is too short"));
    Ok(Transition {
        at_ms: parsed(line()?)?,
        what: parsed(line()?)?,
        fence: parsed(line()?)?,
        worker: some(line()?),
        note: some(line()?),
    })
}

fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(unreadable)
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn unreadable(what: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Corrupt(Cause::because("an entry of a history can not be read", what))
}
