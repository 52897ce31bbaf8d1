//! What waits for workers.

use std::collections::HashMap;

use ktrdr_domain::Kind;
use rusqlite::Connection;

use super::failure::Failure;
use super::row::{self, pinned};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::Backlog;

/// All of it, of the queues that hold an operation whose last message was published until `until_ms`.
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
    while let Some(found) = rows.next()? {
        if found.get(3)? {
            waiting.insert((row::word(found, 0)?, found.get(1)?), row::count(found, 2)?);
        }
    }
    let waiting_in = |queue: Queue| {
        let key = (queue.kind()?, pinned(queue).map(str::to_owned));
        waiting.get(&key).map(|count| (queue, *count))
    };
    Ok(Backlog { waiting: Queue::all().into_iter().filter_map(waiting_in).collect(), outbox })
}
