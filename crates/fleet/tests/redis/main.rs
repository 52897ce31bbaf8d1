//! What only the store on Redis promises: nothing acknowledged is lost to a crash, an emptied server is noticed, lost
//! answers are found again, hints come back, rows are forgotten in time, secrets stay secret, few rights are enough.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod acl;
mod budget;
mod campaigns;
mod clock;
mod crashes;
mod emptied;
mod full;
mod hints;
mod ledger;
mod log;
mod lost_answers;
mod opening;
mod proxy;
mod retention;
mod secrets;
mod server;
mod tls;

use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Phase, Priority};
use ktrdr_fabric::store::{Attempt, BootId, Claim, NewChild, NewOperation, NewRoot, Store};
use ktrdr_fleet::redis::{RedisOptions, RedisStore};
use serde_json::json;
use server::RedisServer;

const LEASE: Duration = Duration::from_secs(30);

/// A store as production has it.
async fn store_at(server: &RedisServer) -> RedisStore {
    RedisStore::open(RedisOptions::new(server.url().parse().unwrap())).await.unwrap()
}

fn id(name: &str) -> OperationId {
    format!("op_{name}").parse().unwrap()
}

fn leaf(name: &str) -> NewOperation {
    NewOperation {
        id: id(name),
        kind: Kind::Probe,
        spec: json!({}),
        tries_max: 3,
        priority: Priority::Normal,
        idempotency_key: None,
    }
}

fn root(name: &str) -> NewRoot {
    let id = id(name);
    let first = NewChild {
        id: id.child(Kind::Training, 1),
        kind: Kind::Training,
        spec: json!({}),
        tries_max: 3,
        priority: Priority::Normal,
    };
    NewRoot {
        kind: Kind::AgentResearch,
        id,
        campaign: "c".parse().unwrap(),
        spec: json!({"campaign": "c"}),
        phase: Phase::Training,
        first,
    }
}

async fn claim(store: &dyn Store, id: &OperationId) -> Attempt {
    match store.claim(id, &BootId("worker-1".into()), LEASE).await.unwrap() {
        Claim::Run { attempt, .. } => attempt,
        other => panic!("{id} can not be claimed: {other:?}"),
    }
}

/// Takes everything out of the outbox, as a relay does.
async fn relay(store: &dyn Store) {
    let sequences: Vec<u64> =
        store.outbox(None, 1000).await.unwrap().into_iter().map(|entry| entry.sequence).collect();
    store.relayed(&sequences).await.unwrap();
}
