//! How attempts end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ktrdr_domain::{FailureReason, Kind, Progress, Status};
use ktrdr_worker::{Exit, KindConfig, Outcome, StopReason};
use serde_json::json;

use crate::world::{World, job, quick, until_stopped, without_beats};

#[tokio::test]
async fn a_job_runs_with_its_spec_and_leaves_its_result() {
    let world = World::new();
    let worker =
        world.prober(&quick(), |job| Outcome::Completed(json!({"told": job.spec, "fence": job.fence})));
    let id = world.submit(Kind::Probe, json!({"sleep_ms": 0}), 3).await;
    let row = world.ended(&id).await;
    assert_eq!((row.status, row.tries, row.fence), (Status::Completed, 1, 1));
    assert_eq!(row.result, Some(json!({"told": {"sleep_ms": 0}, "fence": 1})));
    world.acked(1).await;
    assert_eq!(worker.drained().await, Exit::Drained);
    assert_eq!(world.depth(Kind::Probe).await, 0);
}

#[tokio::test]
async fn a_failure_is_for_good() {
    let world = World::new();
    let _worker = world
        .prober(&quick(), |_| Outcome::Failed { reason: FailureReason::BadInput, error: "no bars".into() });
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.tries), (Status::Failed, 1));
    assert_eq!(
        (row.summary.reason, row.summary.error.as_deref()),
        (Some(FailureReason::BadInput), Some("no bars"))
    );
}

#[tokio::test]
async fn a_panic_is_tried_again() {
    let world = World::new();
    let _worker = world.prober(&quick(), |job| {
        assert!(job.fence > 1, "first time unlucky");
        Outcome::Completed(json!(job.fence))
    });
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.tries, row.result), (Status::Completed, 2, Some(json!(2))));
}

#[tokio::test]
async fn a_poisonous_job_runs_out_of_tries_and_says_why() {
    let world = World::new();
    let _worker = world.prober(&quick(), |_| panic!("poison"));
    let row = world.ended(&world.submit(Kind::Probe, json!({}), 2).await).await;
    assert_eq!((row.status, row.tries), (Status::Failed, 2));
    assert_eq!(row.reason, Some(FailureReason::AttemptsExhausted));
    assert!(row.summary.error.unwrap().contains("the job panicked: poison"));
}

#[tokio::test]
async fn a_handler_that_asks_for_a_retry_gets_one() {
    let world = World::new();
    let _worker = world.prober(&quick(), |job| match job.fence {
        1 => Outcome::Retry { error: "disk full".into(), delay: Duration::from_millis(1) },
        _ => Outcome::Completed(json!("better")),
    });
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.tries), (Status::Completed, 2));
}

#[tokio::test]
async fn a_job_that_runs_too_long_is_stopped_and_fails() {
    let world = World::new();
    let short = KindConfig { time_limit: Duration::from_millis(50), ..KindConfig::new(Kind::Probe, 1) };
    let _worker = world.worker(&quick(), vec![job(short, until_stopped)]);
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.reason.as_ref()), (Status::Failed, Some(&FailureReason::TimeLimit)));
}

#[tokio::test]
async fn beats_keep_a_job_alive_beyond_its_lease() {
    let world = World::new();
    // Forty beats are four seconds, a lease is three.
    let store = world.store.clone();
    let _worker = world.prober(&quick(), move |job| {
        while store.beats.load(Ordering::Acquire) < 40 && !job.stop.is_stopped() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Outcome::Completed(json!(job.stop.is_stopped()))
    });
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.rescues, row.result), (Status::Completed, 0, Some(json!(false))));
}

#[tokio::test]
async fn the_last_progress_is_stored_and_most_of_it_is_not_sent() {
    let world = World::new();
    let _worker = world.prober(&without_beats(), |job| {
        for done in 1..=10_000 {
            job.progress.set(Progress {
                percentage: done as f64 / 100.0,
                items_done: done,
                ..Progress::default()
            });
        }
        Outcome::Completed(json!(null))
    });
    let row = world.ended(&world.probe().await).await;
    assert_eq!(row.summary.progress.unwrap().items_done, 10_000);
    assert!(world.store.beats.load(Ordering::Acquire) < 500, "ten thousand writes became few beats");
}

#[tokio::test]
async fn progress_that_can_not_be_stored_costs_no_lease() {
    let world = World::new();
    let _worker = world.prober(&quick(), |job| {
        job.progress.set(Progress { step: "x".repeat(1 << 20), ..Progress::default() });
        Outcome::Failed { reason: FailureReason::BadInput, error: "as told".into() }
    });
    let row = world.ended(&world.probe().await).await;
    assert_eq!(
        (row.status, row.summary.reason, row.summary.progress),
        (Status::Failed, Some(FailureReason::BadInput), None)
    );
}

#[tokio::test]
async fn what_completed_is_all_done_and_what_failed_stays_where_it_was() {
    let world = World::new();
    let _worker = world.prober(&quick(), |job| {
        let halfway =
            Progress { percentage: 50.0, items_done: 5, items_total: Some(10), ..Progress::default() };
        job.progress.set(halfway);
        match job.spec == json!({ "fail": "as told" }) {
            true => Outcome::Failed { reason: FailureReason::BadInput, error: "as told".into() },
            false => Outcome::Completed(json!(null)),
        }
    });
    let completed = world.ended(&world.probe().await).await.summary.progress.unwrap();
    assert_eq!((completed.percentage, completed.items_done), (100.0, 10));
    let failing = world.submit(Kind::Probe, json!({ "fail": "as told" }), 1).await;
    let failed = world.ended(&failing).await.summary.progress.unwrap();
    assert_eq!((failed.percentage, failed.items_done), (50.0, 5));
}

#[tokio::test]
async fn a_result_that_can_not_be_stored_fails_the_job_with_the_reason() {
    let world = World::new();
    let _worker = world.prober(&quick(), |_| Outcome::Completed(json!("x".repeat(10 << 20))));
    let row = world.ended(&world.probe().await).await;
    assert_eq!((row.status, row.tries), (Status::Failed, 1));
    assert!(row.summary.error.unwrap().contains("its result can not be stored"));
}

#[tokio::test]
async fn stopping_without_being_asked_is_tried_again_until_the_tries_are_spent() {
    let world = World::new();
    let _worker = world.prober(&quick(), |job| {
        assert_eq!(job.stop.reason(), None::<StopReason>);
        Outcome::Stopped
    });
    let row = world.ended(&world.submit(Kind::Probe, json!({}), 1).await).await;
    assert_eq!(row.reason, Some(FailureReason::AttemptsExhausted));
}

#[tokio::test]
async fn many_jobs_on_few_slots_all_end_once() {
    let world = World::new();
    let _worker = world.prober(&quick(), |job| Outcome::Completed(json!(job.fence)));
    let mut ids = vec![];
    for _ in 0..300 {
        ids.push(world.probe().await);
    }
    for id in ids {
        let row = world.ended(&id).await;
        assert_eq!((row.status, row.result), (Status::Completed, Some(json!(1))));
    }
}
