//! What waits for workers.

use std::collections::HashMap;

use ktrdr_domain::Kind;
use rusqlite::Connection;

use super::failure::Failure;
use super::row::{self, pinned};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::Backlog;

/// All of it; `waiting` of the queues that hold an operation whose last message was published until `until_ms`.
pub(super) fn backlog(db: &Connection, until_ms: i64) -> Result<Backlog, Failure> {
    let snapshot = db.unchecked_transaction()?;
    let mut statement = snapshot.prepare_cached("SELECT count(*) FROM outbox")?;
    let outbox = statement.query_row((), |found| found.get::<_, i64>(0))?.unsigned_abs();
    // Left to itself SQLite would rather group by an index of all rows than sort those few that wait.
    let mut statement = snapshot.prepare_cached(
        "SELECT kind, pinned, count(*), min(published_at_ms) <= ?1 FROM operations INDEXED BY operations_published
         WHERE published_at_ms IS NOT NULL GROUP BY kind, pinned",
    )?;
    let mut rows = statement.query([until_ms])?;
    let mut waiting: HashMap<(Kind, Option<String>), u64> = HashMap::new();
    let mut queued: HashMap<Kind, u64> = HashMap::new();
    while let Some(found) = rows.next()? {
        let (kind, count) = (row::word(found, 0)?, row::count(found, 2)?);
        *queued.entry(kind).or_default() += count;
        if found.get(3)? {
            waiting.insert((kind, found.get(1)?), count);
        }
    }
    let waiting_in = |queue: Queue| {
        let key = (queue.kind()?, pinned(queue).map(str::to_owned));
        waiting.get(&key).map(|count| (queue, *count))
    };
    let waiting = Queue::all().into_iter().filter_map(waiting_in).collect();
    Ok(Backlog { waiting, delayed: delayed(&snapshot, &queued)?, outbox })
}

/// What is pending, by the counts that rows keep of themselves, and waits in no queue: for the time of its next attempt.
fn delayed(db: &Connection, queued: &HashMap<Kind, u64>) -> Result<Vec<(Kind, u64)>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT rows FROM operation_counts WHERE campaign = '' AND status = 'pending' AND kind = ?1",
    )?;
    let mut delayed = Vec::new();
    for kind in Kind::with_jobs() {
        let mut found = statement.query([kind.as_str()])?;
        let pending = found.next()?.map_or(Ok(0), |found| row::count(found, 0))?;
        match pending.saturating_sub(queued.get(&kind).copied().unwrap_or(0)) {
            0 => {}
            count => delayed.push((kind, count)),
        }
    }
    Ok(delayed)
}
