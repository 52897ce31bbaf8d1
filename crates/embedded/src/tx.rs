//! One command inside a write transaction: what the transitions are written in.

use ktrdr_domain::{EndStatus, Operation, OperationId, Status};
use rusqlite::{Connection, Params, Row};
use serde_json::Value;

use super::clock::Now;
use super::row::{self, Head, select_head, select_operation};
use crate::failure::Failure;
use ktrdr_fabric::store::StoreHint;

/// The transaction, the time it happens at, and the hints to give once it is committed.
pub(super) struct Tx<'c> {
    db: &'c Connection,
    /// Read once per commit: everything in one commit happens at the same time.
    pub(super) now: Now,
    /// Which clock its steady time comes from: those of two processes can not be compared.
    pub(super) steady_clock: i64,
    pub(super) hints: Vec<StoreHint>,
}

impl<'c> Tx<'c> {
    pub(super) fn new(db: &'c Connection, now: Now, steady_clock: i64) -> Self {
        Self { db, now, steady_clock, hints: Vec::new() }
    }

    /// To read what readers read, too.
    pub(super) fn db(&self) -> &Connection {
        self.db
    }

    /// Runs a statement; the answer is how many rows it changed.
    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, Failure> {
        Ok(self.db.prepare_cached(sql)?.execute(params)?)
    }

    /// Reads all rows of a query.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        row::all(self.db, sql, params, read)
    }

    /// Reads the first row of a query.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(read).transpose()
    }

    /// The deciding part of a row.
    pub(super) fn head(&self, id: &OperationId) -> Result<Option<Head>, Failure> {
        self.first(select_head!("WHERE id = ?1"), [id.as_str()], Head::read)
    }

    /// The whole row.
    pub(super) fn operation(&self, seq: i64) -> Result<Option<Operation>, Failure> {
        self.first(select_operation!("WHERE seq = ?1"), [seq], row::operation)
    }

    /// `seq` of the row inserted last.
    pub(super) fn inserted(&self) -> i64 {
        self.db.last_insert_rowid()
    }

    /// Writes what a new operation is told.
    pub(super) fn keep_spec(&self, seq: i64, spec: &Value) -> Result<(), Failure> {
        let insert = "INSERT INTO payloads (operation, spec) VALUES (?1, ?2)";
        self.execute(insert, (seq, spec.to_string())).map(|_| ())
    }

    /// Writes a job message into the outbox.
    pub(super) fn post_job(&mut self, seq: i64) -> Result<(), Failure> {
        self.execute("INSERT INTO outbox (operation) VALUES (?1)", [seq])?;
        self.hint(StoreHint::Outbox);
        Ok(())
    }

    /// Writes the event of an end into the outbox. `again`: the first may have been lost.
    pub(super) fn post_event(
        &mut self,
        seq: i64,
        ended: EndStatus,
        fence: u64,
        again: bool,
    ) -> Result<(), Failure> {
        self.execute(
            "INSERT INTO outbox (operation, ended, fence, again) VALUES (?1, ?2, ?3, ?4)",
            (seq, Status::from(ended).as_str(), integer(fence), again),
        )?;
        self.hint(StoreHint::Outbox);
        Ok(())
    }

    /// Remembers a hint. The same hint twice in one commit says no more than once.
    pub(super) fn hint(&mut self, hint: StoreHint) {
        self.hints.push(hint);
    }
}

/// A count as SQLite stores it.
pub(super) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
