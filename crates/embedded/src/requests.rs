//! Keys of requests on SQLite. They need no commit of their own: they go with that of what is done, or the next.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::Sha256;
use ktrdr_fabric::limits;
use ktrdr_fabric::requests::{Begun, FORGOTTEN_AT_ONCE, Mark, Requests};
use ktrdr_fabric::store::StoreError;
use rusqlite::Row;

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::Tx;
use super::writer::Sync;

#[async_trait]
impl Requests for SqliteStore {
    async fn begin(&self, key: &Sha256, request: &Sha256, lasts: Duration) -> Result<Begun, StoreError> {
        let (key, request) = (key.to_string(), request.to_string());
        self.writer.run(Sync::Later, move |tx| begin(tx, &key, &request, lasts)).await
    }

    async fn answered(&self, key: &Sha256, answer: &str) -> Result<String, StoreError> {
        limits::check_answer(answer)?;
        let (key, answer) = (key.to_string(), answer.to_owned());
        self.writer.run(Sync::Later, move |tx| keep(tx, &key, answer)).await
    }
}

fn begin(tx: &mut Tx<'_>, key: &str, request: &str, lasts: Duration) -> Result<Begun, Failure> {
    let now_ms = tx.now.wall_ms;
    let forget =
        "DELETE FROM requests WHERE key IN (SELECT key FROM requests WHERE ends_at_ms <= ?1 LIMIT ?2)";
    tx.execute(forget, (now_ms, FORGOTTEN_AT_ONCE))?;
    tx.execute("DELETE FROM requests WHERE key = ?1 AND ends_at_ms <= ?2", (key, now_ms))?;
    let insert = "INSERT INTO requests (key, request, at_ms, newest, ends_at_ms)
                  VALUES (?1, ?2, ?3, (SELECT coalesce(max(seq), 0) FROM operations), ?4) ON CONFLICT DO NOTHING";
    tx.execute(insert, (key, request, now_ms, tx.now.wall_plus(lasts)))?;
    let select = "SELECT request, at_ms, newest, answer FROM requests WHERE key = ?1";
    let known = tx.first(select, [key], |found| known(found, request))?;
    Ok(known.unwrap_or(Begun::Taken))
}

fn known(found: &Row<'_>, request: &str) -> Result<Begun, Failure> {
    if found.get::<_, String>(0)? != request {
        return Ok(Begun::Taken);
    }
    Ok(match found.get(3)? {
        Some(answer) => Begun::Answered(answer),
        None => Begun::Unanswered(Mark { at_ms: found.get(1)?, newest: row::count(found, 2)? }),
    })
}

fn keep(tx: &mut Tx<'_>, key: &str, answer: String) -> Result<String, Failure> {
    tx.execute("UPDATE requests SET answer = ?2 WHERE key = ?1 AND answer IS NULL", (key, &answer))?;
    let kept = tx.first("SELECT answer FROM requests WHERE key = ?1", [key], |found| Ok(found.get(0)?))?;
    Ok(kept.unwrap_or(answer))
}
