//! Crashes, zombies, lost calls and lost answers: nothing is lost, nothing counts twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ktrdr_domain::job::{JobMessage, SCHEMA};
use ktrdr_domain::{FailureReason, Kind, OperationId, Priority, Status, Timestamp};
use ktrdr_fabric::broker::{Broker, Message};
use ktrdr_fabric::store::{BootId, Claim, Store};
use ktrdr_worker::{Exit, KindConfig, Outcome, StopReason};
use serde_json::json;

use crate::world::{World, job, quick, until_stopped};

#[tokio::test]
async fn a_crashed_workers_job_runs_elsewhere_under_a_higher_fence() {
    let world = World::new();
    let id = world.probe().await;
    // A worker that claims and is never heard of again.
    let dead = BootId("dead".into());
    let claim = world.store.claim(&id, &dead, Duration::from_millis(50)).await.unwrap();
    assert!(matches!(claim, Claim::Run { .. }));
    let _worker = world.prober(&quick(), |job| Outcome::Completed(json!(job.fence)));
    let row = world.ended(&id).await;
    assert_eq!((row.status, row.fence, row.tries, row.rescues), (Status::Completed, 2, 1, 1));
    assert_eq!(row.result, Some(json!(2)));
}

#[tokio::test]
async fn a_worker_cut_off_from_the_store_stops_by_itself_and_writes_nothing() {
    let world = World::new();
    world.store.beats_fail.store(true, Ordering::Release);
    let store = world.store.clone();
    let _worker = world.prober(&quick(), move |job| {
        if job.fence == 1 {
            until_stopped(job);
            assert_eq!(job.stop.reason(), Some(StopReason::Fenced));
            store.beats_fail.store(false, Ordering::Release);
            return Outcome::Failed { reason: FailureReason::Error, error: "to be written".into() };
        }
        Outcome::Completed(json!(job.fence))
    });
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.result, row.summary.rescues), (Status::Completed, Some(json!(2)), 1));
}

#[tokio::test]
async fn a_zombie_that_finishes_late_changes_nothing() {
    let world = World::new();
    let second_is_done = Arc::new(AtomicBool::new(false));
    let (gate, store) = (second_is_done.clone(), world.store.clone());
    let patient = ktrdr_worker::WorkerConfig { cancel_bound: Duration::from_secs(30), ..quick() };
    world.store.beats_fail.store(true, Ordering::Release);
    let worker = world.prober(&patient, move |job| {
        if job.fence > 1 {
            store.beats_fail.store(false, Ordering::Release);
            return Outcome::Completed(json!("second"));
        }
        while !gate.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Outcome::Completed(json!("zombie"))
    });
    let id = world.probe().await;
    let row = world.ended(&id).await;
    second_is_done.store(true, Ordering::Release);
    assert_eq!(worker.drained().await, Exit::Drained);
    assert_eq!(world.row(&id).await, row, "a terminal row never changes");
    assert_eq!(row.result, Some(json!("second")));
}

#[tokio::test]
async fn a_finish_that_did_not_arrive_is_sent_again() {
    let world = World::new();
    world.store.finishes_to_lose.store(3, Ordering::Release);
    let _worker = world.prober(&quick(), |_| Outcome::Completed(json!(1)));
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.tries, row.rescues), (Status::Completed, 1, 0));
}

#[tokio::test]
async fn a_finish_whose_answer_was_lost_counts_as_success() {
    let world = World::new();
    world.store.answers_to_lose.store(1, Ordering::Release);
    let worker = world.prober(&quick(), |_| Outcome::Completed(json!(1)));
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.tries), (Status::Completed, 1));
    world.acked(1).await;
    assert_eq!(worker.drained().await, Exit::Drained);
}

#[tokio::test]
async fn a_finish_that_never_arrives_is_left_to_the_next_attempt() {
    let world = World::new();
    world.store.finishes_to_lose.store(u32::MAX, Ordering::Release);
    let store = world.store.clone();
    let _worker = world.prober(&quick(), move |job| {
        if job.fence > 1 {
            store.finishes_to_lose.store(0, Ordering::Release);
        }
        Outcome::Completed(json!(job.fence))
    });
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.fence, row.rescues), (Status::Completed, 2, 1));
}

#[tokio::test]
async fn a_claim_that_failed_is_tried_again() {
    let world = World::new();
    world.store.claims_to_lose.store(3, Ordering::Release);
    let _worker = world.prober(&quick(), |_| Outcome::Completed(json!(1)));
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.tries), (Status::Completed, 1));
}

fn message(operation: &OperationId) -> Message {
    let (operation, kind, root, spec) = (operation.clone(), Kind::Probe, None, json!({}));
    Message::Job {
        priority: Priority::Normal,
        job: JobMessage { schema: SCHEMA, operation, kind, root, spec },
    }
}

#[tokio::test]
async fn a_message_without_a_row_is_parked_and_given_back() {
    let world = World::new();
    let worker = world.prober(&quick(), |_| Outcome::Completed(json!(null)));
    let nobody = OperationId::new(Kind::Probe, Timestamp(0), 0xdead);
    world.engine.broker.publish(vec![message(&nobody)]).await.unwrap();
    // Others are served meanwhile.
    let row = world.ended(&world.probe().await).await;
    assert_eq!(row.status, Status::Completed);
    world.acked(1).await;
    assert_eq!(world.depth(Kind::Probe).await, 0, "held, not acknowledged");
    assert_eq!(worker.drained().await, Exit::Drained);
    assert_eq!(world.depth(Kind::Probe).await, 1, "the broker has it again");
}

#[tokio::test]
async fn doubled_messages_start_nothing() {
    let world = World::new();
    let worker = world.worker(
        &quick(),
        vec![job(KindConfig::new(Kind::Probe, 8), |job| {
            until_stopped(job);
            Outcome::Completed(json!(job.fence))
        })],
    );
    let id = world.probe().await;
    world.running(&id).await;
    for doubles in 1..=3 {
        world.engine.broker.publish(vec![message(&id)]).await.unwrap();
        world.acked(doubles).await;
    }
    world.store.cancel(&id, "test", "enough").await.unwrap();
    let row = world.ended(&id).await;
    assert_eq!((row.result, row.summary.tries), (Some(json!(1)), 1), "ran once");
    world.acked(4).await;
    assert_eq!(worker.drained().await, Exit::Drained);
}
