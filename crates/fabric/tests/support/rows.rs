//! Rows as the tests of an engine make and move them.

use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Phase, Priority};
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{Attempt, BootId, Claim, NewChild, NewOperation, NewRoot, Store};
use serde_json::json;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) fn id(name: &str) -> OperationId {
    format!("op_{name}").parse().unwrap()
}

pub(crate) fn leaf(name: &str) -> NewOperation {
    NewOperation {
        id: id(name),
        kind: Kind::Probe,
        spec: json!({}),
        tries_max: 3,
        priority: Priority::Normal,
        idempotency_key: None,
    }
}

/// A cycle that begins in this phase.
pub(crate) fn root(name: &str, phase: Phase) -> NewRoot {
    let id = id(name);
    let first = NewChild {
        id: phase.child_of(&id),
        kind: phase.kind(),
        spec: json!({}),
        tries_max: 3,
        priority: Priority::Normal,
    };
    let (kind, campaign, spec) = (Kind::AgentResearch, "c".parse().unwrap(), json!({"campaign": "c"}));
    NewRoot { id, kind, campaign, spec, phase, first }
}

/// Claims what must be free.
pub(crate) async fn claim(store: &dyn Store, id: &OperationId, by: &str) -> Attempt {
    match store.claim(id, &BootId(by.to_owned()), LEASE).await.unwrap() {
        Claim::Run { attempt, .. } => attempt,
        other => panic!("{id} can not be claimed: {other:?}"),
    }
}

/// Takes everything out of the outbox, as a relay does just before its process dies.
pub(crate) async fn relay(store: &dyn Store) -> Vec<Message> {
    let entries = store.outbox(None, 1000).await.unwrap();
    store.relayed(&entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>()).await.unwrap();
    entries.into_iter().map(|entry| entry.message).collect()
}
