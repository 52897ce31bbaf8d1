//! From a row to an [`Operation`].

use std::error::Error;
use std::str::FromStr;

use ktrdr_domain::operation::CancelRequest;
use ktrdr_domain::{FailureReason, Kind, Operation, OperationId, Status};
use rusqlite::{Connection, Params, Row};
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use ktrdr_fabric::broker::Queue;

/// Selects what [`operation`] reads, in its order.
macro_rules! select_operation {
    ($tail:expr) => {
        concat!(
            "SELECT id, kind, status, reason, error, fence, tries, tries_max, worker, lease_until_ms, cancel_at_ms, ",
            "cancel_by, cancel_reason, cancel_too_late, spec, result, progress, root, phase, waiting, created_at_ms, ",
            "started_at_ms, finished_at_ms, rescues, took_ms, waits_for FROM operations ",
            $tail
        )
    };
}
pub(super) use select_operation;

/// Reads all rows of a query.
pub(super) fn all<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Reads a whole row.
pub(super) fn operation(row: &Row<'_>) -> Result<Operation, Failure> {
    let cancel_at_ms: Option<i64> = row.get(10)?;
    let cancel = match cancel_at_ms {
        None => None,
        Some(at_ms) => {
            Some(CancelRequest { at_ms, by: row.get(11)?, reason: row.get(12)?, too_late: row.get(13)? })
        }
    };
    Ok(Operation {
        id: word(row, 0)?,
        kind: word(row, 1)?,
        status: word(row, 2)?,
        reason: row.get::<_, Option<String>>(3)?.map(FailureReason::from),
        error: row.get(4)?,
        fence: count(row, 5)?,
        tries: row.get(6)?,
        tries_max: row.get(7)?,
        worker: row.get(8)?,
        lease_until_ms: row.get(9)?,
        cancel,
        spec: json_at(row, 14)?,
        result: optional_json(row, 15)?,
        progress: optional_json(row, 16)?,
        root: optional_word(row, 17)?,
        phase: optional_word(row, 18)?,
        waiting: optional_word(row, 19)?,
        created_at_ms: row.get(20)?,
        started_at_ms: row.get(21)?,
        finished_at_ms: row.get(22)?,
        rescues: row.get(23)?,
        took_ms: row.get::<_, Option<i64>>(24)?.and_then(|ms| u64::try_from(ms).ok()),
        waits_for: row.get(25)?,
    })
}

/// How a row says, beside its kind, which queue its messages go to.
pub(super) fn pinned(queue: Queue) -> Option<&'static str> {
    match queue {
        Queue::Jobs(_) | Queue::OrchestratorEvents => None,
        Queue::Pinned(_, class) => Some(class.as_str()),
    }
}

/// The part of a row that decides about transitions.
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) id: OperationId,
    pub(super) kind: Kind,
    pub(super) status: Status,
    pub(super) fence: u64,
    pub(super) tries: u32,
    pub(super) tries_max: u32,
    pub(super) rescues: u32,
    pub(super) worker: Option<String>,
    pub(super) lease_until_ms: Option<i64>,
    pub(super) is_cancel_requested: bool,
    /// As it stands: it is compared, and a sweep must not stumble over a word of a newer version.
    pub(super) phase: Option<String>,
    pub(super) waiting: Option<OperationId>,
    pub(super) lane: Option<i64>,
}

/// Selects what [`Head::read`] reads.
macro_rules! select_head {
    ($tail:expr) => {
        concat!(
            "SELECT seq, id, kind, status, fence, tries, tries_max, worker, lease_until_ms, cancel_at_ms IS NOT NULL, ",
            "phase, waiting, lane, rescues FROM operations ",
            $tail
        )
    };
}
pub(super) use select_head;

impl Head {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            seq: row.get(0)?,
            id: word(row, 1)?,
            kind: word(row, 2)?,
            status: word(row, 3)?,
            fence: count(row, 4)?,
            tries: row.get(5)?,
            tries_max: row.get(6)?,
            worker: row.get(7)?,
            lease_until_ms: row.get(8)?,
            is_cancel_requested: row.get(9)?,
            phase: row.get(10)?,
            waiting: optional_word(row, 11)?,
            lane: row.get(12)?,
            rescues: row.get(13)?,
        })
    }
}

/// Reads a column that holds the text form of something.
pub(super) fn word<T: FromStr<Err: Error + Send + Sync + 'static>>(
    row: &Row<'_>,
    column: usize,
) -> Result<T, Failure> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    text.parse().map_err(Failure::corrupt)
}

/// As [`word`], where there may be nothing.
pub(super) fn optional_word<T: FromStr<Err: Error + Send + Sync + 'static>>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, Failure> {
    match row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(Failure::corrupt),
    }
}

/// Reads a number that is never negative.
pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64, Failure> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Failure::corrupt(format!("{number} where a count is expected")))
}

/// Reads a column that holds JSON.
pub(super) fn json_at<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Failure> {
    json(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

/// Reads JSON text.
pub(super) fn json<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(Failure::corrupt)
}

fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<Option<T>, Failure> {
    row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?.map(json).transpose()
}
