//! Cancels: by hint within milliseconds, by beat when hints are dead, and against jobs that do not listen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ktrdr_domain::{Kind, Status};
use ktrdr_fabric::store::{Cancelled, Store, StoreHint};
use ktrdr_worker::{EXIT_UNHEALTHY, Exit, Job, KindConfig, Outcome};
use serde_json::json;

use crate::world::{World, job, quick, until_stopped, without_beats};

#[tokio::test]
async fn a_running_job_is_cancelled_by_the_hint_long_before_any_beat() {
    let world = World::new();
    let _worker = world.prober(&without_beats(), until_stopped);
    let id = world.probe().await;
    world.running(&id).await;
    let asked = Instant::now();
    assert_eq!(world.store.cancel(&id, "test", "enough").await.unwrap(), Cancelled::Requested);
    let row = world.ended(&id).await;
    assert_eq!(row.status, Status::Cancelled);
    // Milliseconds on a quiet machine; the bound only has to be far from the hour between beats.
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn without_hints_the_next_beat_brings_the_cancel() {
    let world = World::new();
    let _silent = world.store.own_hints();
    let _worker = world.prober(&quick(), until_stopped);
    let id = world.probe().await;
    world.running(&id).await;
    world.store.cancel(&id, "test", "enough").await.unwrap();
    assert_eq!(world.ended(&id).await.status, Status::Cancelled);
}

#[tokio::test]
async fn a_hint_of_the_unknown_makes_the_worker_read_its_flags_again() {
    let world = World::new();
    let hints = world.store.own_hints();
    let _worker = world.prober(&without_beats(), until_stopped);
    let id = world.probe().await;
    world.running(&id).await;
    world.store.cancel(&id, "test", "enough").await.unwrap();
    hints.send(StoreHint::Unknown).unwrap();
    assert_eq!(world.ended(&id).await.status, Status::Cancelled);
}

#[tokio::test]
async fn a_cancel_stops_its_own_job_only() {
    let world = World::new();
    let released = Arc::new(AtomicBool::new(false));
    let gate = released.clone();
    let _worker = world.prober(&quick(), move |job| {
        while !gate.load(Ordering::Acquire) && !job.stop.is_stopped() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        if job.stop.is_stopped() { Outcome::Stopped } else { Outcome::Completed(json!(null)) }
    });
    let (one, other) = (world.probe().await, world.probe().await);
    world.running(&one).await;
    world.running(&other).await;
    world.store.cancel(&one, "test", "enough").await.unwrap();
    assert_eq!(world.ended(&one).await.status, Status::Cancelled);
    released.store(true, Ordering::Release);
    assert_eq!(world.ended(&other).await.status, Status::Completed);
}

#[tokio::test]
async fn success_wins_over_a_late_cancel() {
    let world = World::new();
    let _worker = world.prober(&quick(), |job| {
        until_stopped(job);
        Outcome::Completed(json!("done anyway"))
    });
    let id = world.probe().await;
    world.running(&id).await;
    world.store.cancel(&id, "test", "too late").await.unwrap();
    let row = world.ended(&id).await;
    assert_eq!((row.status, row.summary.cancel.unwrap().too_late), (Status::Completed, true));
}

#[tokio::test]
async fn a_thread_that_ignores_its_token_ends_the_process_after_everything_is_in_order() {
    let world = World::new();
    let let_go = Arc::new(AtomicBool::new(false));
    let gate = let_go.clone();
    let deaf = move |_: &_| {
        while !gate.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Outcome::Completed(json!("nobody reads this"))
    };
    let worker = world.worker(
        &quick(),
        vec![
            job(KindConfig::new(Kind::Probe, 1), deaf),
            job(KindConfig::new(Kind::DataLoad, 1), until_stopped),
        ],
    );
    let stuck = world.probe().await;
    let sibling = world.submit(Kind::DataLoad, json!({}), 3).await;
    world.running(&stuck).await;
    world.running(&sibling).await;
    world.store.cancel(&stuck, "test", "enough").await.unwrap();

    assert_eq!(worker.ended().await, Exit::Unhealthy);
    assert_eq!(world.row(&stuck).await.status, Status::Cancelled, "the outcome is recorded");
    let sibling = world.row(&sibling).await;
    assert_eq!((sibling.status, sibling.tries), (Status::Pending, 0), "released without spending a try");
    assert_eq!(EXIT_UNHEALTHY, 75);
    let_go.store(true, Ordering::Release);
}

#[tokio::test]
async fn a_process_that_lost_its_device_hands_its_jobs_on_and_ends() {
    let world = World::new();
    let kinds = |probe: fn(&Job) -> Outcome| {
        vec![
            job(KindConfig::new(Kind::Probe, 1), probe),
            job(KindConfig::new(Kind::DataLoad, 1), until_stopped),
        ]
    };
    let lost = |_: &Job| Outcome::Unhealthy { error: "cuda:0 is lost".into() };
    let worker = world.worker(&quick(), kinds(lost));
    let sibling = world.submit(Kind::DataLoad, json!({}), 3).await;
    world.running(&sibling).await;
    let probe = world.probe().await;

    assert_eq!(worker.ended().await, Exit::Unhealthy);
    let sibling = world.row(&sibling).await;
    assert_eq!((sibling.status, sibling.tries), (Status::Pending, 0), "released without spending a try");
    let row = world.row(&probe).await;
    assert_eq!((row.status, row.tries), (Status::Pending, 1));

    let _healthy = world.worker(&quick(), kinds(|_| Outcome::Completed(json!("elsewhere"))));
    assert_eq!(world.ended(&probe).await.result, Some(json!("elsewhere")));
}
