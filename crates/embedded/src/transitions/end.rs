//! The end of an operation: the only place where a row becomes terminal.

use ktrdr_domain::EndStatus::{self, Cancelled, Completed, Failed};
use ktrdr_domain::report::caveat;
use ktrdr_domain::{FailureReason, Status};
use serde_json::Value;

use super::roots::start_waiting;
use crate::failure::Failure;
use crate::row::Head;
use crate::tx::{Tx, integer};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::StoreHint;

/// How an operation ends.
pub(super) struct End {
    pub(super) status: EndStatus,
    pub(super) reason: Option<FailureReason>,
    /// `None` leaves the error of an earlier attempt standing.
    pub(super) error: Option<String>,
    /// JSON.
    pub(super) result: Option<String>,
    /// Why its figures are none.
    pub(super) caveat: Option<String>,
    /// Of a failed root: what its campaign counts it as, unless it is the reason.
    pub(super) stopped_by: Option<String>,
    /// Of an attempt that ended itself: how long it lasted.
    pub(super) took_ms: Option<u64>,
}

impl End {
    pub(super) fn completed(result: &Value) -> Self {
        Self { result: Some(result.to_string()), caveat: caveat(result), ..Self::new(Completed) }
    }

    pub(super) fn failed(reason: FailureReason, error: Option<String>, result: Option<&Value>) -> Self {
        let (result, caveat) = (result.map(Value::to_string), result.and_then(caveat));
        Self { reason: Some(reason), error, result, caveat, ..Self::new(Failed) }
    }

    pub(super) fn cancelled(error: Option<String>) -> Self {
        Self { error, ..Self::new(Cancelled) }
    }

    fn new(status: EndStatus) -> Self {
        Self {
            status,
            reason: None,
            error: None,
            result: None,
            caveat: None,
            stopped_by: None,
            took_ms: None,
        }
    }

    fn change(&self) -> Change {
        match self.status {
            Completed => Change::Completed,
            Failed => Change::Failed,
            Cancelled => Change::Cancelled,
        }
    }

    fn note(&self) -> Option<String> {
        let reason = self.reason.as_ref().map(FailureReason::as_str);
        let words: Vec<&str> = [reason, self.error.as_deref()].into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(": "))
    }
}

/// Ends an operation that is not terminal: row, event, and for a root the start of those in its lane that waited for it.
/// A result that arrives after a cancel request is marked as such.
pub(super) fn end(tx: &mut Tx<'_>, head: &Head, end: &End) -> Result<(), Failure> {
    tx.record(head, end.change(), end.note().as_deref())?;
    tx.execute(
        "UPDATE operations SET status = ?2, reason = ?3, caveat = ?5, finished_at_ms = ?6,
           error = CASE ?2 WHEN 'completed' THEN NULL ELSE coalesce(?4, error) END,
           cancel_too_late = (cancel_at_ms IS NOT NULL AND ?2 = 'completed'),
           stopped_by = coalesce(?7, ?3),
           took_ms = coalesce(?8, CASE steady_clock WHEN ?9 THEN ?10 - started_steady_ms END),
           worker = NULL, lease_until_ms = NULL, published_at_ms = NULL, due_at_ms = NULL, waiting = NULL,
           waits_for = NULL
         WHERE seq = ?1",
        (
            head.seq,
            Status::from(end.status).as_str(),
            end.reason.as_ref().map(FailureReason::as_str),
            &end.error,
            &end.caveat,
            tx.now.wall_ms,
            &end.stopped_by,
            end.took_ms.map(integer),
            tx.steady_clock,
            tx.now.steady_ms,
        ),
    )?;
    if let Some(result) = &end.result {
        tx.execute("UPDATE payloads SET result = ?2 WHERE operation = ?1", (head.seq, result))?;
    }
    if end.reason == Some(FailureReason::AttemptsExhausted) {
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

/// A root that ended while it still waited kept nobody waiting that is not kept by those before it: nothing to start.
fn leave_lane(tx: &mut Tx<'_>, root: &Head, lane: i64) -> Result<(), Failure> {
    if root.status == Status::Pending {
        tx.execute("DELETE FROM waiting_roots WHERE root = ?1", [root.seq])?;
        return Ok(());
    }
    start_waiting(tx, lane)?;
    Ok(())
}
