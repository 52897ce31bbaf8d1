//! Hints: from every process to every process, and back after an interruption.

use ktrdr_fabric::store::Topic;
use ktrdr_fabric::store::{OperationReader, Store, StoreHint};
use ktrdr_fleet::redis::{RedisOptions, RedisStore};
use tokio::sync::broadcast::Receiver;

use crate::server::RedisServer;
use crate::{claim, id, leaf, store_at};

async fn wait_for(hints: &mut Receiver<StoreHint>, wanted: &StoreHint) {
    while hints.recv().await.unwrap() != *wanted {}
}

#[tokio::test]
async fn a_change_by_one_process_is_hinted_to_another() {
    let server = RedisServer::start(&[]);
    let (one, other) = (store_at(&server).await, store_at(&server).await);
    let mut hints = other.hints();
    one.submit(leaf("a")).await.unwrap();
    wait_for(&mut hints, &StoreHint::Outbox).await;
    wait_for(&mut hints, &StoreHint::Changed(id("a"))).await;
}

#[tokio::test]
async fn a_process_hears_what_it_asked_for_and_nothing_else() {
    let server = RedisServer::start(&[]);
    let listening = async |hears: &[Topic]| {
        let options =
            RedisOptions { hears: hears.to_vec(), ..RedisOptions::new(server.url().parse().unwrap()) };
        RedisStore::open(options).await.unwrap()
    };
    let (deaf, relay) = (listening(&[]).await, listening(&[Topic::Outbox]).await);
    let (mut nothing, mut outbox) = (deaf.hints(), relay.hints());
    deaf.submit(leaf("a")).await.unwrap();
    deaf.submit(leaf("b")).await.unwrap();
    assert_eq!(
        [outbox.recv().await.unwrap(), outbox.recv().await.unwrap()],
        [StoreHint::Outbox, StoreHint::Outbox]
    );
    assert!(nothing.try_recv().is_err());
}

#[tokio::test]
async fn after_an_interruption_everyone_is_told_to_look_again_and_hears_the_next_hint() {
    let server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    store.submit(leaf("a")).await.unwrap();
    store.submit(leaf("b")).await.unwrap();
    let (a, b) = (claim(&store, &id("a"), "worker-1").await, claim(&store, &id("b"), "worker-1").await);
    let mut hints = store.hints();
    redis::cmd("CLIENT").arg(&["KILL", "TYPE", "pubsub"]).exec(&mut server.admin()).unwrap();
    // Perhaps heard by nobody: this is what looking again is for.
    store.cancel(&a.id, "me", "").await.unwrap();
    wait_for(&mut hints, &StoreHint::Unknown).await;
    assert!(store.get(&a.id).await.unwrap().unwrap().is_cancelling());
    store.cancel(&b.id, "me", "").await.unwrap();
    wait_for(&mut hints, &StoreHint::Cancel(b.id)).await;
}

#[tokio::test]
async fn hints_come_back_when_the_server_does() {
    let mut server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    let mut hints = store.hints();
    server.kill();
    server.start_again();
    wait_for(&mut hints, &StoreHint::Unknown).await;
    store.submit(leaf("a")).await.unwrap();
    wait_for(&mut hints, &StoreHint::Changed(id("a"))).await;
}
