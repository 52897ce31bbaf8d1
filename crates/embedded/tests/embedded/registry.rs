//! Presence and orders between processes, and from one run to the next.

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind};
use ktrdr_fabric::registry::{WorkerInfo, WorkerReader, WorkerRegistry};
use ktrdr_fabric::store::{BootId, OperationReader, StoreHint};

use crate::{client, runner};

fn worker(name: &str) -> WorkerInfo {
    WorkerInfo {
        boot: BootId(name.into()),
        host: "box".into(),
        version: "0.1.0".into(),
        takes: BTreeMap::from([(Kind::Probe, 1)]),
        class: DeviceClass::Cpu,
        device: "cpu".into(),
        running: Vec::new(),
        role: "worker".into(),
        is_draining: false,
        every_ms: 2_000,
        broker: None,
        gpu: None,
    }
}

#[tokio::test]
async fn a_client_sees_the_workers_of_the_runner_and_its_orders_reach_them() {
    let folder = tempfile::tempdir().unwrap();
    let (runner, client) = (runner(folder.path()), client(folder.path()));
    let announce = || async { runner.store.heartbeat(&worker("a"), Duration::from_secs(60)).await.unwrap() };
    announce().await;
    assert_eq!(client.store.workers().await.unwrap()[0].worker, worker("a"));
    let mut hints = runner.store.hints();
    assert!(client.store.drain(&worker("a").boot).await.unwrap());
    assert!(client.store.pause(Kind::Probe).await.unwrap());
    while hints.recv().await.unwrap() != StoreHint::Unknown {}
    let orders = announce().await;
    assert!(orders.drain && orders.paused.contains(&Kind::Probe), "{orders:?}");
}

#[tokio::test]
async fn a_new_runner_finds_what_is_paused_and_no_worker_of_the_dead() {
    let folder = tempfile::tempdir().unwrap();
    let first = runner(folder.path());
    first.store.heartbeat(&worker("a"), Duration::from_secs(3600)).await.unwrap();
    first.store.pause(Kind::Training).await.unwrap();
    drop(first);
    let beside = client(folder.path());
    assert_eq!(beside.store.workers().await.unwrap().len(), 1, "a client can not know that they are dead");
    let second = runner(folder.path());
    assert!(second.store.workers().await.unwrap().is_empty());
    assert!(second.store.paused().await.unwrap().contains_key(&Kind::Training));
}
