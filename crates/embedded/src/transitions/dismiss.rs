//! Dismiss: an operation that used up its tries leaves the dead letters. Its row stays as it is.

use ktrdr_domain::{FailureReason, OperationId};

use crate::failure::Failure;
use crate::tx::Tx;
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Dismissed, StoreHint};

/// On the word of `by`.
pub(crate) fn dismiss(tx: &mut Tx<'_>, id: &OperationId, by: &str) -> Result<Dismissed, Failure> {
    let Some(head) = tx.head(id)? else { return Ok(Dismissed::Missing) };
    let died = "SELECT 1 FROM operations WHERE seq = ?1 AND status = 'failed' AND reason = ?2";
    if tx.first(died, (head.seq, FailureReason::AttemptsExhausted.as_str()), |_| Ok(()))?.is_none() {
        return Ok(Dismissed::NotDead(head.status));
    }
    if tx.execute("DELETE FROM dead_letters WHERE operation = ?1", [head.seq])? == 0 {
        return Ok(Dismissed::Before);
    }
    tx.record(&head, Change::Dismissed, Some(by))?;
    tx.hint(StoreHint::Changed(head.id));
    Ok(Dismissed::Done)
}
