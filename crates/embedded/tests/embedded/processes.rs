//! A runner and clients beside it. Two engines in one test process are two connections, as two processes are.

use std::time::{Duration, Instant};

use ktrdr_domain::{Kind, Status};
use ktrdr_fabric::broker::{Broker, BrokerError, Queue};
use ktrdr_fabric::store::{Cancelled, Finish, OperationReader, Store, StoreHint};
use serde_json::json;
use tokio::sync::broadcast::Receiver;

use crate::{claim, client, id, leaf, runner};

/// The promise: a change by another process is noticed within this time.
const NOTICED_WITHIN: Duration = Duration::from_millis(100);

/// Waits for the hint that someone else changed something.
async fn notice(hints: &mut Receiver<StoreHint>) -> Duration {
    let began = Instant::now();
    let unknown = async { while hints.recv().await.unwrap() != StoreHint::Unknown {} };
    tokio::time::timeout(Duration::from_secs(10), unknown).await.expect("nobody noticed");
    began.elapsed()
}

#[tokio::test]
async fn a_runner_notices_what_a_client_submits_and_cancels() {
    let folder = tempfile::tempdir().unwrap();
    let (runner, client) = (runner(folder.path()), client(folder.path()));
    let mut hints = runner.store.hints();
    let mut quickest = Duration::MAX;
    for name in ["a", "b", "c", "d"] {
        client.store.submit(leaf(name)).await.unwrap();
        quickest = quickest.min(notice(&mut hints).await);
        assert!(runner.store.get(&id(name)).await.unwrap().is_some());
    }
    assert!(quickest <= NOTICED_WITHIN, "{quickest:?} at best, however busy the machine");
    let attempt = claim(runner.store.as_ref(), &id("a"), "worker-1").await;
    assert_eq!(client.store.cancel(&id("a"), "me", "").await.unwrap(), Cancelled::Requested);
    notice(&mut hints).await;
    assert!(runner.store.get(&attempt.id).await.unwrap().unwrap().is_cancelling());
}

#[tokio::test]
async fn a_client_notices_what_the_runner_does() {
    let folder = tempfile::tempdir().unwrap();
    let (runner, client) = (runner(folder.path()), client(folder.path()));
    client.store.submit(leaf("a")).await.unwrap();
    let mut hints = client.store.hints();
    let attempt = claim(runner.store.as_ref(), &id("a"), "worker-1").await;
    runner.store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    notice(&mut hints).await;
    assert_eq!(client.store.get(&id("a")).await.unwrap().unwrap().status, Status::Completed);
}

#[tokio::test]
async fn ones_own_changes_are_no_news_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let runner = runner(folder.path());
    let mut hints = runner.store.hints();
    let began = Instant::now();
    for n in 0.. {
        runner.store.submit(leaf(&format!("a{n}"))).await.unwrap();
        if began.elapsed() > NOTICED_WITHIN {
            break;
        }
    }
    while let Ok(hint) = hints.try_recv() {
        assert_ne!(hint, StoreHint::Unknown);
    }
}

#[tokio::test]
async fn many_processes_write_at_once_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let engines = [runner(folder.path()), client(folder.path()), client(folder.path())];
    let mut writing = Vec::new();
    for (e, engine) in engines.iter().enumerate() {
        for n in 0..30 {
            let store = engine.store.clone();
            writing
                .push(tokio::spawn(async move { store.submit(leaf(&format!("a{e}_{n}"))).await.unwrap() }));
        }
    }
    for write in writing {
        write.await.unwrap();
    }
    assert_eq!(engines[0].store.outbox(None, 1000).await.unwrap().len(), 90);
}

#[tokio::test]
async fn a_client_neither_publishes_nor_consumes() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path());
    let published = client.broker.publish(Vec::new()).await;
    assert!(published.is_ok_and(|answers| answers.is_empty()));
    let consumed = client.broker.consume(Queue::Jobs(Kind::Probe), 1).await;
    assert!(matches!(consumed.err(), Some(BrokerError::Unavailable(_))));
}
