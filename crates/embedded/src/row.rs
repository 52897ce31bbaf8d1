//! From a row to an [`Operation`].

use std::error::Error;
use std::str::FromStr;

use ktrdr_domain::operation::CancelRequest;
use ktrdr_domain::{FailureReason, Kind, Operation, OperationId, OperationSummary, Status, Subject};
use rusqlite::{Connection, Params, Row};
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use ktrdr_fabric::broker::Queue;

/// The columns that [`summary`] reads, in its order.
macro_rules! summary_columns {
    () => {
        "id, kind, status, reason, error, fence, tries, tries_max, worker, lease_until_ms, cancel_at_ms, cancel_by, \
         cancel_reason, cancel_too_late, strategy, symbol, timeframe, caveat, progress, root, phase, waiting, \
         created_at_ms, started_at_ms, finished_at_ms, rescues, took_ms, waits_for, campaign"
    };
}

/// Selects what [`summary`] reads.
macro_rules! select_summary {
    ($tail:expr) => {
        concat!("SELECT ", $crate::row::summary_columns!(), " FROM operations ", $tail)
    };
}
pub(super) use select_summary;

/// Selects what [`operation`] reads.
macro_rules! select_operation {
    ($tail:expr) => {
        concat!(
            "SELECT ",
            $crate::row::summary_columns!(),
            ", spec, result FROM operations JOIN payloads ON operation = seq ",
            $tail
        )
    };
}
pub(super) use select_operation;
pub(super) use summary_columns;

/// Where [`operation`] finds the specification.
const SPEC: usize = 29;

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
    Ok(Operation { summary: summary(row)?, spec: json_at(row, SPEC)?, result: optional_json(row, SPEC + 1)? })
}

/// Reads what lists say of a row.
pub(super) fn summary(row: &Row<'_>) -> Result<OperationSummary, Failure> {
    Ok(OperationSummary {
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
        cancel: cancel(row)?,
        subject: Subject::from_words(text(row, 14)?, text(row, 15)?, text(row, 16)?),
        caveat: row.get(17)?,
        progress: optional_json(row, 18)?,
        root: optional_word(row, 19)?,
        phase: optional_word(row, 20)?,
        waiting: optional_word(row, 21)?,
        created_at_ms: row.get(22)?,
        started_at_ms: row.get(23)?,
        finished_at_ms: row.get(24)?,
        rescues: row.get(25)?,
        took_ms: row.get::<_, Option<i64>>(26)?.and_then(|ms| u64::try_from(ms).ok()),
        waits_for: row.get(27)?,
        campaign: optional_word(row, 28)?,
    })
}

fn cancel(row: &Row<'_>) -> Result<Option<CancelRequest>, Failure> {
    let Some(at_ms) = row.get(10)? else { return Ok(None) };
    Ok(Some(CancelRequest { at_ms, by: row.get(11)?, reason: row.get(12)?, too_late: row.get(13)? }))
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

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<Option<&'r str>, Failure> {
    Ok(row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?)
}

/// As [`word`], where there may be nothing.
pub(super) fn optional_word<T: FromStr<Err: Error + Send + Sync + 'static>>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, Failure> {
    text(row, column)?.map(str::parse).transpose().map_err(Failure::corrupt)
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
    text(row, column)?.map(json).transpose()
}
