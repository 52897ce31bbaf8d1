//! What operators ask for: within milliseconds where hints come through, with the next announcement where not.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ktrdr_domain::{Kind, Status};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::registry::{WorkerReader, WorkerRegistry};
use ktrdr_fabric::store::{Store, StoreHint};
use ktrdr_worker::{Exit, KindConfig, Outcome};
use serde_json::json;

use crate::registry::until_there;
use crate::world::{Running, World, job, quick, until_stopped, without_beats};

fn complete(_: &ktrdr_worker::Job) -> Outcome {
    Outcome::Completed(json!(null))
}

const PROBES: Queue = Queue::Jobs(Kind::Probe);
const LOADS: Queue = Queue::Jobs(Kind::DataLoad);

/// A worker that consumes probes one by one until stopped, and has begun to.
async fn prober(world: &World, config: &ktrdr_worker::WorkerConfig) -> Running {
    let worker = world.worker(config, vec![job(KindConfig::new(Kind::Probe, 1), complete)]);
    world.consumers(PROBES, 1).await;
    worker
}

#[tokio::test]
async fn a_worker_that_is_asked_to_drain_gives_its_long_job_back_and_ends() {
    let world = World::new();
    let long = KindConfig { drain_wait: Duration::ZERO, ..KindConfig::new(Kind::Probe, 1) };
    let worker = world.worker(&without_beats(), vec![job(long, until_stopped)]);
    let id = world.probe().await;
    world.running(&id).await;
    let asked = Instant::now();
    assert!(world.store.drain(&worker.boot).await.unwrap());
    assert_eq!(worker.ended().await, Exit::Drained);
    // Milliseconds on a quiet machine; the bound only has to be far from the hour between heartbeats.
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let row = world.row(&id).await;
    assert_eq!((row.status, row.tries), (Status::Pending, 0));
}

#[tokio::test]
async fn another_worker_goes_on() {
    let world = World::new();
    let (leaves, stays) = (prober(&world, &quick()).await, world.prober(&quick(), complete));
    until_there(&world, |there| there.len() == 2).await;
    world.store.drain(&leaves.boot).await.unwrap();
    assert_eq!(leaves.ended().await, Exit::Drained);
    assert_eq!(world.ended(&world.probe().await).await.status, Status::Completed);
    assert_eq!(world.store.workers().await.unwrap()[0].worker.boot, stays.boot);
}

#[tokio::test]
async fn a_paused_kind_is_left_in_its_queue_until_it_is_resumed_while_running_jobs_go_on() {
    let world = World::new();
    let config = KindConfig::new(Kind::Probe, 2);
    let _worker = world.worker(
        &without_beats(),
        vec![job(config, |job| {
            until_stopped(job);
            Outcome::Completed(json!(job.fence))
        })],
    );
    let running = world.probe().await;
    world.running(&running).await;
    world.store.pause(Kind::Probe).await.unwrap();
    world.consumers(PROBES, 0).await;
    let waiting = world.probe().await;
    world.store.cancel(&running, "test", "enough").await.unwrap();
    assert_eq!(world.ended(&running).await.result, Some(json!(1)));
    assert_eq!(world.row(&waiting).await.fence, 0, "not begun");
    world.store.resume(Kind::Probe).await.unwrap();
    world.running(&waiting).await;
}

#[tokio::test]
async fn other_kinds_are_taken_while_one_is_paused() {
    let world = World::new();
    let kinds = [Kind::Probe, Kind::DataLoad].map(|kind| job(KindConfig::new(kind, 1), complete));
    let _worker = world.worker(&quick(), kinds.into());
    world.consumers(PROBES, 1).await;
    world.store.pause(Kind::Probe).await.unwrap();
    world.consumers(PROBES, 0).await;
    let (paused, other) = (world.probe().await, world.submit(Kind::DataLoad, json!({}), 3).await);
    assert_eq!(world.ended(&other).await.status, Status::Completed);
    assert_eq!(world.row(&paused).await.status, Status::Pending);
}

#[tokio::test]
async fn a_worker_that_starts_while_a_kind_is_paused_takes_none() {
    let world = World::new();
    world.store.pause(Kind::Probe).await.unwrap();
    let id = world.probe().await;
    let kinds = [Kind::Probe, Kind::DataLoad].map(|kind| job(KindConfig::new(kind, 1), complete));
    let _worker = world.worker(&without_beats(), kinds.into());
    // Its other lane runs: it knows its orders.
    world.ended(&world.submit(Kind::DataLoad, json!({}), 3).await).await;
    assert_eq!(*world.broker.consumed.borrow(), [LOADS]);
    assert_eq!(world.row(&id).await.status, Status::Pending);
    world.store.resume(Kind::Probe).await.unwrap();
    assert_eq!(world.ended(&id).await.status, Status::Completed);
}

#[tokio::test]
async fn without_hints_the_next_announcement_brings_the_orders() {
    let world = World::new();
    let _silent = world.store.own_hints();
    let worker = prober(&world, &quick()).await;
    world.store.pause(Kind::Probe).await.unwrap();
    world.consumers(PROBES, 0).await;
    world.store.resume(Kind::Probe).await.unwrap();
    world.consumers(PROBES, 1).await;
    world.store.drain(&worker.boot).await.unwrap();
    assert_eq!(worker.ended().await, Exit::Drained);
}

#[tokio::test]
async fn orders_given_by_another_process_arrive() {
    let world = World::new();
    let worker = prober(&world, &without_beats()).await;
    let beside = Engine::open(world.folder(), Role::Client).unwrap();
    beside.store.pause(Kind::Probe).await.unwrap();
    world.consumers(PROBES, 0).await;
    beside.store.drain(&worker.boot).await.unwrap();
    assert_eq!(worker.ended().await, Exit::Drained);
}

#[tokio::test]
async fn while_the_store_can_not_be_reached_orders_stay_as_they_were() {
    let world = World::new();
    let hints = world.store.own_hints();
    let kinds = [Kind::Probe, Kind::DataLoad].map(|kind| job(KindConfig::new(kind, 1), complete));
    let _worker = world.worker(&without_beats(), kinds.into());
    world.consumers(PROBES, 1).await;
    world.store.pause(Kind::Probe).await.unwrap();
    hints.send(StoreHint::Unknown).unwrap();
    world.consumers(PROBES, 0).await;
    world.store.heartbeats_fail.store(true, Ordering::Release);
    let mut heartbeats = world.store.heartbeats.subscribe();
    hints.send(StoreHint::Control).unwrap();
    for _ in 0..3 {
        heartbeats.changed().await.unwrap();
    }
    assert_eq!(*world.broker.consumed.borrow(), [LOADS]);
    let other = world.submit(Kind::DataLoad, json!({}), 3).await;
    assert_eq!(world.ended(&other).await.status, Status::Completed);
    // Once it can be reached again, the next try brings what was asked meanwhile.
    world.store.resume(Kind::Probe).await.unwrap();
    world.store.heartbeats_fail.store(false, Ordering::Release);
    world.consumers(PROBES, 1).await;
}

#[tokio::test]
async fn a_worker_that_has_not_heard_its_orders_yet_takes_nothing() {
    let world = World::new();
    world.store.heartbeats_fail.store(true, Ordering::Release);
    let mut heartbeats = world.store.heartbeats.subscribe();
    let worker = world.prober(&quick(), complete);
    let id = world.probe().await;
    for _ in 0..3 {
        heartbeats.changed().await.unwrap();
    }
    assert!(world.broker.consumed.borrow().is_empty());
    assert_eq!(world.row(&id).await.fence, 0);
    world.store.heartbeats_fail.store(false, Ordering::Release);
    assert_eq!(world.ended(&id).await.status, Status::Completed);
    assert_eq!(worker.drained().await, Exit::Drained);
}
