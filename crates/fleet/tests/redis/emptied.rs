//! A server that lost everything is noticed, and not filled as if nothing had happened.

use std::time::Duration;

use ktrdr_domain::{Kind, Phase, Status};
use ktrdr_fabric::store::{
    Advance, AdvanceTo, BootId, Claim, Filter, Finish, OperationReader, Pace, Store, StoreError, SweepPlan,
};
use serde_json::json;

use crate::server::RedisServer;
use crate::{LEASE, claim, id, leaf, root, store_at};

fn assert_alarm<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    match answer {
        Err(StoreError::Replaced(why)) => assert!(why.contains("restore its backup first"), "{why}"),
        other => panic!("no alarm: {other:?}"),
    }
}

#[tokio::test]
async fn every_call_of_a_process_that_knew_the_rows_raises_the_alarm() {
    let server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    store.submit(leaf("a")).await.unwrap();
    let attempt = claim(&store, &id("a"), "worker-1").await;
    redis::cmd("FLUSHALL").exec(&mut server.admin()).unwrap();

    assert_alarm(store.claim(&id("a"), &BootId("w".into()), LEASE).await);
    assert_alarm(store.submit(leaf("b")).await);
    assert_alarm(store.submit_roots(vec![root("r", Phase::Training)], Pace::free(1)).await);
    assert_alarm(store.beat(&attempt, LEASE, None).await);
    assert_alarm(store.finish(&attempt, Finish::Completed(json!({}))).await);
    assert_alarm(store.cancel(&id("a"), "me", "").await);
    assert_alarm(store.get(&id("a")).await);
    assert_alarm(store.list(&Filter { limit: 1, ..Filter::default() }).await);
    assert_alarm(store.outbox(None, 1).await);
    let plan = SweepPlan { grace: Duration::ZERO, limit: 10, republish_after: None };
    assert_alarm(store.sweep(plan).await);
    let step = Advance {
        root: id("r"),
        finished: id("r").child(Kind::Training, 1),
        expected_phase: Phase::Training,
        to: AdvanceTo::Completed { result: json!({}) },
    };
    assert_alarm(store.advance(step).await);
    assert!(!store.facts().await.unwrap().is_same_epoch);
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut server.admin()).unwrap();
    assert!(keys.is_empty(), "nothing was written: {keys:?}");
}

#[tokio::test]
async fn a_restart_without_the_append_only_file_raises_the_alarm_too() {
    let mut server = RedisServer::start(&[("appendonly", "no")]);
    let store = store_at(&server).await;
    store.submit(leaf("a")).await.unwrap();
    server.kill();
    server.start_again();
    assert_alarm(store.claim(&id("a"), &BootId("w".into()), LEASE).await);
}

#[tokio::test]
async fn a_process_started_anew_works_with_the_empty_store() {
    let server = RedisServer::start(&[]);
    let before = store_at(&server).await;
    redis::cmd("FLUSHALL").exec(&mut server.admin()).unwrap();
    let after = store_at(&server).await;
    after.submit(leaf("a")).await.unwrap();
    claim(&after, &id("a"), "worker-1").await;
    assert_alarm(before.claim(&id("a"), &BootId("w".into()), LEASE).await);
    let row = after.get(&id("a")).await.unwrap().unwrap();
    assert_eq!(row.status, Status::Running);
    assert_eq!(after.claim(&id("never"), &BootId("w".into()), LEASE).await.unwrap(), Claim::Missing);
}
