//! Cycles that are triggered by themselves.

use ktrdr_app::cancel::{CancelOneRequest, CancelOutcome, CancelRequest};
use ktrdr_app::cycle::TriggerRequest;
use ktrdr_app::{App, ErrorKind};
use ktrdr_domain::{OperationId, Phase, Status};
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced};
use serde_json::{Value, json};

use crate::{Desk, request};

fn trigger(document: &Value) -> TriggerRequest {
    let mut all = json!({ "symbol": "MINE", "timeframe": "1h" });
    all.as_object_mut().unwrap().extend(document.as_object().unwrap().clone());
    request(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_triggers_at_once_one_starts_a_cycle_and_its_end_makes_room() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let asked = trigger(&json!({ "idempotency_key": "k" }));
    let other = trigger(&json!({}));
    let (first, second) = tokio::join!(app.trigger_cycle(&asked), app.trigger_cycle(&other));
    let (won, lost) = match (first, second) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        both => panic!("{both:?}"),
    };
    assert_eq!(
        (lost.kind, lost.code.as_deref()),
        (ErrorKind::Conflict, Some("active_cycle_exists")),
        "{lost}"
    );
    assert!(lost.message.contains(won.operation.as_str()), "{lost}");
    let status = app.cycle_status().await.unwrap();
    assert_eq!((status.cycles.len(), status.capacity.active, status.capacity.limit), (1, 1, 2));
    assert_eq!(status.cycles[0].operation, won.operation);
    let stopped = app.cancel_cycle(&request::<CancelOneRequest>(json!({}))).await.unwrap();
    assert_eq!((&stopped.operation, stopped.answer), (&won.operation, CancelOutcome::Requested));
    assert_eq!(stopped.child, app.row(&won.operation).await.unwrap().waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_triggered_cycle_draws_lots_of_its_own_unless_it_is_given_a_seed() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let mut seeds = Vec::new();
    for document in [json!({}), json!({}), json!({ "seed": 7 })] {
        let cycle = app.trigger_cycle(&trigger(&document)).await.unwrap();
        let row = app.row(&cycle.operation).await.unwrap();
        seeds.push(row.spec["campaign_seed"].as_u64().unwrap());
        let child = row.summary.waiting.unwrap();
        app.cancel(&CancelRequest::of(cycle.operation.clone(), "")).await.unwrap();
        // The orchestrator's part, once the child has ended.
        assert_eq!(app.row(&child).await.unwrap().status, Status::Cancelled);
        close(&app, &cycle.operation, child).await;
    }
    assert!(seeds[0] != seeds[1] && seeds[2] == 7, "{seeds:?}");
}

/// What an orchestrator does when the child of a cycle ended.
async fn close(app: &App, root: &OperationId, finished: OperationId) {
    let to = AdvanceTo::Completed { result: json!({}) };
    let step = Advance { root: root.clone(), finished, expected_phase: Phase::Designing, to };
    assert_eq!(app.store.advance(step).await.unwrap(), Advanced::Closed(Status::Cancelled));
}
