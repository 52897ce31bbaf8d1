//! Histories.

use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Phase};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::history::{Change, ENTRIES_MAX, NOTE_BYTES_MAX, Transition};
use ktrdr_fabric::losses::{COST_A_TRY, TRY_GIVEN_BACK, back_off};
use ktrdr_fabric::store::{Advance, Advanced, Finish, NewOperation, Submitted};
use serde_json::json;

use crate::world::{
    LEASE, World, boot, child_of, design_of, id, into_done, into_failure, into_training, leaf,
};

/// What happened, with fence, worker and note.
type Told<'a> = (Change, u64, Option<&'a str>, Option<&'a str>);

async fn history(w: &World, id: &OperationId) -> Vec<Transition> {
    w.store.history(id).await.unwrap()
}

fn told(history: &[Transition]) -> Vec<Told<'_>> {
    history.iter().map(|t| (t.what, t.fence, t.worker.as_deref(), t.note.as_deref())).collect()
}

async fn changes(w: &World, id: &OperationId) -> Vec<Change> {
    history(w, id).await.iter().map(|entry| entry.what).collect()
}

fn retry(error: &str) -> Finish {
    Finish::Retry { error: error.into(), delay: Duration::from_secs(10) }
}

pub(crate) async fn every_attempt_is_told_with_its_fence_its_worker_and_its_error(w: World) {
    let a = w.submit("a").await;
    let begun_ms = history(&w, &a).await[0].at_ms;
    let first = w.claim(&a, "worker-1").await;
    w.finish(&first, retry("no data yet")).await;
    w.pass(Duration::from_secs(10));
    w.sweep().await;
    let second = w.claim(&a, "worker-2").await;
    w.finish(&second, Finish::Release).await;
    let third = w.claim(&a, "worker-2").await;
    w.finish(&third, Finish::Defer { why: "a batch".into(), delay: Duration::ZERO }).await;
    w.sweep().await;
    w.complete(&a).await;
    let history = history(&w, &a).await;
    assert_eq!(
        told(&history),
        [
            (Change::Created, 0, None, None),
            (Change::Claimed, 1, Some("worker-1"), None),
            (Change::RetryScheduled, 1, Some("worker-1"), Some("no data yet")),
            (Change::Due, 1, None, None),
            (Change::Claimed, 2, Some("worker-2"), None),
            (Change::Released, 2, Some("worker-2"), None),
            (Change::Claimed, 3, Some("worker-2"), None),
            (Change::Deferred, 3, Some("worker-2"), Some("a batch")),
            (Change::Due, 3, None, None),
            (Change::Claimed, 4, Some("worker-1"), None),
            (Change::Completed, 4, Some("worker-1"), None),
        ]
    );
    let row = w.row(&a).await;
    assert_eq!((begun_ms, history[10].at_ms), (row.created_at_ms, row.finished_at_ms.unwrap()));
    assert_eq!(history[3].at_ms - begun_ms, 10_000);
}

pub(crate) async fn lost_workers_are_named(w: World) {
    w.store.submit(NewOperation { tries_max: 1, ..leaf("a") }).await.unwrap();
    let a = leaf("a").id;
    w.claim(&a, "worker-1").await;
    w.pass(LEASE);
    w.claim(&a, "worker-2").await;
    w.pass(LEASE);
    w.sweep().await;
    w.pass(back_off(2));
    w.sweep().await;
    w.claim(&a, "worker-3").await;
    w.pass(LEASE);
    w.sweep().await;
    let history = history(&w, &a).await;
    assert_eq!(
        told(&history),
        [
            (Change::Created, 0, None, None),
            (Change::Claimed, 1, Some("worker-1"), None),
            (Change::LeaseLapsed, 1, Some("worker-1"), Some(TRY_GIVEN_BACK)),
            (Change::TakenOver, 2, Some("worker-2"), Some("worker-1")),
            (Change::LeaseLapsed, 2, Some("worker-2"), Some(TRY_GIVEN_BACK)),
            (Change::Due, 2, None, None),
            (Change::Claimed, 3, Some("worker-3"), None),
            (Change::LeaseLapsed, 3, Some("worker-3"), Some(COST_A_TRY)),
            (Change::Failed, 3, Some("worker-3"), Some("attempts_exhausted: its worker worker-3 was lost")),
        ]
    );
}

pub(crate) async fn the_first_cancel_request_is_told_with_its_words(w: World) {
    let attempt = w.running("a").await;
    w.store.cancel(&attempt.id, "me", "enough").await.unwrap();
    w.store.cancel(&attempt.id, "you", "").await.unwrap();
    w.finish(&attempt, retry("half done")).await;
    let pending = w.submit("b").await;
    w.store.cancel(&pending, "you", "").await.unwrap();
    let (running, pending) = (history(&w, &attempt.id).await, history(&w, &pending).await);
    assert_eq!(
        told(&running)[2..],
        [
            (Change::CancelRequested, 1, Some("worker-1"), Some("me: enough")),
            (Change::Cancelled, 1, Some("worker-1"), Some("half done")),
        ]
    );
    assert_eq!(
        told(&pending)[1..],
        [(Change::CancelRequested, 0, None, Some("you")), (Change::Cancelled, 0, None, None)]
    );
}

pub(crate) async fn a_cycle_tells_of_its_lane_its_phases_and_its_end(w: World) {
    w.submit_roots(&["r1", "r2"], 1).await;
    assert_eq!(changes(&w, &id("r2")).await, [Change::Created], "it waits");
    let (design, training) = (design_of(&id("r1")).id, child_of(&id("r1"), Kind::Training).id);
    w.complete(&design).await;
    assert_eq!(w.advance(into_training(&id("r1"))).await, Advanced::Next(training.clone()));
    assert_eq!(changes(&w, &training).await, [Change::Created]);
    w.store.cancel(&id("r1"), "me", "").await.unwrap();
    let end = Advance { finished: training.clone(), expected_phase: Phase::Training, ..into_done(&id("r1")) };
    w.advance(end).await;
    let ended = history(&w, &id("r1")).await;
    assert_eq!(
        told(&ended),
        [
            (Change::Created, 0, None, None),
            (Change::Started, 0, None, Some(design.as_str())),
            (Change::Advanced, 0, None, Some("training")),
            (Change::CancelRequested, 0, None, Some("me")),
            (Change::Cancelled, 0, None, None),
        ]
    );
    assert_eq!(
        changes(&w, &training).await,
        [Change::Created, Change::CancelRequested, Change::Cancelled],
        "the request was passed on"
    );
    w.fail(&design_of(&id("r2")).id).await;
    w.advance(into_failure(&id("r2"))).await;
    let failed = history(&w, &id("r2")).await;
    assert_eq!(told(&failed)[1].0, Change::Started);
    assert_eq!(told(&failed)[2..], [(Change::Failed, 0, None, Some("gate: Training gate failed"))]);
}

pub(crate) async fn what_changes_nothing_is_not_told(w: World) {
    let zombie = w.running("a").await;
    w.store.claim(&zombie.id, &boot("worker-2"), LEASE).await.unwrap();
    w.store.beat(&zombie, LEASE, None).await.unwrap();
    assert_eq!(w.store.submit(leaf("a")).await.unwrap(), Submitted::Duplicate(id("a")));
    w.pass(LEASE);
    let heir = w.claim(&zombie.id, "worker-2").await;
    w.finish(&zombie, retry("late")).await;
    w.finish(&heir, Finish::Completed(json!({}))).await;
    w.finish(&heir, Finish::Completed(json!({}))).await;
    w.store.cancel(&zombie.id, "me", "too late").await.unwrap();
    w.store.claim(&zombie.id, &boot("worker-3"), LEASE).await.unwrap();
    w.pass(LEASE);
    w.sweep().await;
    let all = [Change::Created, Change::Claimed, Change::LeaseLapsed, Change::TakenOver, Change::Completed];
    assert_eq!(changes(&w, &zombie.id).await, all);
    assert!(history(&w, &id("nobody")).await.is_empty());
}

pub(crate) async fn what_is_published_again_and_again_is_told_once(w: World) {
    const AGE: Duration = Duration::from_secs(60);
    let root = w.start_root("r").await;
    let design = design_of(&root).id;
    for _ in 0..3 {
        w.relay().await;
        w.pass(AGE);
        let designs = Queue::Jobs(Kind::AgentDesign);
        assert_eq!(w.store.publish_again(designs, AGE, 10).await.unwrap(), 1);
    }
    let pending = history(&w, &design).await;
    assert_eq!(
        told(&pending).iter().map(|t| t.0).collect::<Vec<_>>(),
        [Change::Created, Change::PublishedAgain]
    );
    assert_eq!(pending[1].at_ms - pending[0].at_ms, 180_000, "the latest");
    w.complete(&design).await;
    for _ in 0..3 {
        w.relay().await;
        w.pass(AGE);
        assert_eq!(w.sweep().await.republished, 1);
    }
    let all =
        [Change::Created, Change::PublishedAgain, Change::Claimed, Change::Completed, Change::PublishedAgain];
    assert_eq!(changes(&w, &design).await, all);
}

pub(crate) async fn the_latest_entries_are_kept(w: World) {
    let a = w.submit("a").await;
    let rounds = u64::from(ENTRIES_MAX) / 2 + 10;
    for _ in 0..rounds {
        let attempt = w.claim(&a, "worker-1").await;
        w.finish(&attempt, Finish::Release).await;
    }
    let history = history(&w, &a).await;
    assert_eq!(history.len(), ENTRIES_MAX as usize);
    let (first, second, last) = (&history[0], &history[1], &history[history.len() - 1]);
    assert_eq!((first.what, second.what, second.fence), (Change::Created, Change::Released, 11));
    assert_eq!((last.what, last.fence), (Change::Released, rounds));
}

pub(crate) async fn a_long_note_is_cut_between_characters(w: World) {
    let attempt = w.running("a").await;
    w.finish(&attempt, retry(&format!("x{}", "€".repeat(100)))).await;
    let kept = format!("x{}", "€".repeat(66));
    assert_eq!((kept.len(), NOTE_BYTES_MAX), (199, 200), "one more would be in two parts");
    let history = history(&w, &attempt.id).await;
    assert_eq!(history[2].note.as_ref(), Some(&kept));
}
