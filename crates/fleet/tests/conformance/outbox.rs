//! The outbox and the hints.

use std::collections::HashSet;

use ktrdr_fabric::store::{Finish, StoreHint};
use serde_json::json;

use crate::world::{World, id};

pub(crate) async fn entries_come_in_order_and_stay_until_relayed(w: World) {
    for name in ["a", "b", "c"] {
        w.submit(name).await;
    }
    let entries = w.store.outbox(None, 2).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries[0].sequence < entries[1].sequence);
    assert_eq!(w.store.outbox(None, 2).await.unwrap(), entries, "reading takes nothing");
    let behind = w.store.outbox(Some(entries[0].sequence), 2).await.unwrap();
    assert_eq!(
        (behind.len(), &behind[0]),
        (2, &entries[1]),
        "behind the first come the second and the third"
    );
    assert_eq!(w.store.outbox(Some(behind[1].sequence), 2).await.unwrap(), []);
    w.store.relayed(&[entries[0].sequence]).await.unwrap();
    assert_eq!(w.jobs().await, [id("b"), id("c")]);
}

pub(crate) async fn removing_an_entry_twice_is_harmless(w: World) {
    w.submit("a").await;
    let entry = w.store.outbox(None, 1).await.unwrap().remove(0);
    w.store.relayed(&[entry.sequence]).await.unwrap();
    w.submit("b").await;
    w.store.relayed(&[entry.sequence]).await.unwrap();
    assert_eq!(w.jobs().await, [id("b")], "a late removal hits no newer entry");
}

pub(crate) async fn changes_are_hinted(w: World) {
    let mut hints = w.store.hints();
    let attempt = w.running("a").await;
    w.finish(&attempt, Finish::Completed(json!({}))).await;
    let mut wanted = HashSet::from([StoreHint::Outbox, StoreHint::Changed(attempt.id)]);
    while !wanted.is_empty() {
        wanted.remove(&hints.recv().await.unwrap());
    }
}
