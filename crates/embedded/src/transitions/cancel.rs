//! Cancel: done at once while pending, a flag while running, passed on by a root to its current child.

use ktrdr_domain::{OperationId, Status};

use super::end::{End, end};
use super::publish_again::announce_again;
use crate::failure::Failure;
use crate::row::Head;
use crate::tx::Tx;
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Cancelled, StoreHint};

/// Asks for a stop. Of several requests the first one's words stay.
pub(crate) fn cancel(
    tx: &mut Tx<'_>,
    id: &OperationId,
    by: &str,
    reason: &str,
) -> Result<Cancelled, Failure> {
    let Some(head) = tx.head(id)? else { return Ok(Cancelled::Missing) };
    match head.status {
        Status::Completed | Status::Failed | Status::Cancelled => Ok(Cancelled::TooLate(head.status)),
        Status::Pending => cancel_waiting(tx, &head, by, reason).map(|()| Cancelled::Done),
        Status::Running => {
            flag(tx, &head, by, reason)?;
            match &head.waiting {
                // A child has no child: this goes one level deep.
                Some(child) => {
                    if let Cancelled::TooLate(_) = cancel(tx, child, by, reason)? {
                        // Its root stayed where it is, or is about to move.
                        announce_again(tx, child)?;
                    }
                }
                None => tx.hint(StoreHint::Cancel(head.id.clone())),
            }
            tx.hint(StoreHint::Changed(head.id));
            Ok(Cancelled::Requested)
        }
    }
}

/// What is pending ends at once.
pub(super) fn cancel_waiting(tx: &mut Tx<'_>, head: &Head, by: &str, reason: &str) -> Result<(), Failure> {
    flag(tx, head, by, reason)?;
    end(tx, head, &End::cancelled(None))
}

fn flag(tx: &mut Tx<'_>, head: &Head, by: &str, reason: &str) -> Result<(), Failure> {
    if head.is_cancel_requested {
        return Ok(());
    }
    tx.execute(
        "UPDATE operations SET cancel_at_ms = ?2, cancel_by = ?3, cancel_reason = ?4 WHERE seq = ?1",
        (head.seq, tx.now.wall_ms, by, reason),
    )?;
    let words = if reason.is_empty() { by.to_owned() } else { format!("{by}: {reason}") };
    tx.record(head, Change::CancelRequested, Some(&words))
}
