//! Submitting leaves.

use ktrdr_domain::job::MESSAGE_BYTES_MAX;
use ktrdr_domain::{Kind, Priority, Status};
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{NewOperation, StoreError, Submitted};
use serde_json::{Value, json};

use crate::world::{World, id, leaf};

pub(crate) async fn a_new_operation_is_pending_and_its_message_is_in_the_outbox(w: World) {
    let id = w.submit("a").await;
    let row = w.row(&id).await;
    assert_eq!((row.status, row.fence, row.tries, row.tries_max), (Status::Pending, 0, 0, 3));
    assert_eq!(row.spec, leaf("a").spec);
    assert!(row.created_at_ms > 0 && row.started_at_ms.is_none() && row.finished_at_ms.is_none());
    let messages = w.relay().await;
    let [Message::Job { priority: Priority::Normal, job }] = messages.as_slice() else {
        panic!("{messages:?}")
    };
    assert_eq!((&job.operation, job.kind, &job.spec), (&id, Kind::Probe, &row.spec));
}

pub(crate) async fn the_same_id_is_created_once(w: World) {
    let first = w.submit("a").await;
    assert_eq!(w.store.submit(leaf("a")).await.unwrap(), Submitted::Duplicate(first.clone()));
    assert_eq!(w.jobs().await, [first]);
}

pub(crate) async fn the_same_key_gives_the_first_operation(w: World) {
    let keyed = |name| NewOperation { idempotency_key: Some("nightly".into()), ..leaf(name) };
    assert_eq!(w.store.keyed("nightly").await.unwrap(), None);
    assert_eq!(w.store.submit(keyed("a")).await.unwrap(), Submitted::Created);
    assert_eq!(w.store.keyed("nightly").await.unwrap(), Some(id("a")));
    assert_eq!(w.store.submit(keyed("b")).await.unwrap(), Submitted::Duplicate(id("a")));
    w.complete(&id("a")).await;
    assert_eq!(
        w.store.submit(keyed("c")).await.unwrap(),
        Submitted::Duplicate(id("a")),
        "also once it has ended"
    );
    assert!(w.store.get(&id("b")).await.unwrap().is_none());
}

pub(crate) async fn of_submits_that_race_for_one_key_one_creates(w: World) {
    let names: Vec<String> = (0..16).map(|i| format!("racer_{i}")).collect();
    let submits = names.iter().map(|name| {
        let (store, new) =
            (w.store.clone(), NewOperation { idempotency_key: Some("key".into()), ..leaf(name) });
        tokio::spawn(async move { store.submit(new).await.unwrap() })
    });
    let mut created = 0;
    for submit in submits.collect::<Vec<_>>() {
        created += usize::from(submit.await.unwrap() == Submitted::Created);
    }
    assert_eq!((created, w.jobs().await.len()), (1, 1));
}

pub(crate) async fn what_can_not_be_is_refused(w: World) {
    let deep = (0..100).fold(Value::Null, |inner, _| json!([inner]));
    let impossible = [
        NewOperation { kind: Kind::AgentResearch, ..leaf("a") },
        NewOperation { tries_max: 0, ..leaf("a") },
        NewOperation { spec: json!("x".repeat(MESSAGE_BYTES_MAX)), ..leaf("a") },
        NewOperation { spec: deep, ..leaf("a") },
    ];
    for new in impossible {
        let refused = w.store.submit(new).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    }
    assert!(w.store.get(&id("a")).await.unwrap().is_none() && w.jobs().await.is_empty());
}
