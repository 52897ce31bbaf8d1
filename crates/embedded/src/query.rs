//! Reading: one row, a part of a list, the outbox.

use ktrdr_domain::job::SCHEMA;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Event, JobMessage, Kind, Operation, OperationId, Status};
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use super::row::{self, select_operation};
use super::transitions::admission::HOLDERS;
use super::tx::integer;
use crate::failure::Failure;
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{Filter, OutboxEntry, Page};

/// One row.
pub(super) fn get(db: &Connection, id: &OperationId) -> Result<Option<Operation>, Failure> {
    let mut statement = db.prepare_cached(select_operation!("WHERE id = ?1"))?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(row::operation).transpose()
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

/// A part of a list, newest first, all numbers from one snapshot.
pub(super) fn list(db: &Connection, filter: &Filter, now_ms: i64) -> Result<Page, Failure> {
    let snapshot = db.unchecked_transaction()?;
    let (wanted, values) = conditions(filter);
    let values = || params_from_iter(values.iter().map(|v| v as &dyn ToSql));
    let total = counted(&snapshot, &format!("SELECT count(*) FROM operations {wanted}"), values())?;
    let active = "SELECT count(*) FROM operations WHERE status IN ('pending', 'running')";
    let active = counted(&snapshot, active, ())?;
    // The numbers of the rows first: a late page, or one that has to be sorted, then goes through an index alone.
    let page = format!(
        "{select} WHERE seq IN (SELECT seq FROM operations {wanted} ORDER BY seq DESC LIMIT {limit} OFFSET {offset})
         ORDER BY seq DESC",
        select = select_operation!(""),
        limit = filter.limit,
        offset = integer(filter.offset),
    );
    // Not cached: the text holds limit and offset.
    let mut statement = snapshot.prepare(&page)?;
    let mut rows = statement.query(values())?;
    let mut operations = Vec::new();
    while let Some(found) = rows.next()? {
        operations.push(row::operation(found)?);
    }
    Ok(Page { operations, total, active, now_ms })
}

/// The `WHERE` of a filter and its values, in order.
fn conditions(filter: &Filter) -> (String, Vec<String>) {
    let values = [
        ("status = ?", filter.status.map(|s| s.to_string())),
        ("kind = ?", filter.kind.map(|k| k.to_string())),
        ("campaign = ?", filter.campaign.as_ref().map(CampaignName::to_string)),
        ("root = ?", filter.root.as_ref().map(OperationId::to_string)),
    ];
    let mut conditions: Vec<&str> = Vec::new();
    let mut given = Vec::new();
    for (condition, value) in values {
        if let Some(value) = value {
            conditions.push(condition);
            given.push(value);
        }
    }
    if filter.dead {
        conditions.push("seq IN (SELECT operation FROM dead_letters)");
    }
    if filter.active {
        conditions.push("status IN ('pending', 'running')");
    }
    let wanted =
        if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    (wanted, given)
}

fn counted(db: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<u64, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    rows.next()?.map_or(Ok(0), |found| row::count(found, 0))
}

/// The oldest entries of the outbox, or the oldest behind a position.
pub(super) fn outbox(db: &Connection, after: Option<u64>, limit: u32) -> Result<Vec<OutboxEntry>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT b.sequence, b.ended, b.fence, b.again, o.id, o.kind, o.root, o.priority,
           CASE WHEN b.ended IS NULL THEN o.spec END
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
