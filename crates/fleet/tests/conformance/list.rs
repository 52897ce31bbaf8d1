//! Listing.

use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Status};
use ktrdr_fabric::store::{Filter, Page, StoreError};

use crate::world::{World, design_of, id};

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
    assert_eq!(page.operations[1], w.row(&id("b")).await);
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
