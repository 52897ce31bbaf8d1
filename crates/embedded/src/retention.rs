//! Retention on SQLite: which rows may go, found by readers and by the writer alike, and their removal.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::Status;
use ktrdr_fabric::limits;
use ktrdr_fabric::retention::{PruneStep, PrunedSoFar, PrunedStep, Pruning};
use ktrdr_fabric::store::StoreError;
use rusqlite::{Connection, Row};

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::{Tx, integer};
use super::writer::Sync;

#[async_trait]
impl Pruning for SqliteStore {
    async fn prune(&self, step: &PruneStep) -> Result<PrunedStep, StoreError> {
        limits::check_page(step.limit)?;
        let (step, now_ms) = (*step, self.clock.now().wall_ms);
        if step.dry_run {
            return self.read_apart(move |db| counted(db, &look(db, &step, now_ms)?)).await;
        }
        // Losing this in a power loss is harmless: the next pass finds the same rows.
        self.writer.run(Sync::Later, move |tx| prune(tx, &step)).await
    }

    async fn pruned(&self) -> Result<PrunedSoFar, StoreError> {
        self.read_apart(|db| {
            let read = |found: &Row<'_>| {
                let (operations, histories) = (row::count(found, 0)?, row::count(found, 1)?);
                Ok(PrunedSoFar { operations, histories, at_ms: found.get(2)? })
            };
            let found = row::all(db, "SELECT operations, histories, at_ms FROM pruned", (), read)?;
            Ok(found.into_iter().next().unwrap_or_default())
        })
        .await
    }
}

/// What one step finds, by the numbers of rows.
struct Found {
    /// Rows that may go.
    go: Vec<i64>,
    /// Rows that stay without their histories.
    forget: Vec<i64>,
    next: Option<u64>,
}

/// A row with its children, should it be a cycle.
struct Whole {
    seq: i64,
    id: String,
    status: Status,
    created_at_ms: i64,
    finished_at_ms: Option<i64>,
    has_died: bool,
    has_key: bool,
    campaign: Option<String>,
}

const WHOLE: &str =
    "SELECT seq, id, status, created_at_ms, finished_at_ms, coalesce(reason = 'attempts_exhausted', 0),
       idempotency_key IS NOT NULL, campaign FROM operations
     WHERE seq > ?1 AND root IS NULL AND seq < (SELECT max(seq) FROM operations) ORDER BY seq LIMIT ?2";

impl Whole {
    fn read(found: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            seq: found.get(0)?,
            id: found.get(1)?,
            status: row::word(found, 2)?,
            created_at_ms: found.get(3)?,
            finished_at_ms: found.get(4)?,
            has_died: found.get(5)?,
            has_key: found.get(6)?,
            campaign: found.get(7)?,
        })
    }

    /// Whether it ended so long ago.
    fn ended_before(&self, kept: Option<Duration>, now_ms: i64) -> bool {
        let (Some(kept), Some(ended)) = (kept, self.finished_at_ms) else { return false };
        self.status.is_terminal() && ended <= until(kept, now_ms)
    }
}

fn until(kept: Duration, now_ms: i64) -> i64 {
    now_ms.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
}

/// Looks at the next rows.
fn look(db: &Connection, step: &PruneStep, now_ms: i64) -> Result<Found, Failure> {
    let mut found = Found { go: Vec::new(), forget: Vec::new(), next: None };
    let Some(shortest) = step.retention.shortest() else { return Ok(found) };
    let wholes = row::all(db, WHOLE, (integer(step.after), step.limit), Whole::read)?;
    found.next =
        wholes.last().filter(|_| wholes.len() == step.limit as usize).map(|last| last.seq.unsigned_abs());
    for whole in wholes {
        if whole.created_at_ms > until(shortest, now_ms) {
            // Whatever was created later ended later.
            found.next = None;
            break;
        }
        let kept = step.retention.of_operation(whole.has_died, whole.has_key);
        let members = members(db, &whole)?;
        if whole.ended_before(kept, now_ms) && is_spare(db, &whole, &members)? {
            found.go.extend(members.into_iter().map(|(seq, _)| seq));
        } else if whole.ended_before(step.retention.histories, now_ms) {
            found.forget.extend(members.into_iter().map(|(seq, _)| seq));
        }
    }
    Ok(found)
}

/// Numbers and ids of a row and its children.
fn members(db: &Connection, whole: &Whole) -> Result<Vec<(i64, String)>, Failure> {
    let sql = "SELECT seq, id FROM operations WHERE root = ?1";
    let mut members = row::all(db, sql, [&whole.id], |found| Ok((found.get(0)?, found.get(1)?)))?;
    members.push((whole.seq, whole.id.clone()));
    Ok(members)
}

/// Whether nobody needs it any more.
fn is_spare(db: &Connection, whole: &Whole, members: &[(i64, String)]) -> Result<bool, Failure> {
    let is_needed = "SELECT 1 WHERE EXISTS (SELECT 1 FROM trials WHERE operation = ?2)
                       OR EXISTS (SELECT 1 FROM candidates WHERE exam = ?2)
                       OR EXISTS (SELECT 1 FROM dead_letters WHERE operation = ?1)
                       OR EXISTS (SELECT 1 FROM outbox WHERE operation = ?1)";
    for (seq, id) in members {
        if !row::all(db, is_needed, (seq, id), |_| Ok(()))?.is_empty() {
            return Ok(false);
        }
    }
    let is_open = "SELECT 1 FROM campaigns c WHERE name = ?1
                     AND (SELECT coalesce(sum(cycles), 0) FROM campaign_outcomes WHERE campaign = c.name)
                       > (SELECT coalesce(max(cycles), 0) FROM closings WHERE campaign = c.name)";
    Ok(row::all(db, is_open, [&whole.campaign], |_| Ok(()))?.is_empty())
}

/// What would go.
fn counted(db: &Connection, found: &Found) -> Result<PrunedStep, Failure> {
    let mut histories = 0;
    for seq in &found.forget {
        let sql = "SELECT 1 FROM history WHERE operation = ?1 LIMIT 1";
        histories += row::all(db, sql, [seq], |_| Ok(()))?.len() as u64;
    }
    Ok(PrunedStep { operations: found.go.len() as u64, histories, next: found.next })
}

fn prune(tx: &mut Tx<'_>, step: &PruneStep) -> Result<PrunedStep, Failure> {
    let found = look(tx.db(), step, tx.now.wall_ms)?;
    let pruned = counted(tx.db(), &found)?;
    for seq in &found.forget {
        tx.execute("DELETE FROM history WHERE operation = ?1", [seq])?;
    }
    for seq in &found.go {
        tx.execute("DELETE FROM concurrency_keys WHERE root = ?1", [seq])?;
        tx.execute("DELETE FROM lanes WHERE lane = ?1", [seq])?;
        // What else is its own goes with it; the counts follow.
        tx.execute("DELETE FROM operations WHERE seq = ?1", [seq])?;
    }
    if pruned.operations + pruned.histories > 0 {
        let sql = "UPDATE pruned SET operations = operations + ?1, histories = histories + ?2, at_ms = ?3";
        tx.execute(sql, (integer(pruned.operations), integer(pruned.histories), tx.now.wall_ms))?;
    }
    Ok(pruned)
}
