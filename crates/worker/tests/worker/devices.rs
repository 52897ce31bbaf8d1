//! Jobs that ask for a device, and lanes that read two queues.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind, OperationId, Status};
use ktrdr_fabric::broker::{Broker, Queue};
use ktrdr_fabric::store::Store;
use ktrdr_worker::{Job, KindConfig, Outcome, WorkerConfig};
use serde_json::{Value, json};

use crate::world::{Running, World, job, quick, until_stopped};

const ANY: Queue = Queue::Jobs(Kind::Probe);
const GPU: Queue = Queue::Pinned(Kind::Probe, DeviceClass::Gpu);

/// A probe that asks for a device.
async fn probe(world: &World, request: &str) -> OperationId {
    world.submit(Kind::Probe, json!({ "device": request }), 3).await
}

/// A worker of one slot.
fn worker(
    world: &World,
    device: DeviceClass,
    run: impl Fn(&Job) -> Outcome + Send + Sync + 'static,
) -> Running {
    let config = WorkerConfig { device, ..quick() };
    world.worker(&config, vec![job(KindConfig::new(Kind::Probe, 1), run)])
}

/// A worker whose jobs complete with its device.
fn plain(world: &World, device: DeviceClass) -> Running {
    worker(world, device, move |_| Outcome::Completed(json!(device)))
}

async fn result(world: &World, id: &OperationId) -> Option<Value> {
    world.ended(id).await.result
}

#[tokio::test]
async fn each_class_takes_what_asks_for_it_and_what_asks_for_nothing() {
    for (device, name) in [(DeviceClass::Cpu, "cpu"), (DeviceClass::Gpu, "gpu")] {
        let world = World::new();
        let _worker = plain(&world, device);
        for request in ["any", name] {
            assert_eq!(result(&world, &probe(&world, request).await).await, Some(json!(name)), "{request}");
        }
    }
}

#[tokio::test]
async fn the_only_worker_there_is_takes_what_asks_for_its_other_device_as_well() {
    let world = World::new();
    let config = WorkerConfig { device: DeviceClass::Gpu, also: Some(DeviceClass::Cpu), ..quick() };
    let completes = |_: &Job| Outcome::Completed(json!("taken"));
    let _worker = world.worker(&config, vec![job(KindConfig::new(Kind::Probe, 1), completes)]);
    for request in ["any", "gpu", "cpu"] {
        assert_eq!(result(&world, &probe(&world, request).await).await, Some(json!("taken")), "{request}");
    }
}

#[tokio::test]
async fn a_job_that_asks_for_a_gpu_waits_until_there_is_one() {
    let world = World::new();
    let _cpu = plain(&world, DeviceClass::Cpu);
    let waiting = probe(&world, "gpu").await;
    // Published after the other.
    result(&world, &probe(&world, "any").await).await;
    assert_eq!(world.engine.broker.depth(GPU).await.unwrap(), 1);
    assert_eq!(world.row(&waiting).await.fence, 0);
    let _gpu = plain(&world, DeviceClass::Gpu);
    assert_eq!(result(&world, &waiting).await, Some(json!("gpu")));
}

#[tokio::test]
async fn what_arrives_while_all_slots_are_taken_goes_to_a_free_worker_and_the_running_job_is_not_disturbed() {
    let world = World::new();
    let busy = worker(&world, DeviceClass::Gpu, |job| {
        until_stopped(job);
        Outcome::Completed(json!("gpu"))
    });
    let running = probe(&world, "gpu").await;
    world.running(&running).await;
    let arrived = probe(&world, "any").await;
    world.consumers(ANY, 0).await;
    assert_eq!(world.depth(Kind::Probe).await, 1, "turned away");
    let _free = plain(&world, DeviceClass::Cpu);
    assert_eq!(result(&world, &arrived).await, Some(json!("cpu")));
    assert_eq!(world.engine.broker.depth(GPU).await.unwrap(), 0, "its message is still held");
    world.store.cancel(&running, "test", "enough").await.unwrap();
    assert_eq!(result(&world, &running).await, Some(json!("gpu")));
    world.acked(2).await;
    world.consumers(ANY, 2).await;
    drop(busy);
}

#[tokio::test]
async fn a_worker_that_was_full_serves_its_queues_in_turn() {
    let world = World::new();
    let let_go = Arc::new(AtomicBool::new(false));
    let ran = Arc::new(Mutex::new(Vec::new()));
    let (gate, runs) = (let_go.clone(), ran.clone());
    let _worker = worker(&world, DeviceClass::Gpu, move |job| {
        while !gate.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        runs.lock().unwrap().push(job.spec["device"].clone());
        Outcome::Completed(json!(null))
    });
    world.running(&probe(&world, "gpu").await).await;
    let mut ids = Vec::new();
    for request in ["any", "gpu", "any", "gpu", "any", "gpu"] {
        ids.push(probe(&world, request).await);
    }
    world.consumers(ANY, 0).await;
    let_go.store(true, Ordering::Release);
    for id in &ids {
        assert_eq!(world.ended(id).await.status, Status::Completed);
    }
    let ran = ran.lock().unwrap().clone();
    assert_eq!(ran, ["gpu", "any", "gpu", "any", "gpu", "any", "gpu"]);
}
