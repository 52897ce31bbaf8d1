//! What a worker says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ktrdr_domain::Kind;
use ktrdr_fabric::registry::{WorkerInfo, WorkerReader};
use ktrdr_worker::{Exit, KindConfig, Outcome};
use serde_json::json;

use crate::world::{World, job, quick, until_stopped, without_beats};

/// Waits for a fact about who is there.
pub(crate) async fn until_there(world: &World, fact: impl Fn(&[WorkerInfo]) -> bool) {
    let mut heartbeats = world.store.heartbeats.subscribe();
    loop {
        let there: Vec<WorkerInfo> =
            world.store.workers().await.unwrap().into_iter().map(|seen| seen.worker).collect();
        if fact(&there) {
            return;
        }
        let more = tokio::time::timeout(Duration::from_secs(60), heartbeats.changed()).await;
        assert!(more.is_ok(), "waited in vain; there are {there:?}");
    }
}

#[tokio::test]
async fn a_worker_says_who_it_is_and_withdraws_at_its_end() {
    let world = World::new();
    let worker = world.worker(
        &quick(),
        vec![
            job(KindConfig::new(Kind::Probe, 3), until_stopped),
            job(KindConfig::new(Kind::DataLoad, 2), until_stopped),
        ],
    );
    until_there(&world, |there| !there.is_empty()).await;
    let seen = world.store.workers().await.unwrap();
    let WorkerInfo { boot, takes, device, running, is_draining, .. } = seen[0].worker.clone();
    assert_eq!((&boot, takes), (&worker.boot, BTreeMap::from([(Kind::Probe, 3), (Kind::DataLoad, 2)])));
    assert_eq!((device.as_str(), seen[0].worker.slots()), ("cpu", 5));
    assert_eq!((running, is_draining), (Vec::new(), false));
    assert_eq!(worker.drained().await, Exit::Drained);
    assert!(world.store.workers().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_runs_is_said_long_before_the_next_heartbeat() {
    let world = World::new();
    let let_go = Arc::new(AtomicBool::new(false));
    let gate = let_go.clone();
    let worker = world.prober(&without_beats(), move |_| {
        while !gate.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Outcome::Completed(json!(null))
    });
    let id = world.probe().await;
    until_there(&world, |there| there.iter().any(|w| w.running == [id.clone()] && !w.is_draining)).await;
    worker.drain.cancel();
    until_there(&world, |there| there.iter().any(|w| w.running == [id.clone()] && w.is_draining)).await;
    let_go.store(true, Ordering::Release);
    assert_eq!(worker.drained().await, Exit::Drained);
}

#[tokio::test]
async fn heartbeats_keep_a_worker_there_beyond_one_announcement() {
    let world = World::new();
    let _worker = world.prober(&quick(), until_stopped);
    until_there(&world, |there| !there.is_empty()).await;
    let first = world.store.workers().await.unwrap()[0].at_ms;
    let later = first + quick().lease.as_millis() as i64;
    let mut heartbeats = world.store.heartbeats.subscribe();
    while world.store.workers().await.unwrap()[0].at_ms <= later {
        heartbeats.changed().await.unwrap();
    }
}
