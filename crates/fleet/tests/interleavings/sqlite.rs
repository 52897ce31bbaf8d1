//! The embedded engine as a subject.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use ktrdr_domain::OperationId;
use ktrdr_embedded::{Durability, Now, SqliteOptions, SqliteStore};
use ktrdr_fabric::store::Attempt;
use rusqlite::{Connection, Params};
use tempfile::TempDir;

use crate::mutants::Tamper;
use crate::world::{Clock, Subject};

pub(crate) fn subject() -> Subject {
    let folder = memory_folder();
    let clock = Arc::new(ManualClock(AtomicI64::new(1_795_229_713_000)));
    let options = SqliteOptions {
        clock: clock.clone(),
        durability: Durability::ProcessOnly,
        ..SqliteOptions::default()
    };
    let store = Arc::new(SqliteStore::open(folder.path(), options).unwrap());
    let tamper = Box::new(ByHand::new(&folder.path().join("ktrdr.db")));
    Subject { campaigns: store.clone(), store, clock, tamper, belongings: Box::new(folder) }
}

/// A folder in memory where the system has one: nothing here needs a disk.
fn memory_folder() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn pass_ms(&self, ms: u64) {
        self.0.fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst);
    }
}

impl ktrdr_embedded::Clock for ManualClock {
    fn now(&self) -> Now {
        Now { wall_ms: self.now_ms(), steady_ms: self.now_ms() }
    }
}

/// Another connection to the same file.
struct ByHand(Mutex<Connection>);

impl ByHand {
    fn new(path: &Path) -> Self {
        let db = Connection::open(path).unwrap();
        db.execute_batch("PRAGMA synchronous = OFF; PRAGMA busy_timeout = 10000").unwrap();
        Self(Mutex::new(db))
    }

    fn run(&self, sql: &str, params: impl Params) {
        self.0.lock().unwrap().execute(sql, params).unwrap();
    }
}

impl Tamper for ByHand {
    fn revive(&self, attempt: &Attempt) {
        self.run(
            "UPDATE operations SET status = 'running', worker = ?3, lease_until_ms = 0, finished_at_ms = NULL,
               published_at_ms = NULL, due_at_ms = NULL, tries = max(tries, 1)
             WHERE id = ?1 AND fence = ?2 AND status <> 'running'",
            (attempt.id.as_str(), i64::try_from(attempt.fence).unwrap(), &attempt.boot.0),
        );
    }

    fn set_waiting(&self, root: &OperationId, phase: Option<&str>, waiting: Option<&OperationId>) {
        self.run(
            "UPDATE operations SET phase = ?2, waiting = ?3 WHERE id = ?1 AND status = 'running'",
            (root.as_str(), phase, waiting.map(OperationId::as_str)),
        );
    }

    fn set_status(&self, id: &OperationId, status: &str) {
        self.run("UPDATE operations SET status = ?2 WHERE id = ?1", (id.as_str(), status));
    }

    fn add_to_fence(&self, id: &OperationId, more: i64) {
        self.run("UPDATE operations SET fence = fence + ?2 WHERE id = ?1", (id.as_str(), more));
    }

    fn add_to_tries(&self, id: &OperationId, more: i64) {
        self.run("UPDATE operations SET tries = tries + ?2 WHERE id = ?1", (id.as_str(), more));
    }

    fn end_waits(&self) {
        self.run("UPDATE operations SET due_at_ms = 0 WHERE due_at_ms IS NOT NULL", ());
    }

    fn hide_lanes(&self) {
        self.run("UPDATE waiting_roots SET lane = -lane", ());
    }

    fn let_lanes_go(&self) {
        self.run("UPDATE campaigns SET cancel_upto = NULL", ());
    }

    fn show_lanes(&self) {
        self.hide_lanes();
    }
}
