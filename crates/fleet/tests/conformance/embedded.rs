//! The embedded engine as a subject: a real file, and a clock that moves when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ktrdr_embedded::{Clock, Durability, Engine, Now, Role, SqliteOptions};

use crate::world::{Passage, World};

/// 2026-11-21T02:55:13Z, plus whatever passed.
struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Now {
        let now = self.0.load(Ordering::SeqCst);
        Now { wall_ms: now, steady_ms: now }
    }
}

impl Passage for ManualClock {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock(AtomicI64::new(1_795_229_713_000)));
    let options =
        SqliteOptions { clock: clock.clone(), durability: Durability::Full, ..SqliteOptions::default() };
    let engine = Engine::open_with(folder.path(), Role::Runner, options).unwrap();
    World {
        campaigns: engine.store.clone(),
        ledger: engine.store.clone(),
        budget: engine.store.clone(),
        registry: engine.store.clone(),
        tokens: engine.store.clone(),
        requests: engine.store.clone(),
        audit: engine.store.clone(),
        schedules: engine.store.clone(),
        pruning: engine.store.clone(),
        store: engine.store,
        broker: engine.broker,
        artifacts: engine.artifacts,
        time: clock,
        _belongings: Box::new(folder),
    }
}
