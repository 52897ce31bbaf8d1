//! Histories: one table, written by the transitions themselves.

use rusqlite::{Connection, OptionalExtension, Row};

use super::failure::Failure;
use super::row::{self, Head};
use super::tx::{Tx, integer};
use ktrdr_domain::OperationId;
use ktrdr_fabric::history::{Change, ENTRIES_MAX, Transition};
use ktrdr_fabric::limits::note as cut;

/// Attempts that surely fit into a history, with all that happens between them.
const ATTEMPTS_THAT_FIT: u64 = ENTRIES_MAX as u64 / 8;

impl Tx<'_> {
    /// Writes what happens to a row, with its fence and its worker.
    pub(super) fn record(&self, head: &Head, what: Change, note: Option<&str>) -> Result<(), Failure> {
        self.execute(
            "INSERT INTO history (operation, at_ms, what, fence, worker, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                head.seq,
                self.now.wall_ms,
                what.as_str(),
                integer(head.fence),
                &head.worker,
                note.filter(|note| !note.is_empty()).map(cut),
            ),
        )?;
        if head.fence > ATTEMPTS_THAT_FIT { self.forget_the_oldest(head.seq) } else { Ok(()) }
    }

    /// As [`Self::record`], for what may happen every minute: of several in a row the latest stays.
    pub(super) fn record_publishing_again(&self, head: &Head) -> Result<(), Failure> {
        self.execute(
            "DELETE FROM history WHERE seq = (SELECT max(seq) FROM history WHERE operation = ?1) AND what = ?2",
            (head.seq, Change::PublishedAgain.as_str()),
        )?;
        self.record(head, Change::PublishedAgain, None)
    }

    fn forget_the_oldest(&self, seq: i64) -> Result<(), Failure> {
        // The creation is one of them, and stands in the row.
        self.execute(
            "DELETE FROM history WHERE operation = ?1
               AND seq <= (SELECT seq FROM history WHERE operation = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
            (seq, ENTRIES_MAX - 1),
        )?;
        Ok(())
    }
}

/// The history of an operation, oldest first.
pub(super) fn read(db: &Connection, id: &OperationId) -> Result<Vec<Transition>, Failure> {
    let snapshot = db.unchecked_transaction()?;
    let mut created = snapshot.prepare_cached("SELECT seq, created_at_ms FROM operations WHERE id = ?1")?;
    let created = created.query_row([id.as_str()], |found| Ok((found.get::<_, i64>(0)?, found.get(1)?)));
    let Some((seq, created_at_ms)) = created.optional()? else { return Ok(Vec::new()) };
    let mut history = vec![Transition::created(created_at_ms)];
    let mut statement = snapshot.prepare_cached(
        "SELECT at_ms, what, fence, worker, note FROM history WHERE operation = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([seq])?;
    while let Some(found) = rows.next()? {
        history.push(transition(found)?);
    }
    Ok(history)
}

fn transition(found: &Row<'_>) -> Result<Transition, Failure> {
    Ok(Transition {
        at_ms: found.get(0)?,
        what: row::word(found, 1)?,
        fence: row::count(found, 2)?,
        worker: found.get(3)?,
        note: found.get(4)?,
    })
}
