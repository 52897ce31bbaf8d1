//! Which workers are there and what operators ask of them, in the store's file: other processes read it, and order.
//!
//! Who is there is read as lists are, by the store's clock: also on a full disk, where nothing can be written.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::Kind;
use rusqlite::{Connection, Params};

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::Tx;
use super::writer::Sync;
use ktrdr_fabric::limits;
use ktrdr_fabric::registry::{
    CONTROL_KEPT, ControlState, WorkerEntry, WorkerInfo, WorkerReader, WorkerRegistry,
};
use ktrdr_fabric::store::{BootId, StoreError, StoreHint};

#[async_trait]
impl WorkerReader for SqliteStore {
    async fn workers(&self) -> Result<Vec<WorkerEntry>, StoreError> {
        let now_ms = self.clock.now().wall_ms;
        self.read_apart(move |db| workers(db, now_ms)).await
    }

    async fn paused(&self) -> Result<BTreeMap<Kind, Option<i64>>, StoreError> {
        self.read_apart(paused).await
    }
}

#[async_trait]
impl WorkerRegistry for SqliteStore {
    async fn heartbeat(&self, worker: &WorkerInfo, ttl: Duration) -> Result<ControlState, StoreError> {
        let (boot, said) = (worker.boot.0.clone(), limits::worker_json(worker)?);
        self.writer.run(Sync::Later, move |tx| heartbeat(tx, &boot, &said, ttl)).await
    }

    async fn deregister(&self, boot: &BootId) -> Result<(), StoreError> {
        let boot = boot.0.clone();
        let forget = move |tx: &mut Tx<'_>| tx.execute("DELETE FROM workers WHERE boot = ?1", [boot]);
        self.writer.run(Sync::Later, forget).await.map(|_| ())
    }

    async fn drain(&self, boot: &BootId) -> Result<bool, StoreError> {
        let boot = boot.0.clone();
        self.writer.run(Sync::Now, move |tx| drain(tx, &boot)).await
    }

    async fn pause(&self, kind: Kind) -> Result<bool, StoreError> {
        limits::check_kind(kind)?;
        let sql = "INSERT INTO paused_kinds (kind, at_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.writer.run(Sync::Now, move |tx| order(tx, sql, (kind.as_str(), tx.now.wall_ms))).await
    }

    async fn resume(&self, kind: Kind) -> Result<bool, StoreError> {
        let sql = "DELETE FROM paused_kinds WHERE kind = ?1";
        self.writer.run(Sync::Now, move |tx| order(tx, sql, [kind.as_str()])).await
    }
}

fn heartbeat(tx: &mut Tx<'_>, boot: &str, said: &str, ttl: Duration) -> Result<ControlState, Failure> {
    tx.execute(
        "INSERT INTO workers (boot, said, said_at_ms, until_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (boot) DO UPDATE
           SET said = excluded.said, said_at_ms = excluded.said_at_ms, until_ms = excluded.until_ms",
        (boot, said, tx.now.wall_ms, tx.now.wall_plus(ttl)),
    )?;
    let long_gone = tx.now.wall_ms - CONTROL_KEPT.as_millis() as i64;
    tx.execute("DELETE FROM workers WHERE until_ms <= ?1", [long_gone])?;
    let drain = tx.first("SELECT drain FROM workers WHERE boot = ?1", [boot], |found| Ok(found.get(0)?))?;
    Ok(ControlState { drain: drain.unwrap_or_default(), paused: paused(tx.db())?.into_keys().collect() })
}

fn workers(db: &Connection, now_ms: i64) -> Result<Vec<WorkerEntry>, Failure> {
    let sql = "SELECT said, said_at_ms, until_ms FROM workers WHERE until_ms > ?1 ORDER BY boot";
    row::all(db, sql, [now_ms], |found| {
        Ok(WorkerEntry { worker: row::json_at(found, 0)?, at_ms: found.get(1)?, until_ms: found.get(2)? })
    })
}

fn drain(tx: &mut Tx<'_>, boot: &str) -> Result<bool, Failure> {
    let sql = "UPDATE workers SET drain = 1 WHERE boot = ?1 AND until_ms > ?2";
    let is_there = tx.execute(sql, (boot, tx.now.wall_ms))? > 0;
    if is_there {
        tx.hint(StoreHint::Control);
    }
    Ok(is_there)
}

/// Pauses or resumes.
fn order(tx: &mut Tx<'_>, sql: &str, what: impl Params) -> Result<bool, Failure> {
    let has_changed = tx.execute(sql, what)? > 0;
    if has_changed {
        tx.hint(StoreHint::Control);
    }
    Ok(has_changed)
}

/// A kind that only a newer version knows is nothing to us.
fn paused(db: &Connection) -> Result<BTreeMap<Kind, Option<i64>>, Failure> {
    let sql = "SELECT kind, at_ms FROM paused_kinds";
    let named: Vec<(String, Option<i64>)> =
        row::all(db, sql, (), |found| Ok((found.get(0)?, found.get(1)?)))?;
    Ok(named.into_iter().filter_map(|(name, at_ms)| Some((name.parse().ok()?, at_ms))).collect())
}
