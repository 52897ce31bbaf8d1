//! The audit log on SQLite. Entries need no commit of their own: they go with that of what is done, or the next.

use async_trait::async_trait;
use ktrdr_fabric::audit::{Action, Audit, AuditEntry};
use ktrdr_fabric::limits;
use ktrdr_fabric::store::StoreError;
use rusqlite::{Connection, Row};

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::{Tx, integer};
use super::writer::Sync;

#[async_trait]
impl Audit for SqliteStore {
    async fn note(&self, action: &Action) -> Result<u64, StoreError> {
        let json = limits::action_json(action)?;
        let insert = move |tx: &mut Tx<'_>| {
            tx.execute("INSERT INTO audit (at_ms, action) VALUES (?1, ?2)", (tx.now.wall_ms, &json))?;
            Ok(u64::try_from(tx.inserted()).unwrap_or_default())
        };
        self.writer.run(Sync::Later, insert).await
    }

    async fn note_outcome(&self, number: u64, outcome: &str) -> Result<(), StoreError> {
        limits::check_text("outcome", outcome)?;
        let outcome = outcome.to_owned();
        let update = move |tx: &mut Tx<'_>| {
            let sql = "UPDATE audit SET outcome = ?2 WHERE number = ?1 AND outcome IS NULL";
            tx.execute(sql, (integer(number), &outcome)).map(|_| ())
        };
        self.writer.run(Sync::Later, update).await
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        limits::check_page(limit)?;
        let before = before.map_or(i64::MAX, integer);
        self.read_apart(move |db| newest(db, before, limit)).await
    }
}

fn newest(db: &Connection, before: i64, limit: u32) -> Result<Vec<AuditEntry>, Failure> {
    let sql =
        "SELECT number, at_ms, action, outcome FROM audit WHERE number < ?1 ORDER BY number DESC LIMIT ?2";
    row::all(db, sql, (before, limit), entry)
}

fn entry(found: &Row<'_>) -> Result<AuditEntry, Failure> {
    let action = row::json_at(found, 2)?;
    Ok(AuditEntry { number: row::count(found, 0)?, at_ms: found.get(1)?, action, outcome: found.get(3)? })
}
