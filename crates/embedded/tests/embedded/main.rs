//! What only the embedded engine promises: one runner per workspace, files that are ours, other processes noticed,
//! nothing acknowledged lost to kill -9.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod artifacts;
mod budget;
mod campaigns;
mod full;
mod kill;
mod ledger;
mod opening;
mod processes;
mod recovery;
mod registry;

use std::path::Path;
use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Priority};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::store::{Attempt, BootId, Claim, NewOperation, Store};
use serde_json::json;

const LEASE: Duration = Duration::from_secs(30);

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

fn runner(folder: &Path) -> Engine {
    Engine::open(folder, Role::Runner).unwrap()
}

fn client(folder: &Path) -> Engine {
    Engine::open(folder, Role::Client).unwrap()
}

async fn claim(store: &dyn Store, id: &OperationId, by: &str) -> Attempt {
    match store.claim(id, &BootId(by.to_owned()), LEASE).await.unwrap() {
        Claim::Run { attempt, .. } => attempt,
        other => panic!("{id} can not be claimed: {other:?}"),
    }
}
