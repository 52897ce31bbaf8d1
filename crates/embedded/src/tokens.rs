//! Tokens on SQLite. Whether one is in force depends on the clock; one lookup reads on the caller's thread.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_fabric::limits;
use ktrdr_fabric::store::StoreError;
use ktrdr_fabric::tokens::{Issued, IssuedToken, TOKENS_MAX, Token, Tokens};
use rusqlite::Row;

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::Tx;
use super::writer::Sync;

const SELECT: &str = "SELECT token, created_at_ms, expires_at_ms FROM tokens";

#[async_trait]
impl Tokens for SqliteStore {
    async fn issue(&self, token: &Token, lasts: Duration) -> Result<Issued, StoreError> {
        let (id, json) = (token.id.clone(), limits::token_json(token)?);
        self.writer.run(Sync::Now, move |tx| issue(tx, &id, &json, lasts)).await
    }

    async fn token(&self, id: &str) -> Result<Option<IssuedToken>, StoreError> {
        let (sql, now_ms) =
            (format!("{SELECT} WHERE id = ?1 AND expires_at_ms > ?2"), self.clock.now().wall_ms);
        self.readers.read(|db| Ok(row::all(db, &sql, (id, now_ms), issued)?.pop()))
    }

    async fn tokens(&self) -> Result<Vec<IssuedToken>, StoreError> {
        let now_ms = self.clock.now().wall_ms;
        let sql = format!("{SELECT} WHERE expires_at_ms > ?1 ORDER BY created_at_ms, id");
        self.read_apart(move |db| row::all(db, &sql, [now_ms], issued)).await
    }

    async fn revoke(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        let end = move |tx: &mut Tx<'_>| {
            let sql = "DELETE FROM tokens WHERE id = ?1 AND expires_at_ms > ?2";
            Ok(tx.execute(sql, (&id, tx.now.wall_ms))? > 0)
        };
        self.writer.run(Sync::Now, end).await
    }
}

fn issue(tx: &mut Tx<'_>, id: &str, json: &str, lasts: Duration) -> Result<Issued, Failure> {
    tx.execute("DELETE FROM tokens WHERE expires_at_ms <= ?1", [tx.now.wall_ms])?;
    let in_force = tx.all("SELECT 1 FROM tokens", (), |_| Ok(()))?.len();
    if in_force >= TOKENS_MAX {
        return Ok(Issued::TooMany);
    }
    let until = tx.now.wall_plus(lasts);
    let insert = "INSERT INTO tokens (id, token, created_at_ms, expires_at_ms) VALUES (?1, ?2, ?3, ?4)
                  ON CONFLICT DO NOTHING";
    match tx.execute(insert, (id, json, tx.now.wall_ms, until))? {
        0 => Ok(Issued::Taken),
        _ => Ok(Issued::Until(until)),
    }
}

fn issued(found: &Row<'_>) -> Result<IssuedToken, Failure> {
    let token = row::json_at(found, 0)?;
    Ok(IssuedToken { token, created_at_ms: found.get(1)?, expires_at_ms: found.get(2)? })
}
