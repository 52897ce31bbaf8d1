//! What is cancelled and tried again, one or many at a time.

use ktrdr_app::cancel::{CancelOutcome, CancelRequest, GroupCancelRequest, OPERATOR};
use ktrdr_app::operations::ListRequest;
use ktrdr_app::retry::{GroupRetryRequest, RetryRequest};
use ktrdr_app::{Begun, ErrorKind};
use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::{Kind, Sha256, Status};
use serde::Deserialize;
use serde_json::json;

use crate::{Desk, campaign, request};

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_cancelled_as_planned_and_then_there_is_nothing_more_to_do() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let started = app.start_campaign(&campaign(&json!({ "in_flight": 1 }))).await.unwrap();
    let whole: GroupCancelRequest = request(json!({ "campaign": started.campaign }));
    let plan = app.plan_cancel(&whole).await.unwrap();
    assert_eq!((plan.matched, plan.kind), (3, Some(Kind::AgentResearch)));
    let active = ListRequest { active: true, kind: Some(Kind::AgentResearch), ..ListRequest::default() };
    assert_eq!(app.operations(&active).await.unwrap().total, 3, "a plan changes nothing");

    let done = app.cancel_group(plan).await.unwrap();
    assert_eq!((done.matched, done.cancelled, done.asked), (3, 2, 1));
    assert_eq!(app.operations(&active).await.unwrap().total, 1, "the one that was begun ends by itself");
    let counted = app.campaign_counts(&started.campaign).await.unwrap();
    assert_eq!(counted.cancel.unwrap().by, OPERATOR);

    let again = app.plan_cancel(&whole).await.unwrap();
    let again = app.cancel_group(again).await.unwrap();
    assert_eq!((again.cancelled, again.asked), (0, 0));
    let nobody: GroupCancelRequest = request(json!({}));
    assert_eq!(app.plan_cancel(&nobody).await.unwrap_err().kind, ErrorKind::InvalidRequest);
    let absent: GroupCancelRequest = request(json!({ "campaign": "absent" }));
    assert_eq!(app.plan_cancel(&absent).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_holds_only_what_was_cancelled_says_so_and_is_resumed_when_that_is_meant() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let name = app.start_campaign(&campaign(&json!({ "in_flight": 1 }))).await.unwrap().campaign;
    let plan = app.plan_cancel(&request(json!({ "campaign": name }))).await.unwrap();
    app.cancel_group(plan).await.unwrap();

    let failed = GroupRetryRequest { campaign: Some(name.clone()), ..GroupRetryRequest::default() };
    let plan = app.plan_retry(&failed).await.unwrap();
    assert!(plan.is_empty());
    assert!(plan.cancelled > 0, "{plan:?}");

    let cancelled = GroupRetryRequest { status: Some(Status::Cancelled), ..failed };
    let plan = app.plan_retry(&cancelled).await.unwrap();
    assert_eq!((plan.cycles, plan.jobs), (2, 0));
    assert_eq!(app.retry_group(plan).await.unwrap().retried.len(), 2);
    let again = app.plan_retry(&cancelled).await.unwrap();
    assert!(again.is_empty() && again.left_alone.contains_key("resumed before"), "{again:?}");

    let absent: GroupRetryRequest = request(json!({ "campaign": "absent" }));
    assert_eq!(app.plan_retry(&absent).await.unwrap_err().kind, ErrorKind::NotFound);
}

/// As after a crash: the request had come, and nobody was answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_asked_for_again_is_what_it_was_the_first_time() {
    let desk = Desk::with_bars().await;
    let app = &desk.app;
    let first = desk.submit_signals().await;
    app.cancel(&CancelRequest::of(first, "enough")).await.unwrap();
    let mark =
        async |key: &str| match app.begin_request(&key.parse().unwrap(), &Sha256::of(b"it")).await.unwrap() {
            Begun::Unanswered(mark) => mark,
            other => panic!("{other:?}"),
        };
    let asked = mark("k").await;
    for n in 0.. {
        if mark(&n.to_string()).await.at_ms > asked.at_ms {
            break;
        }
    }
    let later = desk.submit_signals().await;
    app.cancel(&CancelRequest::of(later, "enough")).await.unwrap();
    let waits = desk.submit_signals().await;
    assert_eq!(mark("k").await, asked);

    let group: GroupRetryRequest = request(json!({ "status": "cancelled", "type": "backtesting" }));
    assert_eq!(app.plan_retry(&group).await.unwrap().jobs, 2);
    let again = GroupRetryRequest { within: Some(asked), ..group };
    assert_eq!(app.plan_retry(&again).await.unwrap().jobs, 1);
    let group: GroupCancelRequest = request(json!({ "type": "backtesting" }));
    let again = GroupCancelRequest { within: Some(asked), ..group };
    let plan = app.plan_cancel(&again).await.unwrap();
    assert_eq!(app.cancel_group(plan).await.unwrap().cancelled, 0);
    assert_eq!(app.row(&waits).await.unwrap().status, Status::Pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_operation_is_cancelled_and_retried_with_its_history_told() {
    let desk = Desk::with_bars().await;
    let (app, id) = (&desk.app, desk.submit_signals().await);
    let asked = CancelRequest::of(id.clone(), "enough");
    assert_eq!(app.cancel(&asked).await.unwrap().answer, CancelOutcome::Cancelled);
    let late = app.cancel(&asked).await.unwrap();
    assert_eq!((late.answer, late.status), (CancelOutcome::TooLate, Some(Status::Cancelled)));
    assert!(app.history(&id).await.unwrap().events.len() >= 2);

    let key = Some("again".parse().unwrap());
    let retry = RetryRequest { operation: id.clone(), idempotency_key: key };
    let first = app.retry(&retry).await.unwrap();
    assert_eq!(first, app.retry(&retry).await.unwrap());
    assert_ne!(first.operation, id);
    let spec = BacktestSpec::deserialize(&app.row(&first.operation).await.unwrap().spec).unwrap();
    assert_eq!(spec.repeats, Some(id), "nobody saw the first: both are one look");

    let unknown = "op_backtesting_20260101_000000_00000000".parse().unwrap();
    assert_eq!(app.operation(&unknown).await.unwrap_err().kind, ErrorKind::NotFound);
}
