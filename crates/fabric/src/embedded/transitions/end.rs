//! The end of an operation: the only place where a row becomes terminal.

use ktrdr_domain::EndStatus::{self, Cancelled, Completed, Failed};
use ktrdr_domain::Status;

use super::roots::start_next_of;
use crate::embedded::row::Head;
use crate::embedded::tx::Tx;
use crate::history::Change;
use crate::store::{StoreError, StoreHint};

/// The reason of a failure whose tries are all spent.
pub(super) const ATTEMPTS_EXHAUSTED: &str = "attempts_exhausted";

/// How an operation ends.
pub(super) struct End {
    pub(super) status: EndStatus,
    pub(super) reason: Option<String>,
    /// `None` leaves the error of an earlier attempt standing.
    pub(super) error: Option<String>,
    /// JSON.
    pub(super) result: Option<String>,
}

impl End {
    pub(super) fn completed(result: String) -> Self {
        Self { status: Completed, reason: None, error: None, result: Some(result) }
    }

    pub(super) fn failed(reason: &str, error: Option<String>, result: Option<String>) -> Self {
        Self { status: Failed, reason: Some(reason.to_owned()), error, result }
    }

    pub(super) fn cancelled(error: Option<String>) -> Self {
        Self { status: Cancelled, reason: None, error, result: None }
    }

    fn change(&self) -> Change {
        match self.status {
            Completed => Change::Completed,
            Failed => Change::Failed,
            Cancelled => Change::Cancelled,
        }
    }

    fn note(&self) -> Option<String> {
        let words: Vec<&str> =
            [&self.reason, &self.error].into_iter().flatten().map(String::as_str).collect();
        (!words.is_empty()).then(|| words.join(": "))
    }
}

/// Ends an operation that is not terminal: row, event, and for a root the start of the next one in its lane.
/// A result that arrives after a cancel request is marked as such.
pub(super) fn end(tx: &mut Tx<'_>, head: &Head, end: &End) -> Result<(), StoreError> {
    tx.record(head, end.change(), end.note().as_deref())?;
    tx.execute(
        "UPDATE operations SET status = ?2, reason = ?3, result = ?5, finished_at_ms = ?6,
           error = CASE ?2 WHEN 'completed' THEN NULL ELSE coalesce(?4, error) END,
           cancel_too_late = (cancel_at_ms IS NOT NULL AND ?2 = 'completed'),
           worker = NULL, lease_until_ms = NULL, published_at_ms = NULL, due_at_ms = NULL, waiting = NULL
         WHERE seq = ?1",
        (head.seq, Status::from(end.status).as_str(), &end.reason, &end.error, &end.result, tx.now.wall_ms),
    )?;
    if end.reason.as_deref() == Some(ATTEMPTS_EXHAUSTED) {
        tx.execute("INSERT OR IGNORE INTO dead_letters (operation) VALUES (?1)", [head.seq])?;
    }
    tx.post_event(head.seq, end.status, head.fence, false)?;
    tx.execute(
        "UPDATE operations SET since_ms = ?2 WHERE id = (SELECT root FROM operations WHERE seq = ?1)",
        (head.seq, tx.now.steady_ms),
    )?;
    tx.hint(StoreHint::Changed(head.id.clone()));
    match head.lane {
        Some(lane) => leave_lane(tx, head, lane),
        None => Ok(()),
    }
}

/// A root that ended while it still waited has a running one before it: nothing to start.
fn leave_lane(tx: &mut Tx<'_>, root: &Head, lane: i64) -> Result<(), StoreError> {
    if root.status == Status::Pending {
        tx.execute("DELETE FROM waiting_roots WHERE root = ?1", [root.seq])?;
        return Ok(());
    }
    start_next_of(tx, lane)?;
    Ok(())
}
