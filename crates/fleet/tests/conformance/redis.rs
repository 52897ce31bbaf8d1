//! The store of the fleet's engine as a subject: a real server, and a clock that moves when told to.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_embedded::MemoryBroker;
use ktrdr_fabric::local::LocalArtifacts;
use ktrdr_fleet::redis::RedisStore;

use crate::clock::{ServerClock, options};
use crate::server::RedisServer;
use crate::world::{Passage, World};

impl Passage for ServerClock {
    fn pass(&self, time: Duration) {
        self.pass_ms(i64::try_from(time.as_millis()).unwrap());
    }
}

pub(crate) async fn world() -> World {
    let server = RedisServer::start(&[]);
    let time = Arc::new(ServerClock::new(&server, "exam"));
    let store = Arc::new(RedisStore::open(options(&server, "exam")).await.unwrap());
    let folder = tempfile::tempdir().unwrap();
    World {
        campaigns: store.clone(),
        ledger: store.clone(),
        budget: store.clone(),
        registry: store.clone(),
        tokens: store.clone(),
        requests: store.clone(),
        audit: store.clone(),
        schedules: store.clone(),
        pruning: store.clone(),
        store,
        // Not asked here.
        broker: Arc::new(MemoryBroker::default()),
        artifacts: Arc::new(LocalArtifacts::open(folder.path()).unwrap()),
        time,
        _belongings: Box::new((server, folder)),
    }
}
