//! Connections that only read. Readers of a write-ahead log never wait for the writer or its syncs.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::database::{Reading, open_reader};
use super::failure::Failure;
use ktrdr_fabric::store::StoreError;

/// Idle connections kept for the next reader.
const IDLE_MAX: usize = 4;

/// A small pool.
pub(super) struct Readers {
    path: PathBuf,
    reading: Reading,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, reading: Reading) -> Self {
        Self { path, reading, idle: Mutex::default() }
    }

    /// Runs `read` on a connection of the pool, or on a new one when all are in use.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let db = match self.idle().pop() {
            Some(db) => db,
            None => open_reader(&self.path, self.reading).map_err(Failure::from)?,
        };
        let found = read(&db);
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(db);
        }
        found.map_err(StoreError::from)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
