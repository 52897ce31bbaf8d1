//! The engine under test, with a clock that the scenario moves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ktrdr_fabric::embedded::{Clock, Durability, Now, Options, SqliteStore};
use ktrdr_fabric::store::Store;
use tempfile::TempDir;

use crate::mutants::{Broken, Mutant};

pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn pass_ms(&self, ms: u64) {
        self.0.fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        Now { wall_ms: self.now_ms(), steady_ms: self.now_ms() }
    }
}

/// An engine, or one with a guard removed.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    /// Dropped last.
    _folder: TempDir,
}

impl World {
    pub(crate) fn new(mutant: Option<Mutant>) -> Self {
        let folder = memory_folder();
        let clock = Arc::new(ManualClock(AtomicI64::new(1_795_229_713_000)));
        let options =
            Options { clock: clock.clone(), durability: Durability::ProcessOnly, ..Options::default() };
        let store = Arc::new(SqliteStore::open(folder.path(), options).unwrap());
        let store: Arc<dyn Store> = match mutant {
            None => store,
            Some(mutant) => Arc::new(Broken::new(store, mutant, &folder.path().join("ktrdr.db"))),
        };
        Self { store, clock, _folder: folder }
    }
}

/// A folder in memory where the system has one: nothing here needs a disk.
fn memory_folder() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
