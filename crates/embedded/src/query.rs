//! Reading: one row, the outbox. Lists are read in [`super::list`].

use ktrdr_domain::job::SCHEMA;
use ktrdr_domain::{Event, JobMessage, Kind, Operation, OperationId, Status};
use rusqlite::{Connection, OptionalExtension, Row};

use super::clock::Now;
use super::row::{self, select_operation};
use super::transitions::admission::HOLDERS;
use super::tx::integer;
use crate::failure::Failure;
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::OutboxEntry;

/// One row.
pub(super) fn get(db: &Connection, id: &OperationId) -> Result<Option<Operation>, Failure> {
    let mut statement = db.prepare_cached(select_operation!("WHERE id = ?1"))?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(row::operation).transpose()
}

/// Several rows, of those that are there.
pub(super) fn get_all(db: &Connection, ids: &[OperationId]) -> Result<Vec<Operation>, Failure> {
    let snapshot = db.unchecked_transaction()?;
    ids.iter().filter_map(|id| get(&snapshot, id).transpose()).collect()
}

/// When what waits for a time is due. Due times count in steady time, people read the wall's.
pub(super) fn due(db: &Connection, id: &OperationId, now: Now) -> Result<Option<i64>, Failure> {
    let mut statement = db.prepare_cached("SELECT due_at_ms FROM operations WHERE id = ?1")?;
    let due: Option<Option<i64>> = statement.query_row([id.as_str()], |found| found.get(0)).optional()?;
    Ok(due.flatten().map(|due_ms| due_ms.saturating_sub(now.steady_ms).saturating_add(now.wall_ms)))
}

/// What was submitted under an idempotency key.
pub(super) fn keyed(db: &Connection, key: &str) -> Result<Option<OperationId>, Failure> {
    let mut statement = db.prepare_cached("SELECT id FROM operations WHERE idempotency_key = ?1")?;
    let mut rows = statement.query([key])?;
    rows.next()?.map(|found| row::word(found, 0)).transpose()
}

/// Roots that go on under a key, oldest first.
pub(super) fn holders(db: &Connection, key: &str) -> Result<Vec<OperationId>, Failure> {
    let mut statement = db.prepare_cached(HOLDERS)?;
    let mut rows = statement.query([key])?;
    let mut holders = Vec::new();
    while let Some(found) = rows.next()? {
        holders.push(row::word(found, 0)?);
    }
    Ok(holders)
}

/// The oldest entries of the outbox, or the oldest behind a position.
pub(super) fn outbox(db: &Connection, after: Option<u64>, limit: u32) -> Result<Vec<OutboxEntry>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT b.sequence, b.ended, b.fence, b.again, o.id, o.kind, o.root, o.priority,
           CASE WHEN b.ended IS NULL THEN (SELECT spec FROM payloads p WHERE p.operation = o.seq) END
         FROM outbox b JOIN operations o ON o.seq = b.operation WHERE b.sequence > ?1 ORDER BY b.sequence LIMIT ?2",
    )?;
    let mut rows = statement.query((after.map_or(-1, integer), limit))?;
    let mut entries = Vec::new();
    while let Some(found) = rows.next()? {
        entries.push(OutboxEntry { sequence: row::count(found, 0)?, message: message(found)? });
    }
    Ok(entries)
}

fn message(found: &Row<'_>) -> Result<Message, Failure> {
    let operation: OperationId = row::word(found, 4)?;
    let kind: Kind = row::word(found, 5)?;
    let root = row::optional_word(found, 6)?;
    let Some(ended) = row::optional_word::<Status>(found, 1)? else {
        let spec: String = found.get(8)?;
        let job = JobMessage { schema: SCHEMA, operation, kind, root, spec: row::json(&spec)? };
        return Ok(Message::Job { priority: found.get::<_, u8>(7)?.into(), job });
    };
    let status = ended.end().ok_or_else(|| Failure::corrupt(format!("an event that says {ended}")))?;
    Ok(Message::Event(Event {
        operation,
        kind,
        root,
        status,
        fence: row::count(found, 2)?,
        again: found.get(3)?,
    }))
}
