//! Beat: the lease is extended, progress stored, the cancel flag returned.

use std::time::Duration;

use crate::failure::Failure;
use crate::row::Head;
use crate::tx::Tx;
use ktrdr_domain::Status;
use ktrdr_fabric::store::{Attempt, Beat, StoreHint};

/// `progress` is JSON; `None` keeps what is stored.
pub(crate) fn beat(
    tx: &mut Tx<'_>,
    attempt: &Attempt,
    lease: Duration,
    progress: Option<&str>,
) -> Result<Beat, Failure> {
    let head = tx.head(&attempt.id)?;
    let Some(head) = head.filter(|head| is_held_by(head, attempt)) else { return Ok(Beat::Fenced) };
    tx.execute(
        "UPDATE operations SET lease_until_ms = ?2, progress = coalesce(?3, progress) WHERE seq = ?1",
        (head.seq, tx.now.plus(lease), progress),
    )?;
    if progress.is_some() {
        tx.hint(StoreHint::Changed(head.id));
    }
    Ok(Beat::Alive { cancel: head.is_cancel_requested })
}

/// The compare of every compare-and-set by a worker: still running, this attempt, this process.
pub(super) fn is_held_by(head: &Head, attempt: &Attempt) -> bool {
    head.status == Status::Running
        && head.fence == attempt.fence
        && head.worker.as_deref() == Some(attempt.boot.0.as_str())
}
