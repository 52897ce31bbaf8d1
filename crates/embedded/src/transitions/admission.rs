//! Admission of a root within limits on concurrency: counted and created in one step.

use ktrdr_domain::OperationId;

use super::roots::submit_roots;
use crate::failure::Failure;
use crate::row;
use crate::tx::Tx;
use ktrdr_fabric::store::{Admission, ConcurrencyLimit, NewRoot, Pace, Submitted};

/// Who goes on under a key, oldest first.
pub(crate) const HOLDERS: &str = "SELECT o.id FROM concurrency_keys k JOIN operations o ON o.seq = k.root
     WHERE k.key = ?1 AND o.status IN ('pending', 'running') ORDER BY o.seq";

/// Creates a root in a lane of its own, if each of its keys has a place for it.
pub(crate) fn submit_within(
    tx: &mut Tx<'_>,
    root: NewRoot,
    limits: &[ConcurrencyLimit],
) -> Result<Admission, Failure> {
    if tx.head(&root.id)?.is_some() {
        return Ok(Admission::Duplicate(root.id));
    }
    for ConcurrencyLimit { key, most } in limits {
        forget_ended(tx, key)?;
        let holders: Vec<OperationId> = tx.all(HOLDERS, [key], |found| row::word(found, 0))?;
        if holders.len() >= *most as usize {
            return Ok(Admission::Full { key: key.clone(), holders });
        }
    }
    let id = root.id.clone();
    if let Submitted::Duplicate(id) = submit_roots(tx, &[root], Pace::free(1))? {
        return Ok(Admission::Duplicate(id));
    }
    for ConcurrencyLimit { key, .. } in limits {
        tx.execute(
            "INSERT INTO concurrency_keys (key, root) SELECT ?1, seq FROM operations WHERE id = ?2",
            (key, id.as_str()),
        )?;
    }
    Ok(Admission::Created)
}

fn forget_ended(tx: &Tx<'_>, key: &str) -> Result<(), Failure> {
    tx.execute(
        "DELETE FROM concurrency_keys WHERE key = ?1
           AND (SELECT finished_at_ms FROM operations WHERE seq = root) IS NOT NULL",
        [key],
    )?;
    Ok(())
}
