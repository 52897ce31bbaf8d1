//! Reading: a part of a list, the outbox.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Display;

use ktrdr_domain::job::SCHEMA;
use ktrdr_domain::{Event, JobMessage, Kind, OperationId, Status};
use redis::{FromRedisValue, Value};

use super::call::Session;
use super::row;
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::store::{Filter, OutboxEntry, Page, StoreError};

/// Most outbox entries read at once, each with up to 64 KiB of specification: the relay comes back for more.
const ENTRIES_MAX: u32 = 1000;

/// In place of a status: the lists of the dead letters.
const DEAD: &str = "dead";

/// A part of a list, newest first, all numbers from one moment.
pub(super) async fn list(session: &Session, filter: &Filter) -> Result<Page, StoreError> {
    let every_kind = words(Kind::ALL.iter().copied());
    let statuses = Status::ALL
        .into_iter()
        .filter(|status| filter.means(*status))
        .filter(|status| !filter.dead || *status == Status::Failed)
        // The dead have failed, and have lists of their own.
        .map(|status| if filter.dead { DEAD } else { status.as_str() });
    let wanted_kind = |kind: &Kind| filter.kinds.is_empty() || filter.kinds.contains(kind);
    let kinds = Kind::ALL.iter().copied().filter(wanted_kind);
    let call = session.call(&session.scripts.list);
    let call = call.arg(filter.offset).arg(filter.limit);
    let call = call.arg(filter.root.as_ref().map_or("", |root| root.as_str()));
    let call = call.arg(words(statuses)).arg(words(kinds)).arg(every_kind);
    let call = call.arg(filter.campaign.as_ref().map_or("", |name| name.as_str()));
    let call = call.arg(filter.before.map(|position| position.to_string()).unwrap_or_default());
    let mut answer = call.arg(u8::from(filter.oldest_first)).answer().await?;
    let rows = Vec::<Value>::from_redis_value(answer.take(2)).map_err(|_| answer.unexpected())?;
    let (mut operations, mut positions) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (found, position) in rows.into_iter().zip(answer.at::<Vec<u64>>(4)?) {
        if let Some(operation) = row::summary(found)? {
            operations.push(operation.without_trail());
            positions.push(position);
        }
    }
    Ok(Page { operations, positions, total: answer.at(0)?, active: answer.at(1)?, now_ms: answer.at(3)? })
}

/// What was submitted under an idempotency key.
pub(super) async fn keyed(session: &Session, key: &str) -> Result<Option<OperationId>, StoreError> {
    let found = session.call(&session.scripts.keyed).arg(key).value().await?;
    let name: Option<String> = redis::from_redis_value(found).map_err(no_id)?;
    name.map(|name| name.parse().map_err(no_id)).transpose()
}

/// Roots that go on under a key, oldest first.
pub(super) async fn holders(session: &Session, key: &str) -> Result<Vec<OperationId>, StoreError> {
    let found = session.call(&session.scripts.holders).arg(key).value().await?;
    let names: Vec<String> = redis::from_redis_value(found).map_err(no_id)?;
    ids(&names)
}

/// When what waits for a time is due.
pub(super) async fn due(session: &Session, id: &OperationId) -> Result<Option<i64>, StoreError> {
    let found = session.call(&session.scripts.due).arg(id.as_str()).value().await?;
    redis::from_redis_value(found).map_err(|e| StoreError::Corrupt(Cause::of(e)))
}

/// Names of operations, read.
pub(super) fn ids(names: &[String]) -> Result<Vec<OperationId>, StoreError> {
    names.iter().map(|name| name.parse().map_err(no_id)).collect()
}

fn no_id(what: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Corrupt(Cause::because("what should be ids of operations is not", what))
}

/// `,pending,running,`
pub(super) fn words(items: impl Iterator<Item = impl Display>) -> String {
    items.fold(String::from(","), |text, item| text + &format!("{item},"))
}

/// The oldest entries of the outbox, or the oldest behind a position.
pub(super) async fn outbox(
    session: &Session,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let start = after.map_or("-".to_owned(), |sequence| format!("({}", position(sequence)));
    let call = session.call(&session.scripts.outbox).arg(start).arg(limit.min(ENTRIES_MAX));
    let found: Vec<(String, Vec<String>)> =
        redis::from_redis_value(call.value().await?).map_err(unreadable)?;
    found.into_iter().map(|(position, fields)| entry(&position, fields)).collect()
}

/// Positions are `1-<sequence>`.
fn entry(position: &str, fields: Vec<String>) -> Result<OutboxEntry, StoreError> {
    let sequence = position.strip_prefix("1-").and_then(|n| n.parse().ok());
    let sequence = sequence.ok_or_else(|| unreadable(position.to_string()))?;
    Ok(OutboxEntry { sequence, message: message(fields)? })
}

/// The position of an entry, as Redis knows it.
pub(super) fn position(sequence: u64) -> String {
    format!("1-{sequence}")
}

fn message(fields: Vec<String>) -> Result<Message, StoreError> {
    let mut fields = fields.into_iter();
    let mut named = HashMap::new();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        named.insert(name, value);
    }
    let field = |name: &str| named.get(name).map(String::as_str).unwrap_or_default();
    let root = match field("root") {
        "" => None,
        root => Some(root.parse().map_err(unreadable)?),
    };
    let kind = field("kind").parse().map_err(unreadable)?;
    if let Some(operation) = named.get("job") {
        let operation = operation.parse().map_err(unreadable)?;
        let job = JobMessage { schema: SCHEMA, operation, kind, root, spec: row::json(field("spec"))? };
        let priority: u8 = field("priority").parse().map_err(unreadable)?;
        return Ok(Message::Job { priority: priority.into(), job });
    }
    let status: Status = field("status").parse().map_err(unreadable)?;
    Ok(Message::Event(Event {
        operation: field("event").parse().map_err(unreadable)?,
        kind,
        root,
        status: status.end().ok_or_else(|| unreadable(status.to_string()))?,
        fence: field("fence").parse().map_err(unreadable)?,
        again: field("again") == "1",
    }))
}

fn unreadable(what: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Corrupt(Cause::because("what the store answered can not be read", what))
}
