//! Suspect: the broker has lost whoever holds an operation. Unless they beat soon, their lease is over.

use std::time::Duration;

use ktrdr_domain::OperationId;

use crate::failure::Failure;
use crate::tx::Tx;
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::BootId;

/// How long the lease lasts now; nothing when nobody else holds one.
pub(crate) fn suspect(
    tx: &mut Tx<'_>,
    id: &OperationId,
    by: &BootId,
    grace_period: Duration,
) -> Result<Option<Duration>, Failure> {
    let Some(head) = tx.head(id)?.filter(|head| head.worker.as_deref() != Some(by.0.as_str())) else {
        return Ok(None);
    };
    let Some(until_ms) = head.lease_until_ms else { return Ok(None) };
    let soon_ms = tx.now.plus(grace_period);
    if until_ms > soon_ms {
        tx.execute("UPDATE operations SET lease_until_ms = ?2 WHERE seq = ?1", (head.seq, soon_ms))?;
        tx.record(&head, Change::Suspected, Some(&by.0))?;
    }
    let left_ms = until_ms.min(soon_ms) - tx.now.steady_ms;
    Ok(Some(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))))
}
