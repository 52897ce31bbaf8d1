//! Campaigns: counted in the step in which their cycles change.

use ktrdr_domain::{FailureReason, Kind, OperationId, Phase, Status};
use ktrdr_fabric::campaign::{Campaign, Outcome};
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced, Filter, NewRoot, Pace, StoreError, Submitted};
use serde_json::json;

use crate::world::{World, design_of, id, into_done, into_failure, into_training, root};

/// Cycles of a campaign by name.
pub(crate) async fn submit_to(w: &World, campaign: &str, names: &[&str], in_flight: u32) {
    let of_it = |name: &&str| NewRoot { campaign: campaign.parse().unwrap(), ..root(name) };
    let submitted =
        w.store.submit_roots(names.iter().map(of_it).collect(), Pace::free(in_flight)).await.unwrap();
    assert_eq!(submitted, Submitted::Created);
}

pub(crate) async fn of(w: &World, campaign: &str) -> Campaign {
    w.campaigns.campaign(&campaign.parse().unwrap()).await.unwrap().expect("a campaign")
}

async fn counts(w: &World, campaign: &str) -> [u64; 5] {
    let campaign = of(w, campaign).await;
    let counts = Status::ALL.map(|status| campaign.with_status(status));
    assert_eq!(counts.iter().sum::<u64>(), campaign.cycles);
    counts
}

pub(crate) async fn cycles_are_counted_by_what_became_of_them(w: World) {
    let begun_at_ms = {
        submit_to(&w, "c", &["r1", "r2", "r3", "r4", "r5"], 1).await;
        w.row(&id("r1")).await.created_at_ms
    };
    submit_to(&w, "other", &["o1"], 1).await;
    assert_eq!(counts(&w, "c").await, [4, 1, 0, 0, 0]);
    w.complete(&design_of(&id("r1")).id).await;
    assert_eq!(w.advance(into_done(&id("r1"))).await, Advanced::Closed(Status::Completed));
    assert_eq!(counts(&w, "c").await, [3, 1, 1, 0, 0]);
    w.complete(&design_of(&id("r2")).id).await;
    assert_eq!(w.advance(into_failure(&id("r2"))).await, Advanced::Closed(Status::Failed));
    w.store.cancel(&id("r5"), "me", "").await.unwrap();
    w.store.cancel(&id("r3"), "me", "").await.unwrap();
    assert_eq!(counts(&w, "c").await, [1, 1, 1, 1, 1], "r3 runs until its advance");
    // Said again, or too late: counted once.
    assert_eq!(w.advance(into_failure(&id("r2"))).await, Advanced::Stale);
    submit_again(&w).await;
    assert_eq!(w.advance(into_done(&id("r3"))).await, Advanced::Closed(Status::Cancelled));
    assert_eq!(counts(&w, "c").await, [0, 1, 1, 1, 2]);
    let campaign = of(&w, "c").await;
    assert_eq!((campaign.begun_at_ms, campaign.forgotten, campaign.cancel), (begun_at_ms, 0, None));
    assert_eq!(counts(&w, "other").await, [0, 1, 0, 0, 0]);
}

async fn submit_again(w: &World) {
    assert_eq!(w.submit_roots(&["r1", "r2"], 1).await, Submitted::Duplicate(id("r1")));
}

pub(crate) async fn each_gate_and_each_reason_is_counted_apart(w: World) {
    submit_to(&w, "c", &["r1", "r2", "r3"], 3).await;
    for name in ["r1", "r2", "r3"] {
        w.complete(&design_of(&id(name)).id).await;
    }
    w.advance(into_failure(&id("r1"))).await;
    let error = || AdvanceTo::Failed {
        reason: FailureReason::Error,
        error: "it broke".into(),
        stopped_by: "error".into(),
        result: json!({}),
    };
    w.advance(Advance { to: error(), ..into_training(&id("r2")) }).await;
    assert!(matches!(w.advance(into_training(&id("r3"))).await, Advanced::Next(_)));
    let training = id("r3").child(Kind::Training, 1);
    w.complete(&training).await;
    let step = Advance { root: id("r3"), finished: training, expected_phase: Phase::Training, to: error() };
    assert_eq!(w.advance(step).await, Advanced::Closed(Status::Failed));
    let fate = |phase, reason, stopped_by: &str| Outcome {
        status: Status::Failed,
        phase: Some(phase),
        reason: Some(reason),
        stopped_by: Some(stopped_by.into()),
        cycles: 1,
    };
    let expected = [
        fate(Phase::Designing, FailureReason::Error, "error"),
        fate(Phase::Designing, FailureReason::Gate, "no_skill"),
        fate(Phase::Training, FailureReason::Error, "error"),
    ];
    assert_eq!(of(&w, "c").await.outcomes, expected);
}

pub(crate) async fn campaigns_come_newest_first_in_pages(w: World) {
    for name in ["a", "b", "c"] {
        submit_to(&w, name, &[&format!("{name}1")], 1).await;
    }
    submit_to(&w, "a", &["a2"], 1).await;
    let first = w.campaigns.campaigns(None, 2).await.unwrap();
    // One that begins meanwhile does not move the others.
    submit_to(&w, "d", &["d1"], 1).await;
    let second = w.campaigns.campaigns(first.next, 2).await.unwrap();
    assert_eq!((first.total, second.total, second.next), (3, 4, None));
    let seen: Vec<_> = [first.campaigns, second.campaigns].concat();
    let seen: Vec<_> = seen.iter().map(|campaign| (campaign.name.as_str(), campaign.cycles)).collect();
    assert_eq!(seen, [("c", 1), ("b", 1), ("a", 2)]);
    assert!(matches!(w.campaigns.campaigns(None, 0).await, Err(StoreError::Invalid(_))));
}

pub(crate) async fn a_campaign_lists_its_cycles_and_their_children(w: World) {
    submit_to(&w, "c", &["r1", "r2"], 1).await;
    submit_to(&w, "other", &["o1"], 1).await;
    w.submit("a").await;
    let design = design_of(&id("r1")).id;
    w.complete(&design).await;
    w.advance(into_training(&id("r1"))).await;
    let training = id("r1").child(Kind::Training, 1);
    let listed = async |status: Option<Status>, kind: Option<Kind>, active| {
        let campaign = Some("c".parse().unwrap());
        let (statuses, kinds) = (status.into_iter().collect(), kind.into_iter().collect());
        let filter = Filter { campaign, statuses, kinds, active, limit: 100, ..Filter::default() };
        let page = w.store.list(&filter).await.unwrap();
        let ids: Vec<OperationId> = page.operations.into_iter().map(|o| o.id).collect();
        assert_eq!(page.total, ids.len() as u64);
        ids
    };
    assert_eq!(listed(None, None, false).await, [&training, &design, &id("r2"), &id("r1")].map(Clone::clone));
    assert_eq!(listed(Some(Status::Completed), None, false).await, [design]);
    assert_eq!(listed(None, Some(Kind::AgentResearch), false).await, [id("r2"), id("r1")]);
    assert_eq!(listed(None, None, true).await, [training, id("r2"), id("r1")]);
}

pub(crate) async fn a_campaign_that_nobody_began_is_not_there(w: World) {
    w.submit("a").await;
    assert_eq!(w.campaigns.campaign(&"c".parse().unwrap()).await.unwrap(), None);
    let page = w.campaigns.campaigns(None, 10).await.unwrap();
    assert_eq!((page.campaigns, page.total), (vec![], 0));
}
