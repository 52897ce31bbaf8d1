//! Finishing.

use std::time::Duration;

use ktrdr_domain::{EndStatus, FailureReason, Status};
use ktrdr_fabric::store::{Attempt, Cancelled, Finish, Finished, StoreError};
use serde_json::json;

use crate::world::{LEASE, World, boot};

const DELAY: Duration = Duration::from_secs(10);

fn retry() -> Finish {
    Finish::Retry { error: "no data yet".into(), delay: DELAY }
}

fn defer() -> Finish {
    Finish::Defer { why: "a batch".into(), delay: DELAY }
}

fn failed() -> Finish {
    Finish::Failed {
        reason: FailureReason::BadInput,
        error: "line 3: high < low".into(),
        result: Some(json!({"line": 3})),
    }
}

pub(crate) async fn completed_is_recorded_with_its_event(w: World) {
    let attempt = w.running("a").await;
    w.relay().await;
    let done = w.finish(&attempt, Finish::Completed(json!({"sharpe": 1.25}))).await;
    assert_eq!(done, Finished::Recorded(Status::Completed));
    let row = w.row(&attempt.id).await;
    assert_eq!((row.status, row.result), (Status::Completed, Some(json!({"sharpe": 1.25}))));
    assert!(
        row.summary.finished_at_ms.is_some()
            && row.summary.lease_until_ms.is_none()
            && row.summary.worker.is_none()
    );
    let events = w.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].status, events[0].fence, events[0].again), (EndStatus::Completed, 1, false));
}

pub(crate) async fn failed_keeps_reason_error_and_result(w: World) {
    let attempt = w.running("a").await;
    assert_eq!(w.finish(&attempt, failed()).await, Finished::Recorded(Status::Failed));
    let row = w.row(&attempt.id).await;
    assert_eq!(row.reason, Some(FailureReason::BadInput));
    assert_eq!(row.error.as_deref(), Some("line 3: high < low"));
    assert_eq!(row.result, Some(json!({"line": 3})));
}

pub(crate) async fn a_retry_waits_until_it_is_due(w: World) {
    let attempt = w.running("a").await;
    w.relay().await;
    assert_eq!(w.finish(&attempt, retry()).await, Finished::Recorded(Status::Pending));
    w.pass(DELAY - Duration::from_millis(1));
    assert_eq!(w.sweep().await.due, 0);
    assert!(w.jobs().await.is_empty());
    w.pass(Duration::from_millis(1));
    assert_eq!(w.sweep().await.due, 1);
    assert_eq!(w.jobs().await, std::slice::from_ref(&attempt.id));
    let row = w.row(&attempt.id).await;
    assert_eq!((row.tries, row.error.as_deref()), (1, Some("no data yet")));
    assert_eq!(w.claim(&attempt.id, "worker-1").await.fence, 2);
}

pub(crate) async fn a_retry_without_tries_left_fails_as_attempts_exhausted(w: World) {
    let a = w.submit("a").await;
    for _ in 0..2 {
        let attempt = w.claim(&a, "worker-1").await;
        assert_eq!(w.finish(&attempt, retry()).await, Finished::Recorded(Status::Pending));
        w.pass(DELAY);
    }
    let last = w.claim(&a, "worker-1").await;
    assert_eq!(w.finish(&last, retry()).await, Finished::Recorded(Status::Failed));
    let row = w.row(&a).await;
    assert_eq!(
        (row.summary.reason, row.summary.error.as_deref()),
        (Some(FailureReason::AttemptsExhausted), Some("no data yet"))
    );
}

pub(crate) async fn a_release_gives_the_try_back_and_keeps_the_fence(w: World) {
    let attempt = w.running("a").await;
    w.relay().await;
    assert_eq!(w.finish(&attempt, Finish::Release).await, Finished::Recorded(Status::Pending));
    let row = w.row(&attempt.id).await;
    assert_eq!((row.tries, row.fence), (0, 1));
    assert_eq!(w.jobs().await, std::slice::from_ref(&attempt.id), "its message is there at once");
    assert_eq!(w.claim(&attempt.id, "worker-2").await.fence, 2);
}

pub(crate) async fn a_deferral_waits_until_it_is_due_and_gives_the_try_back(w: World) {
    let attempt = w.running("a").await;
    w.relay().await;
    // Oftener than there are tries.
    for fence in 1..=5 {
        let row = w.row(&attempt.id).await;
        assert_eq!(
            (row.status, row.fence, row.tries, row.summary.waits_for),
            (Status::Running, fence, 1, None)
        );
        let attempt = Attempt { fence, ..attempt.clone() };
        assert_eq!(w.finish(&attempt, defer()).await, Finished::Recorded(Status::Pending));
        let row = w.row(&attempt.id).await;
        assert_eq!(
            (row.tries, row.summary.error, row.summary.worker, row.summary.lease_until_ms),
            (0, None, None, None)
        );
        assert_eq!(row.summary.waits_for.as_deref(), Some("a batch"));
        w.pass(DELAY - Duration::from_millis(1));
        assert_eq!(w.sweep().await.due, 0);
        assert!(w.jobs().await.is_empty());
        w.pass(Duration::from_millis(1));
        assert_eq!(w.sweep().await.due, 1);
        assert_eq!(w.jobs().await, std::slice::from_ref(&attempt.id));
        w.relay().await;
        assert_eq!(w.claim(&attempt.id, "worker-1").await.fence, fence + 1);
    }
    let last = Attempt { fence: 6, ..attempt };
    w.finish(&last, defer()).await;
    assert_eq!(w.store.cancel(&last.id, "me", "enough").await.unwrap(), Cancelled::Done);
    let row = w.row(&last.id).await;
    assert_eq!(
        (row.status, row.summary.waits_for),
        (Status::Cancelled, None),
        "at once, although it is not due"
    );
    w.pass(DELAY);
    assert_eq!(w.sweep().await.due, 0);
}

pub(crate) async fn a_zombie_is_refused_and_told_the_fence_of_the_row(w: World) {
    let zombie = w.running("a").await;
    w.pass(LEASE);
    let heir = w.claim(&zombie.id, "worker-2").await;
    let refused = w.finish(&zombie, Finish::Completed(json!({"by": "zombie"}))).await;
    assert_eq!(refused, Finished::Refused { status: Some(Status::Running), fence: 2 });
    w.finish(&heir, Finish::Completed(json!({"by": "heir"}))).await;
    let refused = w.finish(&zombie, failed()).await;
    assert_eq!(refused, Finished::Refused { status: Some(Status::Completed), fence: 2 });
    assert_eq!(w.row(&zombie.id).await.result, Some(json!({"by": "heir"})));
}

pub(crate) async fn repeating_a_finish_is_refused_with_ones_own_fence(w: World) {
    let attempt = w.running("a").await;
    w.relay().await;
    w.finish(&attempt, Finish::Completed(json!({"n": 1}))).await;
    let again = w.finish(&attempt, Finish::Completed(json!({"n": 2}))).await;
    assert_eq!(again, Finished::Refused { status: Some(Status::Completed), fence: attempt.fence });
    assert_eq!((w.row(&attempt.id).await.result, w.events().await.len()), (Some(json!({"n": 1})), 1));
}

pub(crate) async fn the_same_fence_of_another_process_is_refused(w: World) {
    let attempt = w.running("a").await;
    let stranger = Attempt { boot: boot("worker-2"), ..attempt };
    let refused = w.finish(&stranger, Finish::Completed(json!({}))).await;
    assert_eq!(refused, Finished::Refused { status: Some(Status::Running), fence: 1 });
}

pub(crate) async fn completed_wins_over_a_cancel_request_and_is_marked_too_late(w: World) {
    let attempt = w.running("a").await;
    w.store.cancel(&attempt.id, "me", "enough").await.unwrap();
    assert!(!w.row(&attempt.id).await.summary.cancel.unwrap().too_late);
    let done = w.finish(&attempt, Finish::Completed(json!({}))).await;
    assert_eq!(done, Finished::Recorded(Status::Completed));
    assert!(w.row(&attempt.id).await.summary.cancel.unwrap().too_late);
}

pub(crate) async fn everything_else_yields_to_a_cancel_request(w: World) {
    for (name, how) in
        [("a", Finish::Cancelled), ("b", failed()), ("c", retry()), ("d", Finish::Release), ("e", defer())]
    {
        let attempt = w.running(name).await;
        w.store.cancel(&attempt.id, "me", "enough").await.unwrap();
        w.relay().await;
        assert_eq!(w.finish(&attempt, how).await, Finished::Recorded(Status::Cancelled), "{name}");
        let events = w.events().await;
        assert_eq!(events.iter().map(|e| e.status).collect::<Vec<_>>(), [EndStatus::Cancelled], "{name}");
    }
}

pub(crate) async fn of_finishes_that_race_one_is_recorded(w: World) {
    let attempt = w.running("a").await;
    w.relay().await;
    let finishes: Vec<_> = (0..16)
        .map(|n| {
            let (store, attempt) = (w.store.clone(), attempt.clone());
            tokio::spawn(async move { store.finish(&attempt, Finish::Completed(json!(n))).await.unwrap() })
        })
        .collect();
    let mut recorded = 0;
    for finish in finishes {
        recorded += usize::from(finish.await.unwrap() == Finished::Recorded(Status::Completed));
    }
    assert_eq!((recorded, w.events().await.len()), (1, 1));
}

pub(crate) async fn an_oversized_result_is_refused_and_the_attempt_goes_on(w: World) {
    let attempt = w.running("a").await;
    let refused = w.store.finish(&attempt, Finish::Completed(json!("x".repeat(5 << 20)))).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert_eq!(w.finish(&attempt, failed()).await, Finished::Recorded(Status::Failed));
}

pub(crate) async fn how_long_an_attempt_took_is_not_told_by_a_clock_that_jumps(w: World) {
    let attempt = w.running("a").await;
    let jump = Duration::from_secs(400 * 86_400);
    w.pass(jump);
    w.finish(&attempt, Finish::Completed(json!({}))).await;
    let row = w.row(&attempt.id).await;
    let by_the_wall = row.finished_at_ms.unwrap() - row.started_at_ms.unwrap();
    assert_eq!(by_the_wall, i64::try_from(jump.as_millis()).unwrap());
    assert!(row.took_ms.is_some_and(|ms| ms < 60_000), "{row:?}");
    let waiting = w.submit("b").await;
    w.store.cancel(&waiting, "me", "").await.unwrap();
    assert_eq!(w.row(&waiting).await.took_ms, None, "what never ran took no time");
}
