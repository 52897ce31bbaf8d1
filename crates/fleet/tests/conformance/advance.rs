//! Advancing research cycles.

use ktrdr_domain::{EndStatus, FailureReason, Kind, Phase, Status};
use ktrdr_fabric::store::{Advance, Advanced, Finish};
use serde_json::json;

use crate::world::{World, child_of, design_of, id, into_done, into_failure, into_training};

pub(crate) async fn a_root_starts_with_its_first_child(w: World) {
    let root = w.start_root("r").await;
    let row = w.row(&root).await;
    let design = design_of(&root).id;
    assert_eq!((row.kind, row.status), (Kind::AgentResearch, Status::Running));
    assert_eq!((row.phase, row.waiting.as_ref()), (Some(Phase::Designing), Some(&design)));
    assert!(row.started_at_ms.is_some() && row.lease_until_ms.is_none());
    assert_eq!(w.row(&design).await.root, Some(root));
    assert_eq!(w.jobs().await, [design], "the root itself has no message");
}

pub(crate) async fn an_advance_creates_the_next_child_and_its_message(w: World) {
    let root = w.start_root("r").await;
    w.complete(&design_of(&root).id).await;
    w.relay().await;
    let training = child_of(&root, Kind::Training).id;
    assert_eq!(w.advance(into_training(&root)).await, Advanced::Next(training.clone()));
    let row = w.row(&root).await;
    assert_eq!((row.phase, row.waiting.as_ref()), (Some(Phase::Training), Some(&training)));
    assert_eq!(w.status(&training).await, Status::Pending);
    assert_eq!(w.jobs().await, [training]);
}

pub(crate) async fn repeating_an_advance_is_stale(w: World) {
    let root = w.start_root("r").await;
    w.complete(&design_of(&root).id).await;
    w.advance(into_training(&root)).await;
    w.relay().await;
    assert_eq!(w.advance(into_training(&root)).await, Advanced::Stale);
    assert_eq!(w.advance(into_done(&root)).await, Advanced::Stale);
    assert!(w.relay().await.is_empty());
}

pub(crate) async fn an_advance_before_the_child_ended_is_early(w: World) {
    let root = w.start_root("r").await;
    assert_eq!(w.advance(into_training(&root)).await, Advanced::Early);
    w.claim(&design_of(&root).id, "worker-1").await;
    assert_eq!(w.advance(into_training(&root)).await, Advanced::Early);
}

pub(crate) async fn a_wrong_decision_about_a_failed_child_is_a_mismatch(w: World) {
    let root = w.start_root("r").await;
    w.fail(&design_of(&root).id).await;
    assert_eq!(w.advance(into_training(&root)).await, Advanced::Mismatch(Status::Failed));
    assert_eq!(w.advance(into_done(&root)).await, Advanced::Mismatch(Status::Failed));
    assert_eq!(w.status(&root).await, Status::Running);
}

pub(crate) async fn a_failed_child_fails_the_root(w: World) {
    let root = w.start_root("r").await;
    w.fail(&design_of(&root).id).await;
    assert_eq!(w.advance(into_failure(&root)).await, Advanced::Closed(Status::Failed));
    let row = w.row(&root).await;
    assert_eq!((row.status, row.reason.as_ref()), (Status::Failed, Some(&FailureReason::Gate)));
    assert_eq!(row.error.as_deref(), Some("Training gate failed"));
    assert_eq!((row.result, row.summary.waiting), (Some(json!({"accuracy": 0.4})), None));
}

pub(crate) async fn a_gate_may_fail_a_root_whose_child_completed(w: World) {
    let root = w.start_root("r").await;
    w.complete(&design_of(&root).id).await;
    assert_eq!(w.advance(into_failure(&root)).await, Advanced::Closed(Status::Failed));
}

pub(crate) async fn a_cancelled_child_cancels_the_root(w: World) {
    let root = w.start_root("r").await;
    let design = design_of(&root).id;
    w.store.cancel(&design, "me", "").await.unwrap();
    assert_eq!(w.advance(into_training(&root)).await, Advanced::Closed(Status::Cancelled));
    assert!(w.row(&root).await.summary.error.unwrap().contains(design.as_str()), "the root says why");
}

pub(crate) async fn a_cancel_request_closes_the_root_instead_of_advancing(w: World) {
    let root = w.start_root("r").await;
    let child = w.claim(&design_of(&root).id, "worker-1").await;
    w.store.cancel(&root, "me", "").await.unwrap();
    w.finish(&child, Finish::Completed(json!({}))).await;
    assert_eq!(w.advance(into_training(&root)).await, Advanced::Closed(Status::Cancelled));
    assert!(w.store.get(&child_of(&root, Kind::Training).id).await.unwrap().is_none());
}

pub(crate) async fn a_completed_root_has_its_result_and_one_event(w: World) {
    let root = w.start_root("r").await;
    w.complete(&design_of(&root).id).await;
    w.relay().await;
    assert_eq!(w.advance(into_done(&root)).await, Advanced::Closed(Status::Completed));
    let row = w.row(&root).await;
    assert_eq!((row.status, row.result), (Status::Completed, Some(json!({"survived": true}))));
    let events = w.events().await;
    assert_eq!((events.len(), &events[0].operation, events[0].status), (1, &root, EndStatus::Completed));
}

pub(crate) async fn of_advances_that_race_one_moves(w: World) {
    let root = w.start_root("r").await;
    w.complete(&design_of(&root).id).await;
    w.relay().await;
    let advances: Vec<_> = (0..16)
        .map(|_| {
            let (store, step) = (w.store.clone(), into_training(&root));
            tokio::spawn(async move { store.advance(step).await.unwrap() })
        })
        .collect();
    let mut moved = 0;
    for advance in advances {
        match advance.await.unwrap() {
            Advanced::Next(_) => moved += 1,
            other => assert_eq!(other, Advanced::Stale),
        }
    }
    assert_eq!((moved, w.jobs().await.len()), (1, 1));
}

pub(crate) async fn an_advance_of_an_unknown_root_or_a_wrong_phase_is_stale(w: World) {
    assert_eq!(w.advance(into_training(&id("never"))).await, Advanced::Stale);
    let root = w.start_root("r").await;
    w.complete(&design_of(&root).id).await;
    let wrong = Advance { expected_phase: Phase::Training, ..into_training(&root) };
    assert_eq!(w.advance(wrong).await, Advanced::Stale);
}
