//! A server whose memory is full: everybody reads, what runs goes on and ends, what is new waits for room.

use std::time::Duration;

use ktrdr_domain::{Kind, Status};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::ledger::LedgerReader;
use ktrdr_fabric::registry::WorkerReader;
use ktrdr_fabric::store::{
    Beat, BootId, Cancelled, Filter, Finish, Finished, NewOperation, OperationReader, Store, StoreError,
};
use serde_json::json;

use crate::server::RedisServer;
use crate::{LEASE, claim, id, leaf, store_at};

/// Little over what an empty server needs.
const MEMORY: &str = "4mb";

fn large(n: usize) -> NewOperation {
    NewOperation { spec: json!("x".repeat(60_000)), ..leaf(&format!("large_{n}")) }
}

fn assert_full<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    match answer {
        Err(StoreError::Full(why)) => assert!(why.contains("raise maxmemory"), "{why}"),
        other => panic!("not full: {other:?}"),
    }
}

/// Submits until the server takes no more; how many it took.
async fn fill(store: &dyn Store) -> usize {
    for n in 0..1000 {
        if let Err(refused) = store.submit(large(n)).await {
            assert_full::<()>(Err(refused));
            return n;
        }
    }
    panic!("a thousand operations fit in {MEMORY}");
}

#[tokio::test]
async fn a_full_server_is_read_ends_what_runs_and_goes_on_once_there_is_room() {
    let server = RedisServer::start(&[("maxmemory", MEMORY)]);
    let store = store_at(&server).await;
    assert_eq!(store.facts().await.unwrap().refuses, None);
    for name in ["runs", "waits", "unwanted"] {
        store.submit(leaf(name)).await.unwrap();
    }
    let attempt = claim(&store, &id("runs"), "worker-1").await;
    let taken = fill(&store).await;

    // Someone who comes now reads everything.
    let store = store_at(&server).await;
    let refuses = store.facts().await.unwrap().refuses.unwrap();
    assert!(refuses.contains("OOM"), "{refuses}");
    let page = store.list(&Filter { limit: 1000, ..Filter::default() }).await.unwrap();
    assert_eq!(page.total, 3 + taken as u64);
    assert_eq!(store.get(&id("waits")).await.unwrap().unwrap().status, Status::Pending);
    assert_eq!(store.history(&id("runs")).await.unwrap().len(), 2);
    assert!(!store.outbox(None, 10).await.unwrap().is_empty());
    let waiting = store.backlog(Duration::ZERO).await.unwrap().waiting;
    assert_eq!(waiting, [(Queue::Jobs(Kind::Probe), 2 + taken as u64)]);
    assert!(store.workers().await.unwrap().is_empty() && store.trials(None).await.unwrap().is_empty());

    // What runs is kept, and may end; what is not wanted goes.
    assert_eq!(store.beat(&attempt, LEASE, None).await.unwrap(), Beat::Alive { cancel: false });
    let done = store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    assert_eq!(done, Finished::Recorded(Status::Completed));
    assert_eq!(store.cancel(&id("unwanted"), "me", "").await.unwrap(), Cancelled::Done);

    // What makes more work waits.
    let by = BootId("worker-1".into());
    assert_full(store.claim(&id("waits"), &by, LEASE).await);
    assert_full(store.submit(leaf("new")).await);
    redis::cmd("CONFIG").arg(&["SET", "maxmemory", "0"]).exec(&mut server.admin()).unwrap();
    claim(&store, &id("waits"), "worker-1").await;
    store.submit(leaf("new")).await.unwrap();
}
