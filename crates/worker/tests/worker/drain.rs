//! Draining: short jobs finish, long ones go back unspent, nothing new is begun.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ktrdr_domain::{Kind, Status};
use ktrdr_worker::{Exit, KindConfig, Outcome, StopReason};
use serde_json::json;

use crate::world::{World, job, quick, until_stopped};

#[tokio::test]
async fn a_short_job_finishes_during_a_drain() {
    let world = World::new();
    let let_go = Arc::new(AtomicBool::new(false));
    let gate = let_go.clone();
    let worker = world.prober(&quick(), move |job| {
        while !gate.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Outcome::Completed(json!(job.stop.reason().map(|r| format!("{r:?}"))))
    });
    let id = world.probe().await;
    world.running(&id).await;
    worker.drain.cancel();
    let_go.store(true, Ordering::Release);
    assert_eq!(worker.drained().await, Exit::Drained);
    let row = world.row(&id).await;
    assert_eq!((row.status, row.result), (Status::Completed, Some(json!(null))), "and was not asked to stop");
}

#[tokio::test]
async fn a_long_job_is_released_and_finished_by_the_next_worker() {
    let world = World::new();
    let long = KindConfig { drain_wait: Duration::ZERO, ..KindConfig::new(Kind::Probe, 1) };
    let first = world.worker(
        &quick(),
        vec![job(long, |job| {
            let outcome = until_stopped(job);
            assert_eq!(job.stop.reason(), Some(StopReason::Draining));
            outcome
        })],
    );
    let id = world.probe().await;
    world.running(&id).await;
    assert_eq!(first.drained().await, Exit::Drained);
    let row = world.row(&id).await;
    assert_eq!(
        (row.status, row.tries, row.fence),
        (Status::Pending, 0, 1),
        "the try is given back, the fence is not"
    );

    let _second = world.prober(&quick(), |job| Outcome::Completed(json!(job.fence)));
    let row = world.ended(&id).await;
    assert_eq!((row.status, row.tries, row.result), (Status::Completed, 1, Some(json!(2))));
}

#[tokio::test]
async fn what_was_delivered_but_not_begun_goes_to_the_next_worker() {
    let world = World::new();
    let one_at_a_time = KindConfig { drain_wait: Duration::ZERO, ..KindConfig::new(Kind::Probe, 1) };
    let first = world.worker(&quick(), vec![job(one_at_a_time, until_stopped)]);
    let (running, waiting) = (world.probe().await, world.probe().await);
    world.running(&running).await;
    assert_eq!(first.drained().await, Exit::Drained);
    assert_eq!(world.row(&waiting).await.fence, 0, "never begun");
    let _second = world.prober(&quick(), |_| Outcome::Completed(json!(null)));
    assert_eq!(world.ended(&waiting).await.status, Status::Completed);
    assert_eq!(world.ended(&running).await.status, Status::Completed);
}

#[tokio::test]
async fn in_a_hurry_a_short_job_goes_back_as_well() {
    let world = World::new();
    let worker = world.prober(&quick(), until_stopped);
    let id = world.probe().await;
    world.running(&id).await;
    worker.drain.cancel();
    worker.force_drain.cancel();
    assert_eq!(worker.drained().await, Exit::Drained);
    let row = world.row(&id).await;
    assert_eq!((row.status, row.tries), (Status::Pending, 0));
}

#[tokio::test]
async fn an_idle_worker_drains_at_once() {
    let world = World::new();
    let worker = world.prober(&quick(), |_| Outcome::Completed(json!(null)));
    assert_eq!(worker.drained().await, Exit::Drained);
}
