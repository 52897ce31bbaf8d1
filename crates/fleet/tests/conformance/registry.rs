//! Who is there.

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind};
use ktrdr_fabric::registry::{GpuSight, WorkerInfo};

use crate::world::{World, boot, id};

pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn worker(name: &str) -> WorkerInfo {
    WorkerInfo {
        boot: boot(name),
        host: "box".into(),
        version: "0.1.0".into(),
        takes: BTreeMap::from([(Kind::Training, 1), (Kind::Backtesting, 2)]),
        class: DeviceClass::Gpu,
        device: "cpu".into(),
        running: Vec::new(),
        role: "worker".into(),
        is_draining: false,
        every_ms: 2_000,
        broker: None,
        gpu: Some(GpuSight { memory_bytes: 8 << 30, memory_used_bytes: 1 << 30, busy_percent: Some(3) }),
    }
}

async fn seen(w: &World) -> Vec<WorkerInfo> {
    w.registry.workers().await.unwrap().into_iter().map(|seen| seen.worker).collect()
}

pub(crate) async fn workers_that_announced_themselves_are_there(w: World) {
    assert!(seen(&w).await.is_empty());
    w.registry.heartbeat(&worker("b"), LONG).await.unwrap();
    w.registry.heartbeat(&worker("a"), LONG).await.unwrap();
    assert_eq!(seen(&w).await, [worker("a"), worker("b")]);
    assert!(w.registry.workers().await.unwrap()[0].at_ms > 0);
}

pub(crate) async fn a_worker_is_listed_until_its_lease_is_over(w: World) {
    w.registry.heartbeat(&worker("a"), LONG).await.unwrap();
    let seen = w.registry.workers().await.unwrap().remove(0);
    assert_eq!(seen.until_ms, seen.at_ms + 60_000);
    assert!(
        !seen.is_silent(seen.at_ms + 6_000) && seen.is_silent(seen.at_ms + 6_001),
        "three heartbeats of 2 s"
    );
}

pub(crate) async fn the_latest_announcement_stands(w: World) {
    w.registry.heartbeat(&worker("a"), LONG).await.unwrap();
    let busy = WorkerInfo { running: vec![id("x")], is_draining: true, ..worker("a") };
    w.registry.heartbeat(&busy, LONG).await.unwrap();
    assert_eq!(seen(&w).await, [busy]);
}

pub(crate) async fn a_worker_that_goes_or_falls_silent_is_no_longer_there(w: World) {
    for name in ["a", "b"] {
        w.registry.heartbeat(&worker(name), LONG).await.unwrap();
    }
    w.registry.heartbeat(&worker("c"), Duration::from_secs(1)).await.unwrap();
    w.registry.deregister(&boot("a")).await.unwrap();
    assert_eq!(seen(&w).await, [worker("b"), worker("c")]);
    w.pass(Duration::from_secs(1));
    assert_eq!(seen(&w).await, [worker("b")]);
}
