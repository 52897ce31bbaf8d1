//! Claim: the try is counted before the work starts.

use std::time::Duration;

use ktrdr_domain::{FailureReason, OperationId, Status};

use super::end::{End, end};
use super::loss::{Lost, come_back, lose};
use crate::failure::Failure;
use crate::row::Head;
use crate::tx::{Tx, integer};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Attempt, BootId, Claim, Stopwatch, StoreError, StoreHint};

/// Takes a pending operation, or one whose lease lapsed; ends it when a cancel or the last try came before.
pub(crate) fn claim(
    tx: &mut Tx<'_>,
    id: &OperationId,
    boot: &BootId,
    lease: Duration,
) -> Result<Claim, Failure> {
    let Some(head) = tx.head(id)? else { return Ok(Claim::Missing) };
    if head.kind.is_root() {
        return Err(StoreError::Invalid(
            format!("{id} is a research cycle: it is advanced, never claimed").into(),
        )
        .into());
    }
    if head.status.is_terminal() {
        return Ok(Claim::Terminal(head.status));
    }
    if let Some(until) = head.lease_until_ms
        && until > tx.now.steady_ms
    {
        return Ok(Claim::Leased(until));
    }
    if head.status == Status::Running {
        return take_over(tx, head, boot, lease);
    }
    if let Some(over) = over_before_start(&head) {
        end(tx, &head, &over)?;
        return Ok(Claim::Terminal(over.status.into()));
    }
    run(tx, head, boot, lease)
}

/// From a worker whose lease lapsed and whom no sweep has noticed yet.
fn take_over(tx: &mut Tx<'_>, mut head: Head, boot: &BootId, lease: Duration) -> Result<Claim, Failure> {
    match lose(tx, &mut head)? {
        Lost::Ended(status) => Ok(Claim::Terminal(status.into())),
        Lost::GoesOn(Duration::ZERO) => run(tx, head, boot, lease),
        Lost::GoesOn(wait) => {
            come_back(tx, &head, wait)?;
            Ok(Claim::Leased(tx.now.plus(wait)))
        }
    }
}

/// What ends an operation instead of another attempt.
fn over_before_start(head: &Head) -> Option<End> {
    if head.is_cancel_requested {
        return Some(End::cancelled(None));
    }
    (head.tries >= head.tries_max).then(|| End::failed(FailureReason::AttemptsExhausted, None, None))
}

fn run(tx: &mut Tx<'_>, mut head: Head, boot: &BootId, lease: Duration) -> Result<Claim, Failure> {
    let fence = head.fence + 1;
    let earlier = head.worker.replace(boot.0.clone());
    head.fence = fence;
    tx.execute(
        "UPDATE operations SET status = 'running', fence = ?2, tries = tries + 1, worker = ?3, lease_until_ms = ?4,
           started_at_ms = ?5, published_at_ms = NULL, due_at_ms = NULL, waits_for = NULL
         WHERE seq = ?1",
        (head.seq, integer(fence), &boot.0, tx.now.plus(lease), tx.now.wall_ms),
    )?;
    let what = if head.status == Status::Running { Change::TakenOver } else { Change::Claimed };
    tx.record(&head, what, earlier.as_deref())?;
    tx.hint(StoreHint::Changed(head.id.clone()));
    let row = tx.operation(head.seq)?;
    let operation =
        row.ok_or_else(|| Failure::corrupt(format!("{} vanished while it was claimed", head.id)))?;
    let attempt = Attempt { id: head.id, fence, boot: boot.clone(), since: Stopwatch::start() };
    Ok(Claim::Run { attempt, operation: Box::new(operation) })
}
