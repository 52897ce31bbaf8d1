//! Publish again: what waits in a queue gets another message.

use std::time::Duration;

use ktrdr_domain::OperationId;

use crate::failure::Failure;
use crate::row::{Head, pinned, select_head};
use crate::tx::Tx;
use ktrdr_fabric::broker::Queue;

/// Looked up among the few that wait: with `kind` as it is, SQLite would go through all of a kind that there ever were.
const WAITING: &str = select_head!(
    "WHERE published_at_ms <= ?1 AND +kind = ?2 AND pinned IS ?3
       AND seq NOT IN (SELECT operation FROM outbox WHERE ended IS NULL)
     ORDER BY published_at_ms LIMIT ?4"
);

/// Those published longest ago first. A message that is still in the outbox needs no second one.
pub(crate) fn publish_again(
    tx: &mut Tx<'_>,
    queue: Queue,
    age: Duration,
    limit: u32,
) -> Result<u32, Failure> {
    let Some(kind) = queue.kind() else { return Ok(0) };
    let waiting = tx.all(WAITING, (tx.now.minus(age), kind.as_str(), pinned(queue), limit), Head::read)?;
    for head in &waiting {
        tx.record_publishing_again(head)?;
        publish(tx, head.seq)?;
    }
    Ok(u32::try_from(waiting.len()).unwrap_or(u32::MAX))
}

/// Writes the message of a pending leaf.
pub(super) fn publish(tx: &mut Tx<'_>, seq: i64) -> Result<(), Failure> {
    tx.execute(
        "UPDATE operations SET published_at_ms = ?2, due_at_ms = NULL WHERE seq = ?1",
        (seq, tx.now.steady_ms),
    )?;
    tx.post_job(seq)
}

/// The end of a child that its root waits for, unless it is about to be announced anyway.
pub(super) fn announce_again(tx: &mut Tx<'_>, child: &OperationId) -> Result<(), Failure> {
    let Some(child) = tx.head(child)? else { return Ok(()) };
    let announced = "SELECT 1 FROM outbox WHERE operation = ?1 AND ended IS NOT NULL";
    match child.status.end() {
        Some(ended) if tx.first(announced, [child.seq], |_| Ok(()))?.is_none() => {
            tx.record_publishing_again(&child)?;
            tx.post_event(child.seq, ended, child.fence, true)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{FILE_NAME, open_writer};

    #[test]
    fn what_waits_is_found_without_going_through_what_ended() {
        let folder = tempfile::TempDir::with_prefix("ktrdr-embedded-").unwrap();
        let db = open_writer(&folder.path().join(FILE_NAME), 1 << 30, None).unwrap();
        let plan: String = db
            .query_row(&format!("EXPLAIN QUERY PLAN {WAITING}"), (0, "probe", None::<String>, 9), |row| {
                row.get(3)
            })
            .unwrap();
        assert!(plan.contains("operations_published"), "{plan}");
    }
}
