//! Campaigns: lanes of roots, started in their order as their pace allows.

use ktrdr_domain::{OperationId, Status};
use ktrdr_fabric::store::{Advanced, Filter, Pace, StoreError, Submitted};

use crate::world::{FULL_SWEEP, World, design_of, id, into_done, into_failure, root};

const NAMES: [&str; 5] = ["r1", "r2", "r3", "r4", "r5"];

async fn running(w: &World) -> Vec<OperationId> {
    let filter = Filter {
        statuses: vec![Status::Running],
        kinds: vec![ktrdr_domain::Kind::AgentResearch],
        limit: 100,
        ..Filter::default()
    };
    let mut ids: Vec<_> =
        w.store.list(&filter).await.unwrap().operations.into_iter().map(|operation| operation.id).collect();
    ids.sort();
    ids
}

async fn complete(w: &World, name: &str) {
    w.complete(&design_of(&id(name)).id).await;
    assert_eq!(w.advance(into_done(&id(name))).await, Advanced::Closed(Status::Completed));
}

pub(crate) async fn as_many_roots_start_as_may_be_in_flight(w: World) {
    assert_eq!(w.submit_roots(&NAMES, 2).await, Submitted::Created);
    assert_eq!(running(&w).await, [id("r1"), id("r2")]);
    let row = w.row(&id("r3")).await;
    assert_eq!((row.status, row.summary.waiting, row.summary.started_at_ms), (Status::Pending, None, None));
    assert_eq!(w.jobs().await, [design_of(&id("r1")).id, design_of(&id("r2")).id]);
}

pub(crate) async fn the_end_of_a_root_starts_the_next_in_its_lane(w: World) {
    w.submit_roots(&NAMES, 2).await;
    complete(&w, "r2").await;
    assert_eq!(running(&w).await, [id("r1"), id("r3")]);
    complete(&w, "r1").await;
    complete(&w, "r3").await;
    assert_eq!(running(&w).await, [id("r4"), id("r5")]);
    complete(&w, "r4").await;
    complete(&w, "r5").await;
    assert!(running(&w).await.is_empty());
}

pub(crate) async fn a_cancelled_root_is_skipped(w: World) {
    w.submit_roots(&NAMES, 1).await;
    for name in ["r2", "r3"] {
        w.store.cancel(&id(name), "me", "").await.unwrap();
    }
    complete(&w, "r1").await;
    assert_eq!(running(&w).await, [id("r4")]);
}

pub(crate) async fn a_cancelled_waiting_root_starts_nothing(w: World) {
    w.submit_roots(&NAMES, 1).await;
    w.store.cancel(&id("r2"), "me", "").await.unwrap();
    assert_eq!(running(&w).await, [id("r1")], "the lane is still taken");
    w.store.cancel(&id("r1"), "me", "").await.unwrap();
    assert_eq!(w.advance(into_done(&id("r1"))).await, Advanced::Closed(Status::Cancelled));
    assert_eq!(running(&w).await, [id("r3")]);
}

pub(crate) async fn a_generation_starts_when_all_before_it_have_ended(w: World) {
    submit_in_generations(&w, 8, 2).await;
    assert_eq!(running(&w).await, [id("r1"), id("r2")], "as many as could, of the first two");
    complete(&w, "r2").await;
    w.store.sweep(FULL_SWEEP).await.unwrap();
    assert_eq!(running(&w).await, [id("r1")], "the second generation waits for all of the first");
    w.fail(&design_of(&id("r1")).id).await;
    assert_eq!(w.advance(into_failure(&id("r1"))).await, Advanced::Closed(Status::Failed));
    assert_eq!(running(&w).await, [id("r3"), id("r4")], "however it ended");
    complete(&w, "r3").await;
    complete(&w, "r4").await;
    assert_eq!(running(&w).await, [id("r5")]);
}

pub(crate) async fn fewer_in_flight_than_a_generation_go_through_it_in_order(w: World) {
    submit_in_generations(&w, 2, 3).await;
    assert_eq!(running(&w).await, [id("r1"), id("r2")]);
    complete(&w, "r1").await;
    assert_eq!(running(&w).await, [id("r2"), id("r3")]);
    complete(&w, "r3").await;
    assert_eq!(running(&w).await, [id("r2")], "r4 is of the next one");
    complete(&w, "r2").await;
    assert_eq!(running(&w).await, [id("r4"), id("r5")]);
}

pub(crate) async fn cancelling_does_not_open_the_way_to_the_next_generation_early(w: World) {
    submit_in_generations(&w, 1, 2).await;
    w.store.cancel(&id("r2"), "me", "").await.unwrap();
    w.store.cancel(&id("r3"), "me", "").await.unwrap();
    assert_eq!(running(&w).await, [id("r1")]);
    w.store.cancel(&id("r1"), "me", "").await.unwrap();
    assert_eq!(w.advance(into_done(&id("r1"))).await, Advanced::Closed(Status::Cancelled));
    assert_eq!(running(&w).await, [id("r4")]);
}

async fn submit_in_generations(w: &World, in_flight: u32, generation: u32) {
    let roots = NAMES.iter().map(|name| root(name)).collect();
    let submitted = w.store.submit_roots(roots, Pace { in_flight, generation }).await.unwrap();
    assert_eq!(submitted, Submitted::Created);
}

pub(crate) async fn a_failed_root_starts_the_next_one(w: World) {
    w.submit_roots(&NAMES, 1).await;
    w.fail(&design_of(&id("r1")).id).await;
    assert_eq!(w.advance(into_failure(&id("r1"))).await, Advanced::Closed(Status::Failed));
    assert_eq!(running(&w).await, [id("r2")]);
}

pub(crate) async fn submitting_roots_twice_changes_nothing(w: World) {
    w.submit_roots(&NAMES, 2).await;
    w.relay().await;
    assert_eq!(w.submit_roots(&NAMES, 2).await, Submitted::Duplicate(id("r1")));
    assert_eq!(w.submit_roots(&["r0", "r5"], 2).await, Submitted::Duplicate(id("r5")));
    assert!(w.store.get(&id("r0")).await.unwrap().is_none(), "all or nothing");
    assert!(w.relay().await.is_empty());
}

pub(crate) async fn roots_that_can_not_be_are_refused(w: World) {
    for (roots, in_flight) in [(vec![], 1), (vec![root("a")], 0), (vec![root("a"), root("a")], 1)] {
        let refused = w.store.submit_roots(roots, Pace::free(in_flight)).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    }
    let refused = w.store.submit_roots(vec![root("a")], Pace { in_flight: 1, generation: 0 }).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert!(w.store.get(&id("a")).await.unwrap().is_none());
}
