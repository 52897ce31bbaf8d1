//! Sweeping.

use std::time::Duration;

use ktrdr_domain::{EndStatus, FailureReason, Status};
use ktrdr_fabric::losses::LOSSES_PER_TRY;
use ktrdr_fabric::store::{NewOperation, SweepPlan, Swept};

use crate::world::{FULL_SWEEP, LEASE, World, design_of, leaf};

const AGE: Duration = Duration::from_secs(60);

pub(crate) async fn a_lapsed_lease_brings_the_operation_back(w: World) {
    let attempt = w.running("a").await;
    w.relay().await;
    w.pass(LEASE);
    assert_eq!(w.sweep().await, Swept { rescued: 1, due: 0, republished: 0 });
    let row = w.row(&attempt.id).await;
    assert_eq!((row.status, row.rescues, row.tries, row.fence), (Status::Pending, 1, 0, 1));
    assert!(
        row.worker.is_none() && row.summary.error.unwrap().contains("worker-1"),
        "the row says whose work was lost"
    );
    assert_eq!(w.jobs().await, [attempt.id]);
}

pub(crate) async fn a_lease_within_its_grace_is_left_alone(w: World) {
    let attempt = w.running("a").await;
    let plan = SweepPlan { grace: Duration::from_secs(5), ..FULL_SWEEP };
    w.pass(LEASE + Duration::from_millis(4_999));
    assert_eq!(w.store.sweep(plan).await.unwrap().rescued, 0);
    w.pass(Duration::from_millis(1));
    assert_eq!(w.store.sweep(plan).await.unwrap().rescued, 1);
    assert_eq!(w.status(&attempt.id).await, Status::Pending);
}

pub(crate) async fn a_lost_worker_of_a_cancelled_operation_ends_it(w: World) {
    let attempt = w.running("a").await;
    w.store.cancel(&attempt.id, "me", "").await.unwrap();
    w.relay().await;
    w.pass(LEASE);
    assert_eq!(w.sweep().await.rescued, 1);
    assert_eq!(w.status(&attempt.id).await, Status::Cancelled);
    assert_eq!(w.events().await.iter().map(|e| e.status).collect::<Vec<_>>(), [EndStatus::Cancelled]);
}

pub(crate) async fn a_worker_lost_once_too_often_ends_it_as_attempts_exhausted(w: World) {
    w.store.submit(NewOperation { tries_max: 1, ..leaf("a") }).await.unwrap();
    let a = leaf("a").id;
    for losses in 1..=LOSSES_PER_TRY {
        w.lose(&a, "worker-1").await;
        let expected = if losses < LOSSES_PER_TRY { Status::Pending } else { Status::Failed };
        assert_eq!(w.status(&a).await, expected);
    }
    let row = w.row(&a).await;
    assert_eq!(
        (row.summary.reason, row.summary.rescues),
        (Some(FailureReason::AttemptsExhausted), LOSSES_PER_TRY)
    );
    assert_eq!(w.events().await.len(), 1);
}

pub(crate) async fn a_lost_event_is_announced_again_and_marked(w: World) {
    let root = w.start_root("r").await;
    w.pass(AGE);
    let design = design_of(&root).id;
    w.complete(&design).await;
    w.relay().await;
    assert_eq!(w.sweep().await.republished, 0, "the age counts from the child's end");
    w.pass(AGE);
    assert_eq!(w.sweep().await.republished, 1);
    let events = w.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0].operation, &events[0].root), (&design, &Some(root)));
    assert_eq!((events[0].status, events[0].again), (EndStatus::Completed, true));
}

pub(crate) async fn a_sweep_handles_at_most_its_limit(w: World) {
    for name in ["a", "b", "c"] {
        w.running(name).await;
    }
    w.pass(LEASE);
    let plan = SweepPlan { limit: 2, ..FULL_SWEEP };
    assert_eq!(w.store.sweep(plan).await.unwrap().rescued, 2);
    assert_eq!(w.store.sweep(plan).await.unwrap().rescued, 1);
}

pub(crate) async fn sweeping_twice_does_nothing_more(w: World) {
    w.running("a").await;
    w.submit("b").await;
    w.start_root("r").await;
    w.relay().await;
    w.pass(AGE * 2);
    assert_ne!(w.sweep().await, Swept::default());
    assert_eq!(w.sweep().await, Swept::default());
}
