//! Cancelling many at once.

use ktrdr_domain::{Kind, OperationId, Status};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Advanced, Filter, GroupCancel, GroupCancelled, StoreError, StoreHint};

use crate::campaigns::{of, submit_to};
use crate::world::{World, design_of, id, into_done};

fn everyone() -> GroupCancel {
    GroupCancel { by: "operator".into(), reason: "enough".into(), limit: 100, ..GroupCancel::default() }
}

/// All cycles of the campaign `c`.
fn campaign() -> GroupCancel {
    GroupCancel { campaign: Some("c".parse().unwrap()), kind: Some(Kind::AgentResearch), ..everyone() }
}

async fn step(w: &World, group: &GroupCancel) -> GroupCancelled {
    w.store.cancel_matching(group).await.unwrap()
}

/// Batch after batch; how many were cancelled and asked, and in how many batches.
async fn all(w: &World, mut group: GroupCancel) -> (u64, u64, u32) {
    let (mut cancelled, mut asked) = (0, 0);
    for batches in 1.. {
        let done = step(w, &group).await;
        assert!(done.cancelled + done.asked <= group.limit.into());
        cancelled += done.cancelled;
        asked += done.asked;
        if !done.more {
            return (cancelled, asked, batches);
        }
        group.upto = Some(done.upto);
    }
    unreachable!()
}

async fn with_status(w: &World, status: Status) -> Vec<OperationId> {
    let filter = Filter { statuses: vec![status], limit: 100, ..Filter::default() };
    let mut ids: Vec<_> = w.store.list(&filter).await.unwrap().operations.into_iter().map(|o| o.id).collect();
    ids.sort();
    ids
}

pub(crate) async fn a_group_is_cancelled_in_batches(w: World) {
    for name in ["a", "b", "c", "d", "e"] {
        w.submit(name).await;
    }
    let first = step(&w, &GroupCancel { limit: 2, ..everyone() }).await;
    assert_eq!((first.cancelled, first.asked, first.more), (2, 0, true));
    assert_eq!(with_status(&w, Status::Cancelled).await, [id("a"), id("b")], "the oldest first");
    let rest = GroupCancel { limit: 2, upto: Some(first.upto), ..everyone() };
    assert_eq!(all(&w, rest).await, (3, 0, 2));
    assert_eq!(with_status(&w, Status::Cancelled).await.len(), 5);
    assert_eq!(w.events().await.len(), 5);
    for name in ["a", "e"] {
        let cancel = w.row(&id(name)).await.summary.cancel.unwrap();
        assert_eq!((cancel.by.as_str(), cancel.reason.as_str()), ("operator", "enough"));
    }
}

pub(crate) async fn a_running_one_is_asked_and_its_history_says_by_whom(w: World) {
    let attempt = w.running("a").await;
    let mut hints = w.store.hints();
    assert_eq!(all(&w, everyone()).await, (0, 1, 1));
    assert!(w.row(&attempt.id).await.is_cancelling());
    while hints.recv().await.unwrap() != StoreHint::Cancel(attempt.id.clone()) {}
    let history = w.store.history(&attempt.id).await.unwrap();
    let asked: Vec<_> = history.iter().filter(|entry| entry.what == Change::CancelRequested).collect();
    assert_eq!((asked.len(), asked[0].note.as_deref()), (1, Some("operator: enough")));
}

pub(crate) async fn of_a_campaign_that_is_being_cancelled_nothing_starts(w: World) {
    submit_to(&w, "c", &["r1", "r2", "r3", "r4", "r5"], 2).await;
    let first = step(&w, &GroupCancel { limit: 1, ..campaign() }).await;
    assert_eq!((first.cancelled, first.more, of(&w, "c").await.is_cancelling), (1, true, true));
    w.complete(&design_of(&id("r2")).id).await;
    assert_eq!(w.advance(into_done(&id("r2"))).await, Advanced::Closed(Status::Completed));
    assert_eq!(w.status(&id("r4")).await, Status::Pending, "the lane stands still");
    w.store.sweep(ktrdr_fabric::store::SweepPlan { limit: 1, ..crate::world::FULL_SWEEP }).await.unwrap();
    assert_ne!(w.status(&id("r4")).await, Status::Running);
    all(&w, GroupCancel { upto: Some(first.upto), ..campaign() }).await;
    assert_eq!(with_status(&w, Status::Cancelled).await.len(), 4, "r3, r4, r5 and the design of r1");
    assert_eq!(w.advance(into_done(&id("r1"))).await, Advanced::Closed(Status::Cancelled));
    assert!(
        w.jobs().await.iter().all(|job| [design_of(&id("r1")).id, design_of(&id("r2")).id].contains(job))
    );
    let campaign = of(&w, "c").await;
    assert_eq!((campaign.with_status(Status::Cancelled), campaign.is_cancelling), (4, false));
    assert_eq!(campaign.cancel.unwrap().reason, "enough");
}

pub(crate) async fn a_cancelled_campaign_is_finished_by_the_sweep_when_nobody_else_does(w: World) {
    submit_to(&w, "c", &["r1", "r2", "r3", "r4"], 1).await;
    step(&w, &GroupCancel { limit: 1, ..campaign() }).await;
    w.sweep().await;
    assert_eq!(of(&w, "c").await.with_status(Status::Cancelled), 3);
    assert!(w.row(&id("r1")).await.is_cancelling());
    assert_eq!(w.row(&id("r4")).await.summary.cancel.unwrap().by, "operator");
    assert!(!of(&w, "c").await.is_cancelling);
}

pub(crate) async fn cycles_that_run_pass_the_request_on(w: World) {
    submit_to(&w, "c", &["r1", "r2"], 2).await;
    let child = w.claim(&design_of(&id("r1")).id, "worker-1").await;
    assert_eq!(all(&w, campaign()).await, (0, 2, 1));
    assert!(w.row(&child.id).await.is_cancelling());
    assert_eq!(w.status(&design_of(&id("r2")).id).await, Status::Cancelled);
}

pub(crate) async fn what_is_submitted_meanwhile_is_not_meant(w: World) {
    for name in ["a", "b"] {
        w.submit(name).await;
    }
    let first = step(&w, &GroupCancel { limit: 1, ..everyone() }).await;
    w.submit("late").await;
    assert_eq!(all(&w, GroupCancel { upto: Some(first.upto), ..everyone() }).await, (1, 0, 1));
    assert_eq!(w.status(&id("late")).await, Status::Pending);
}

pub(crate) async fn a_cancelled_campaign_can_be_gone_on_with(w: World) {
    submit_to(&w, "c", &["r1", "r2", "r3"], 1).await;
    step(&w, &GroupCancel { limit: 1, ..campaign() }).await;
    submit_to(&w, "c", &["s1", "s2"], 1).await;
    assert_eq!(w.status(&id("s1")).await, Status::Running, "what comes later is not meant");
    w.complete(&design_of(&id("s1")).id).await;
    w.advance(into_done(&id("s1"))).await;
    assert_eq!(w.status(&id("s2")).await, Status::Running);
    w.sweep().await;
    assert_eq!((w.status(&id("r3")).await, w.status(&id("s2")).await), (Status::Cancelled, Status::Running));
}

pub(crate) async fn cancelling_a_group_again_changes_nothing(w: World) {
    submit_to(&w, "c", &["r1", "r2"], 1).await;
    w.submit("a").await;
    assert_eq!(all(&w, everyone()).await, (3, 1, 1), "r2, a and the design; r1 is asked");
    let before = (w.row(&id("r1")).await, w.row(&id("r2")).await, w.row(&id("a")).await);
    w.relay().await;
    assert_eq!(all(&w, GroupCancel { by: "someone else".into(), ..everyone() }).await, (0, 0, 1));
    assert_eq!(before, (w.row(&id("r1")).await, w.row(&id("r2")).await, w.row(&id("a")).await));
    assert!(w.relay().await.is_empty());
}

pub(crate) async fn a_group_is_bounded_by_kind_status_and_campaign(w: World) {
    submit_to(&w, "c", &["r1", "r2"], 1).await;
    submit_to(&w, "other", &["o1", "o2"], 1).await;
    let attempt = w.running("a").await;
    w.submit("b").await;
    let probes = GroupCancel { kind: Some(Kind::Probe), status: Some(Status::Running), ..everyone() };
    assert_eq!(all(&w, probes).await, (0, 1, 1));
    assert!(w.row(&attempt.id).await.is_cancelling());
    assert_eq!(w.status(&id("b")).await, Status::Pending);
    let waiting = GroupCancel { status: Some(Status::Pending), ..campaign() };
    assert_eq!(all(&w, waiting).await, (1, 0, 1));
    assert_eq!((w.status(&id("r1")).await, w.status(&id("r2")).await), (Status::Running, Status::Cancelled));
    assert!(w.row(&id("r1")).await.cancel.is_none());
    assert_eq!((w.status(&id("o1")).await, w.status(&id("o2")).await), (Status::Running, Status::Pending));
}

pub(crate) async fn groups_that_can_not_be_are_refused(w: World) {
    for group in [
        GroupCancel { limit: 0, ..everyone() },
        GroupCancel { limit: 1001, ..everyone() },
        GroupCancel { status: Some(Status::Failed), ..everyone() },
        GroupCancel { reason: "x".repeat(5000), ..everyone() },
    ] {
        let refused = w.store.cancel_matching(&group).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    }
}

pub(crate) async fn a_group_that_was_asked_for_earlier_is_no_larger(w: World) {
    w.submit("a").await;
    let first = step(&w, &GroupCancel { status: Some(Status::Running), ..everyone() }).await;
    w.submit("b").await;
    let earlier = GroupCancel { within: Some(first.upto), ..everyone() };
    assert_eq!(all(&w, earlier.clone()).await, (1, 0, 1));
    assert_eq!(with_status(&w, Status::Pending).await, [id("b")]);
    // A bound that is far away is none.
    assert_eq!(all(&w, GroupCancel { within: Some(1 << 50), ..earlier }).await, (1, 0, 1));
}

pub(crate) async fn a_campaign_that_was_cancelled_earlier_goes_on_with_later_cycles(w: World) {
    submit_to(&w, "c", &["r1"], 2).await;
    let newest = step(&w, &GroupCancel { kind: Some(Kind::Probe), ..everyone() }).await.upto;
    submit_to(&w, "c", &["r2"], 2).await;
    all(&w, GroupCancel { within: Some(newest), ..campaign() }).await;
    assert!(w.row(&id("r1")).await.cancel.is_some() && w.row(&id("r2")).await.cancel.is_none());
    assert!(!of(&w, "c").await.is_cancelling, "the lanes were let go of");
}
