//! Cancelling.

use std::time::Duration;

use ktrdr_domain::{EndStatus, Status};
use ktrdr_fabric::store::{Advanced, Cancelled, Finish, StoreHint};
use serde_json::json;

use crate::world::{LEASE, World, boot, design_of, id, into_training};

pub(crate) async fn a_pending_operation_is_cancelled_at_once(w: World) {
    let a = w.submit("a").await;
    w.relay().await;
    assert_eq!(w.store.cancel(&a, "me", "a typo").await.unwrap(), Cancelled::Done);
    let row = w.row(&a).await;
    let cancel = row.summary.cancel.unwrap();
    assert_eq!(
        (row.summary.status, cancel.by.as_str(), cancel.reason.as_str()),
        (Status::Cancelled, "me", "a typo")
    );
    let events = w.events().await;
    assert_eq!((events.len(), events[0].status, events[0].fence), (1, EndStatus::Cancelled, 0));
}

pub(crate) async fn a_running_operation_is_asked_to_stop(w: World) {
    let attempt = w.running("a").await;
    let mut hints = w.store.hints();
    assert_eq!(w.store.cancel(&attempt.id, "me", "enough").await.unwrap(), Cancelled::Requested);
    assert!(w.row(&attempt.id).await.is_cancelling());
    while hints.recv().await.unwrap() != StoreHint::Cancel(attempt.id.clone()) {}
}

pub(crate) async fn the_first_request_keeps_its_words(w: World) {
    let attempt = w.running("a").await;
    w.store.cancel(&attempt.id, "first", "enough").await.unwrap();
    assert_eq!(w.store.cancel(&attempt.id, "second", "me too").await.unwrap(), Cancelled::Requested);
    assert_eq!(w.row(&attempt.id).await.summary.cancel.unwrap().by, "first");
}

pub(crate) async fn an_ended_operation_is_too_late_and_an_unknown_one_missing(w: World) {
    let a = w.submit("a").await;
    w.complete(&a).await;
    let before = w.row(&a).await;
    assert_eq!(w.store.cancel(&a, "me", "").await.unwrap(), Cancelled::TooLate(Status::Completed));
    assert_eq!(w.row(&a).await, before);
    assert_eq!(w.store.cancel(&id("never"), "me", "").await.unwrap(), Cancelled::Missing);
}

pub(crate) async fn a_cancel_during_the_wait_for_a_retry_is_done_at_once(w: World) {
    let attempt = w.running("a").await;
    let delay = Duration::from_secs(5);
    w.finish(&attempt, Finish::Retry { error: "later".into(), delay }).await;
    w.relay().await;
    assert_eq!(w.store.cancel(&attempt.id, "me", "").await.unwrap(), Cancelled::Done);
    w.pass(delay);
    assert_eq!((w.sweep().await.due, w.jobs().await.len()), (0, 0), "and nothing comes of the retry");
}

pub(crate) async fn a_root_passes_the_request_to_its_pending_child(w: World) {
    let root = w.start_root("r").await;
    assert_eq!(w.store.cancel(&root, "me", "").await.unwrap(), Cancelled::Requested);
    assert_eq!(w.status(&design_of(&root).id).await, Status::Cancelled);
    assert!(w.row(&root).await.is_cancelling(), "the root itself ends with its advance");
}

pub(crate) async fn a_root_passes_the_request_to_its_running_child(w: World) {
    let root = w.start_root("r").await;
    let child = w.claim(&design_of(&root).id, "worker-1").await;
    let mut hints = w.store.hints();
    w.store.cancel(&root, "me", "enough").await.unwrap();
    assert!(w.row(&child.id).await.is_cancelling());
    while hints.recv().await.unwrap() != StoreHint::Cancel(child.id.clone()) {}
    // The child's worker may still be faster: its success stands, the root ends as cancelled all the same.
    w.finish(&child, Finish::Completed(json!({}))).await;
    assert_eq!(w.status(&child.id).await, Status::Completed);
}

pub(crate) async fn a_root_that_stayed_where_its_child_ended_is_told_of_it_again(w: World) {
    let root = w.start_root("r").await;
    w.complete(&design_of(&root).id).await;
    let told = w.events().await;
    assert_eq!((told.len(), told[0].again), (1, false));
    assert_eq!(w.store.cancel(&root, "me", "").await.unwrap(), Cancelled::Requested);
    w.store.cancel(&root, "me", "once more").await.unwrap();
    let told = w.events().await;
    assert_eq!((told.len(), &told[0].operation, told[0].again), (1, &design_of(&root).id, true), "{told:?}");
    let ended = w.store.advance(into_training(&root)).await.unwrap();
    assert_eq!(ended, Advanced::Closed(Status::Cancelled));
}

pub(crate) async fn a_waiting_root_is_cancelled_at_once(w: World) {
    w.submit_roots(&["r1", "r2"], 1).await;
    w.relay().await;
    assert_eq!(w.store.cancel(&id("r2"), "me", "").await.unwrap(), Cancelled::Done);
    let events = w.events().await;
    assert_eq!((events.len(), &events[0].operation, events[0].status), (1, &id("r2"), EndStatus::Cancelled));
    let claim = w.store.claim(&design_of(&id("r2")).id, &boot("worker-1"), LEASE).await.unwrap();
    assert_eq!(claim, ktrdr_fabric::store::Claim::Missing, "it never had a child");
}
