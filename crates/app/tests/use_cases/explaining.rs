//! Why something waits, coded, with since when, until when and what to run.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_app::App;
use ktrdr_app::explain::Explanation;
use ktrdr_domain::hypothesis::{Answer, Approval, Hypothesis, Idea};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, OperationId, Status, Timestamp};
use ktrdr_fabric::store::{Attempt, BootId, Claim, Finish};
use serde_json::json;

use super::{Desk, campaign};

const LEASE: Duration = Duration::from_secs(60);

async fn claim(app: &App, id: &OperationId) -> Attempt {
    let claimed = app.store.claim(id, &BootId("box-1".into()), LEASE).await.unwrap();
    let Claim::Run { attempt, .. } = claimed else { panic!("{claimed:?}") };
    attempt
}

fn codes(told: &Explanation) -> Vec<&str> {
    told.reasons.iter().map(|reason| &*reason.why).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_time_says_which_and_why() {
    let desk = Desk::with_bars().await;
    let app = &desk.app;
    let id = desk.submit_signals().await;
    let without_engine = App { is_held: Arc::new(|| false), ..app.clone() };
    let told = without_engine.explain(&id).await.unwrap();
    assert_eq!(codes(&told), ["no_engine"]);
    assert_eq!((told.reasons[0].since_ms, &*told.reasons[0].run), (Some(told.since_ms), "ktrdr up"));

    let retry = Finish::Retry { error: "the disk is full".into(), delay: LEASE };
    app.store.finish(&claim(app, &id).await, retry).await.unwrap();
    let told = app.explain(&id).await.unwrap();
    let reason = &told.reasons[0];
    assert_eq!(&*reason.why, "retry_due", "{told:?}");
    assert!(reason.message.starts_with("the disk is full; 1 of 3 tries are spent"), "{reason:?}");
    let wait = reason.until_ms.unwrap() - reason.since_ms.unwrap();
    assert!((59_000..=61_000).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deferred_says_what_for_and_until_when() {
    let desk = Desk::with_bars().await;
    let id = desk.submit_signals().await;
    let defer = Finish::Defer { why: "a batch of a-model".into(), delay: LEASE };
    desk.app.store.finish(&claim(&desk.app, &id).await, defer).await.unwrap();
    let told = desk.app.explain(&id).await.unwrap();
    assert_eq!(&*told.reasons[0].why, "deferred", "{told:?}");
    assert!(told.reasons[0].message.contains("it waits for a batch of a-model"), "{told:?}");
    assert!(told.reasons[0].until_ms.unwrap() > told.since_ms + 50_000, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_worker_that_nobody_hears_of_says_until_when_it_is_waited_for() {
    let desk = Desk::with_bars().await;
    let id = desk.submit_signals().await;
    claim(&desk.app, &id).await;
    let told = desk.app.explain(&id).await.unwrap();
    let lease_until_ms = desk.app.row(&id).await.unwrap().lease_until_ms;
    assert_eq!((told.status, codes(&told)), (Status::Running, vec!["worker_suspect"]));
    assert_eq!((told.reasons[0].until_ms, &*told.reasons[0].run), (lease_until_ms, "ktrdr workers list"));
    desk.app.store.suspect(&id, &BootId("box-2".into()), Duration::from_secs(3)).await.unwrap();
    let told = desk.app.explain(&id).await.unwrap();
    assert!(told.reasons[0].message.starts_with("the broker lost its worker box-1"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_says_that_its_campaign_is_full_and_what_is_paused_before_its_job() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let cycles = app.start_campaign(&campaign(&json!({ "cycles": 2, "in_flight": 1 }))).await.unwrap().cycles;
    let told = app.explain(&cycles[1]).await.unwrap();
    assert_eq!(codes(&told), ["lane_full"], "{told:?}");
    app.pause(Kind::AgentDesign).await.unwrap();
    let told = app.explain(&cycles[0]).await.unwrap();
    assert_eq!((codes(&told), told.job.is_of(Kind::AgentDesign)), (vec!["paused"], true), "{told:?}");
    assert_eq!(&*told.reasons[0].run, "ktrdr queues resume agent_design");
}

/// An idea that a person is asked about.
fn asked_about(campaign: &CampaignName, operation: &OperationId, deadline: Timestamp) -> Hypothesis {
    let (symbol, timeframe) = ("MINE".parse().unwrap(), "1h".parse().unwrap());
    Hypothesis {
        id: Hypothesis::id_of(campaign, &symbol, timeframe, "It fades."),
        campaign: campaign.clone(),
        index: 0,
        symbol,
        timeframe,
        idea: Idea { text: "It fades.".into(), rationale: String::new() },
        proposed_by: "a-model".into(),
        masked: false,
        operation: operation.clone(),
        proposed_at: Timestamp(0),
        known_until: Timestamp(0),
        approval: Some(Approval { deadline, default: Answer::Reject }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_design_says_which_ideas_wait_for_a_person() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let started = app.start_campaign(&campaign(&json!({ "campaign": "asked" }))).await.unwrap();
    let deadline = Timestamp(4_000_000_000);
    app.ledger.propose(&asked_about(&started.campaign, &started.cycles[0], deadline)).await.unwrap();
    let told = app.explain(&started.cycles[0]).await.unwrap();
    let approval = told.reasons.iter().find(|reason| reason.why == "approval").unwrap();
    assert_eq!((approval.until_ms, &*approval.run), (Some(deadline.0 * 1_000), "ktrdr agent approvals list"));
}
