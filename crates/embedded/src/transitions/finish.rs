//! Finish: completed wins, everything else yields to a cancel request.

use std::time::Duration;

use ktrdr_domain::{FailureReason, Status};

use super::beat::is_held_by;
use super::end::{End, end};
use crate::failure::Failure;
use crate::row::Head;
use crate::tx::Tx;
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Attempt, Finish, Finished, StoreHint};

/// Ends an attempt if it still holds its row.
pub(crate) fn finish(tx: &mut Tx<'_>, attempt: &Attempt, how: Finish) -> Result<Finished, Failure> {
    let Some(head) = tx.head(&attempt.id)? else { return Ok(Finished::Refused { status: None, fence: 0 }) };
    if !is_held_by(&head, attempt) {
        return Ok(Finished::Refused { status: Some(head.status), fence: head.fence });
    }
    let over = match how {
        Finish::Completed(result) => End::completed(&result),
        how if head.is_cancel_requested => End::cancelled(error_of(how)),
        Finish::Cancelled => End::cancelled(None),
        Finish::Failed { reason, error, result } => End::failed(reason, Some(error), result.as_ref()),
        Finish::Retry { error, .. } if head.tries >= head.tries_max => {
            End::failed(FailureReason::AttemptsExhausted, Some(error), None)
        }
        Finish::Retry { error, delay } => return retry(tx, &head, &error, delay),
        Finish::Defer { why, delay } => return defer(tx, &head, &why, delay),
        Finish::Release => return release(tx, &head),
    };
    let status = over.status;
    end(tx, &head, &End { took_ms: Some(attempt.since.elapsed_ms()), ..over })?;
    Ok(Finished::Recorded(status.into()))
}

fn error_of(how: Finish) -> Option<String> {
    match how {
        Finish::Failed { error, .. } | Finish::Retry { error, .. } => Some(error),
        Finish::Completed(_) | Finish::Cancelled | Finish::Defer { .. } | Finish::Release => None,
    }
}

/// Pending until its due time; the sweep writes the message.
fn retry(tx: &mut Tx<'_>, head: &Head, error: &str, delay: Duration) -> Result<Finished, Failure> {
    tx.record(head, Change::RetryScheduled, Some(error))?;
    tx.execute(
        "UPDATE operations SET status = 'pending', error = ?2, due_at_ms = ?3, worker = NULL, lease_until_ms = NULL
         WHERE seq = ?1",
        (head.seq, error, tx.now.plus(delay)),
    )?;
    tx.hint(StoreHint::Changed(head.id.clone()));
    Ok(Finished::Recorded(Status::Pending))
}

/// As a retry, but the try is given back, and there is no error.
fn defer(tx: &mut Tx<'_>, head: &Head, why: &str, delay: Duration) -> Result<Finished, Failure> {
    tx.record(head, Change::Deferred, Some(why))?;
    tx.execute(
        "UPDATE operations SET status = 'pending', tries = tries - 1, waits_for = ?2, due_at_ms = ?3, worker = NULL,
           lease_until_ms = NULL
         WHERE seq = ?1",
        (head.seq, why, tx.now.plus(delay)),
    )?;
    tx.hint(StoreHint::Changed(head.id.clone()));
    Ok(Finished::Recorded(Status::Pending))
}

/// Pending at once; the try is given back, the fence is not.
fn release(tx: &mut Tx<'_>, head: &Head) -> Result<Finished, Failure> {
    tx.record(head, Change::Released, None)?;
    tx.execute(
        "UPDATE operations SET status = 'pending', tries = tries - 1, published_at_ms = ?2, worker = NULL,
           lease_until_ms = NULL
         WHERE seq = ?1",
        (head.seq, tx.now.steady_ms),
    )?;
    tx.post_job(head.seq)?;
    tx.hint(StoreHint::Changed(head.id.clone()));
    Ok(Finished::Recorded(Status::Pending))
}
