//! Calls whose answer is lost are repeated, and the repetition gets the answer that was lost.

use std::time::Duration;

use ktrdr_domain::{Phase, Status};
use ktrdr_fabric::store::{
    BootId, Cancelled, Claim, Finish, Finished, OperationReader, Pace, Store, Submitted,
};
use ktrdr_fleet::redis::{RedisOptions, RedisStore};
use serde_json::json;

use crate::proxy::{Fate, Proxy};
use crate::server::RedisServer;
use crate::{LEASE, claim, id, leaf, relay, root};

async fn store_through(proxy: &Proxy) -> RedisStore {
    let url = proxy.url().parse().unwrap();
    let options = RedisOptions { timeout: Duration::from_millis(500), ..RedisOptions::new(url) };
    let store = RedisStore::open(options).await.unwrap();
    // From here on the server knows the scripts: the answer that is lost is the one that counts.
    store.submit_roots(vec![root("known", Phase::Training)], Pace::free(1)).await.unwrap();
    store.submit(leaf("known_too")).await.unwrap();
    let attempt = claim(&store, &id("known_too"), "worker-1").await;
    store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    store.cancel(&id("known"), "me", "").await.unwrap();
    relay(&store).await;
    store
}

#[tokio::test]
async fn a_submit_created_what_it_created() {
    let server = RedisServer::start(&[]);
    let proxy = Proxy::to(&server);
    let store = store_through(&proxy).await;
    for (name, fate) in [("a", Fate::AnswerLost), ("b", Fate::Silence)] {
        proxy.set_trap(id(name).as_str(), fate);
        assert_eq!(store.submit(leaf(name)).await.unwrap(), Submitted::Created, "{fate:?}");
        assert_eq!(store.submit(leaf(name)).await.unwrap(), Submitted::Duplicate(id(name)));
    }
    proxy.set_trap(id("r1").as_str(), Fate::AnswerLost);
    assert_eq!(
        store
            .submit_roots(vec![root("r1", Phase::Training), root("r2", Phase::Training)], Pace::free(1))
            .await
            .unwrap(),
        Submitted::Created
    );
    assert_eq!(store.outbox(None, 100).await.unwrap().len(), 3, "each message is there once");
}

#[tokio::test]
async fn a_claim_is_still_ours() {
    let server = RedisServer::start(&[]);
    let proxy = Proxy::to(&server);
    let store = store_through(&proxy).await;
    for (name, fate) in [("a", Fate::AnswerLost), ("b", Fate::Silence)] {
        store.submit(leaf(name)).await.unwrap();
        proxy.set_trap(id(name).as_str(), fate);
        let attempt = claim(&store, &id(name), "worker-1").await;
        let row = store.get(&id(name)).await.unwrap().unwrap();
        assert_eq!((attempt.fence, row.fence, row.tries), (1, 1, 1), "{fate:?}: one try was spent");
        let again = store.claim(&id(name), &BootId("worker-1".into()), LEASE).await.unwrap();
        assert!(matches!(again, Claim::Leased(_)), "another call is another claim: {again:?}");
    }
}

#[tokio::test]
async fn a_finish_is_refused_with_our_own_fence() {
    let server = RedisServer::start(&[]);
    let proxy = Proxy::to(&server);
    let store = store_through(&proxy).await;
    store.submit(leaf("a")).await.unwrap();
    let attempt = claim(&store, &id("a"), "worker-1").await;
    proxy.set_trap(id("a").as_str(), Fate::AnswerLost);
    let finished = store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    assert_eq!(finished, Finished::Refused { status: Some(Status::Completed), fence: attempt.fence });
}

#[tokio::test]
async fn a_cancel_was_done() {
    let server = RedisServer::start(&[]);
    let proxy = Proxy::to(&server);
    let store = store_through(&proxy).await;
    store.submit(leaf("a")).await.unwrap();
    proxy.set_trap(id("a").as_str(), Fate::AnswerLost);
    assert_eq!(store.cancel(&id("a"), "me", "").await.unwrap(), Cancelled::Done);
    let again = store.cancel(&id("a"), "me", "").await.unwrap();
    assert_eq!(again, Cancelled::TooLate(Status::Cancelled));
}
