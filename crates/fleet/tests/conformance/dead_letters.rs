//! Dead letters: operations that used up their tries, until someone dismisses them.

use std::time::Duration;

use ktrdr_domain::{FailureReason, Kind, OperationId, Status};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced, Dismissed, Filter, Finish, NewOperation, Page};
use serde_json::json;

use crate::world::{World, design_of, id, into_failure, leaf};

async fn dead(w: &World, filter: Filter) -> Page {
    w.store.list(&Filter { dead: true, limit: filter.limit.max(1), ..filter }).await.unwrap()
}

async fn dead_ids(w: &World, filter: Filter) -> Vec<OperationId> {
    let page = dead(w, Filter { limit: 1000, ..filter }).await;
    assert_eq!(page.total, page.operations.len() as u64);
    page.operations.into_iter().map(|operation| operation.id).collect()
}

/// Uses up the tries of an operation.
async fn exhaust(w: &World, id: &OperationId) {
    loop {
        let attempt = w.claim(id, "worker-1").await;
        w.finish(&attempt, Finish::Retry { error: "no".into(), delay: Duration::ZERO }).await;
        if w.status(id).await == Status::Failed {
            return;
        }
    }
}

async fn submit_and_exhaust(w: &World, name: &str) -> OperationId {
    w.store.submit(NewOperation { tries_max: 1, ..leaf(name) }).await.unwrap();
    exhaust(w, &id(name)).await;
    id(name)
}

pub(crate) async fn those_that_used_up_their_tries_are_dead_letters(w: World) {
    let a = submit_and_exhaust(&w, "a").await;
    let gated = w.submit("gated").await;
    w.fail(&gated).await;
    let root = w.start_root("r").await;
    let design = design_of(&root).id;
    exhaust(&w, &design).await;
    let to = AdvanceTo::Failed {
        reason: FailureReason::Gate,
        error: "no design".into(),
        stopped_by: "gate".into(),
        result: json!({}),
    };
    assert_eq!(w.advance(Advance { to, ..into_failure(&root) }).await, Advanced::Closed(Status::Failed));
    for (filter, expected) in [
        (Filter::default(), vec![design.clone(), a.clone()]),
        (Filter { kinds: vec![Kind::Probe], ..Filter::default() }, vec![a.clone()]),
        (Filter { root: Some(root), ..Filter::default() }, vec![design.clone()]),
        (Filter { statuses: vec![Status::Failed], ..Filter::default() }, vec![design, a]),
        (Filter { statuses: vec![Status::Completed], ..Filter::default() }, vec![]),
        (Filter { active: true, ..Filter::default() }, vec![]),
    ] {
        assert_eq!(dead_ids(&w, filter.clone()).await, expected, "{filter:?}");
    }
}

pub(crate) async fn a_dismissed_one_leaves_the_list_and_keeps_its_row(w: World) {
    let a = submit_and_exhaust(&w, "a").await;
    let b = submit_and_exhaust(&w, "b").await;
    let before = w.row(&a).await;
    w.pass(Duration::from_secs(5));
    assert_eq!(w.store.dismiss(&a, "an operator").await.unwrap(), Dismissed::Done);
    assert_eq!(w.store.dismiss(&a, "another").await.unwrap(), Dismissed::Before);
    assert_eq!(dead_ids(&w, Filter::default()).await, [b]);
    assert_eq!(w.row(&a).await, before);
    let failed = Filter { statuses: vec![Status::Failed], limit: 10, ..Filter::default() };
    assert_eq!(w.store.list(&failed).await.unwrap().total, 2, "it is still listed as failed");
    let history = w.store.history(&a).await.unwrap();
    let (end, last) = (&history[history.len() - 2], &history[history.len() - 1]);
    assert_eq!(
        (end.what, last.what, last.note.as_deref()),
        (Change::Failed, Change::Dismissed, Some("an operator"))
    );
    assert_eq!(last.at_ms - end.at_ms, 5000);
}

pub(crate) async fn only_dead_letters_are_dismissed(w: World) {
    let failed = w.submit("failed").await;
    w.fail(&failed).await;
    let pending = w.submit("pending").await;
    for (id, expected) in [
        (failed, Dismissed::NotDead(Status::Failed)),
        (pending, Dismissed::NotDead(Status::Pending)),
        (id("nobody"), Dismissed::Missing),
    ] {
        assert_eq!(w.store.dismiss(&id, "me").await.unwrap(), expected);
    }
}

pub(crate) async fn dead_letters_come_in_pages(w: World) {
    for name in ["a", "b", "c", "d", "e"] {
        submit_and_exhaust(&w, name).await;
    }
    w.store.dismiss(&id("c"), "me").await.unwrap();
    let mut seen = Vec::new();
    for offset in [0, 2, 4] {
        let page = dead(&w, Filter { offset, limit: 2, ..Filter::default() }).await;
        assert_eq!((page.total, page.active), (4, 0));
        seen.extend(page.operations.into_iter().map(|operation| operation.id));
    }
    assert_eq!(seen, [id("e"), id("d"), id("b"), id("a")]);
}
