//! Listing.

use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Phase, Status};
use ktrdr_fabric::store::{Advance, AdvanceTo, Filter, Finish, NewChild, NewRoot, Pace, Page, StoreError};
use serde_json::json;

use crate::world::{World, child_of, design_of, id, into_training, root};

async fn list(w: &World, filter: Filter) -> Page {
    w.store.list(&filter).await.unwrap()
}

fn ids(page: &Page) -> Vec<OperationId> {
    page.operations.iter().map(|operation| operation.id.clone()).collect()
}

fn everything() -> Filter {
    Filter { limit: 1000, ..Filter::default() }
}

pub(crate) async fn rows_come_newest_first_with_their_totals(w: World) {
    for name in ["a", "b", "c"] {
        w.submit(name).await;
    }
    w.complete(&id("b")).await;
    let page = list(&w, everything()).await;
    assert_eq!(ids(&page), [id("c"), id("b"), id("a")]);
    assert_eq!((page.total, page.active), (3, 2));
    assert_eq!(page.operations[1], w.row(&id("b")).await.summary);
}

pub(crate) async fn a_summary_says_what_it_is_about_and_a_cycle_is_called_by_its_design(w: World) {
    let market = json!({ "campaign": "c", "symbol": "EURUSD", "timeframe": "1h" });
    w.store.submit_roots(vec![NewRoot { spec: market, ..root("r") }], Pace::free(1)).await.unwrap();
    let about =
        async || list(&w, everything()).await.operations.iter().map(|row| row.subject.to_string()).collect();
    let mut said: Vec<String> = about().await;
    assert_eq!(said, ["", "EURUSD 1h"]);
    w.complete(&design_of(&id("r")).id).await;
    let spec =
        json!({ "strategy": { "name": "trend" }, "data": [{ "symbol": "GBPUSD", "timeframe": "4h" }] });
    let training = NewChild { spec, ..child_of(&id("r"), Kind::Training) };
    w.advance(Advance {
        to: AdvanceTo::Phase { phase: Phase::Training, child: training },
        ..into_training(&id("r"))
    })
    .await;
    said = about().await;
    assert_eq!(said, ["trend GBPUSD 4h", "", "trend EURUSD 1h"]);
    let whole = w.store.get_all(&[id("r"), id("nobody")]).await.unwrap();
    assert_eq!((whole.len(), &whole[0].spec["symbol"]), (1, &json!("EURUSD")));
    let attempt = w.claim(&id("r").child(Kind::Training, 1), "worker-1").await;
    w.finish(&attempt, Finish::Completed(json!({ "quarantine": ["too good"] }))).await;
    let caveats: Vec<_> = list(&w, everything()).await.operations.into_iter().map(|row| row.caveat).collect();
    assert_eq!(caveats, [Some("QUARANTINED: too good".to_owned()), None, None]);
}

pub(crate) async fn filters_combine(w: World) {
    let root = w.start_root("r").await;
    let design = design_of(&root).id;
    w.submit("a").await;
    w.complete(&design).await;
    let with = |status: Option<Status>, kind: Option<Kind>, root: Option<&OperationId>, active: bool| {
        let (statuses, kinds) = (status.into_iter().collect(), kind.into_iter().collect());
        Filter { statuses, kinds, root: root.cloned(), active, ..everything() }
    };
    for (filter, expected) in [
        (with(Some(Status::Pending), None, None, false), vec![id("a")]),
        (with(None, Some(Kind::AgentDesign), None, false), vec![design.clone()]),
        (with(None, None, Some(&root), false), vec![design.clone()]),
        (with(None, None, None, true), vec![id("a"), root.clone()]),
        (with(Some(Status::Completed), Some(Kind::AgentDesign), Some(&root), false), vec![design]),
        (with(Some(Status::Completed), None, None, true), vec![]),
    ] {
        let page = list(&w, filter.clone()).await;
        assert_eq!((ids(&page), page.total), (expected.clone(), expected.len() as u64), "{filter:?}");
    }
}

pub(crate) async fn pages_follow_each_other(w: World) {
    for name in ["a", "b", "c", "d", "e"] {
        w.submit(name).await;
    }
    let mut seen = Vec::new();
    for offset in [0, 2, 4, 6] {
        let page = list(&w, Filter { offset, limit: 2, ..Filter::default() }).await;
        assert_eq!(page.total, 5);
        seen.extend(ids(&page));
    }
    assert_eq!(seen, [id("e"), id("d"), id("c"), id("b"), id("a")]);
}

pub(crate) async fn a_list_without_a_sensible_limit_is_refused(w: World) {
    for limit in [0, 1001] {
        let refused = w.store.list(&Filter { limit, ..Filter::default() }).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{limit}");
    }
}

pub(crate) async fn a_list_tells_the_time_of_its_store(w: World) {
    w.submit("a").await;
    w.pass(Duration::from_millis(1234));
    let page = list(&w, everything()).await;
    assert_eq!(page.now_ms - page.operations[0].created_at_ms, 1234);
}

pub(crate) async fn a_part_begins_where_the_one_before_it_ended_whatever_came_meanwhile(w: World) {
    for name in ["a", "b", "c", "d", "e"] {
        w.submit(name).await;
    }
    let root = w.start_root("r").await;
    let (mut seen, mut before) = (Vec::new(), None);
    for n in 0.. {
        let page = list(&w, Filter { before, limit: 2, ..Filter::default() }).await;
        let Some(&last) = page.positions.last() else { break };
        assert_eq!(page.positions.len(), page.operations.len());
        before = Some(last);
        seen.extend(ids(&page));
        w.submit(&format!("later{n}")).await;
    }
    assert_eq!(seen, [design_of(&root).id, root.clone(), id("e"), id("d"), id("c"), id("b"), id("a")]);
    let of_root = list(&w, Filter { root: Some(root), before: Some(1), limit: 2, ..Filter::default() }).await;
    assert!(of_root.operations.is_empty());
}

pub(crate) async fn several_statuses_and_kinds_are_meant_at_once(w: World) {
    let root = w.start_root("r").await;
    let design = design_of(&root).id;
    for name in ["a", "b", "c"] {
        w.submit(name).await;
    }
    w.complete(&id("a")).await;
    w.fail(&id("b")).await;
    let page = list(&w, Filter { statuses: vec![Status::Failed, Status::Completed], ..everything() }).await;
    assert_eq!((ids(&page), page.total), (vec![id("b"), id("a")], 2));
    let page = list(&w, Filter { kinds: vec![Kind::AgentDesign, Kind::Probe], ..everything() }).await;
    assert_eq!((ids(&page), page.total), (vec![id("c"), id("b"), id("a"), design.clone()], 4));
    let both = Filter {
        kinds: vec![Kind::AgentDesign, Kind::Probe],
        statuses: vec![Status::Pending],
        ..everything()
    };
    let page = list(&w, both.clone()).await;
    assert_eq!((ids(&page), page.total), (vec![id("c"), design.clone()], 2));
    let of_campaign = Filter { campaign: Some("c".parse().unwrap()), ..both };
    let page = list(&w, of_campaign).await;
    assert_eq!((ids(&page), page.total), (vec![design], 1));
}

pub(crate) async fn the_oldest_come_first_when_they_are_asked_for(w: World) {
    for name in ["a", "b", "c"] {
        w.submit(name).await;
    }
    w.complete(&id("a")).await;
    let oldest =
        Filter { statuses: vec![Status::Pending], oldest_first: true, limit: 1, ..Filter::default() };
    let page = list(&w, oldest).await;
    assert_eq!((ids(&page), page.total), (vec![id("b")], 2));
    let page = list(&w, Filter { oldest_first: true, ..everything() }).await;
    assert_eq!(ids(&page), [id("a"), id("b"), id("c")]);
}

/// Totals are kept, not counted: they must be what counting would give.
pub(crate) async fn totals_follow_every_change(w: World) {
    let root = w.start_root("r").await;
    for name in ["a", "b", "c", "d"] {
        w.submit(name).await;
    }
    w.complete(&id("a")).await;
    w.fail(&id("b")).await;
    w.store.cancel(&id("c"), "test", "").await.unwrap();
    w.lose(&id("d"), "worker-9").await;
    w.store.cancel(&root, "test", "").await.unwrap();
    for campaign in [None, Some("c".parse().unwrap())] {
        for status in Status::ALL {
            for kind in Kind::ALL {
                let filter = Filter {
                    statuses: vec![status],
                    kinds: vec![*kind],
                    campaign: campaign.clone(),
                    ..everything()
                };
                let page = list(&w, filter).await;
                assert_eq!(page.total, page.operations.len() as u64, "{campaign:?} {status} {kind}");
            }
        }
    }
    let page = list(&w, everything()).await;
    assert_eq!(page.total, page.operations.len() as u64);
}
