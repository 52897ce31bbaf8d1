//! Ended operations are kept for a week (30 days when their attempts were exhausted), and forgotten as a whole.

use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Phase, Status};
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::store::{
    Advance, AdvanceTo, Advanced, Filter, Finish, NewOperation, OperationReader, Pace, Store, Submitted,
    SweepPlan,
};
use ktrdr_fleet::redis::RedisStore;
use serde_json::json;

use crate::clock::{ServerClock, options};
use crate::server::RedisServer;
use crate::{claim, id, leaf, relay, root};

const DAY_MS: i64 = 86_400_000;
const WEEK_MS: i64 = 7 * DAY_MS;

struct World {
    store: RedisStore,
    clock: ServerClock,
    server: RedisServer,
}

async fn world() -> World {
    let server = RedisServer::start(&[]);
    let clock = ServerClock::new(&server, "kept");
    let store = RedisStore::open(options(&server, "kept")).await.unwrap();
    World { store, clock, server }
}

impl World {
    async fn sweep(&self) {
        let plan = SweepPlan { grace: Duration::ZERO, limit: 100, republish_after: None };
        self.store.sweep(plan).await.unwrap();
    }

    async fn complete(&self, id: &OperationId) {
        let attempt = claim(&self.store, id, "worker-1").await;
        self.store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    }

    fn keys_left(&self) -> Vec<String> {
        let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut self.server.admin()).unwrap();
        keys.sort();
        keys.iter().map(|key| key.strip_prefix("{kept}:").unwrap().to_owned()).collect()
    }

    async fn is_kept(&self, id: &OperationId) -> bool {
        let all = Filter { limit: 1000, ..Filter::default() };
        let page = self.store.list(&all).await.unwrap();
        assert_eq!(page.operations.len() as u64, page.total);
        let listed = page.operations.iter().any(|operation| operation.id == *id);
        assert_eq!(self.store.get(id).await.unwrap().is_some(), listed, "row and list agree about {id}");
        listed
    }
}

#[tokio::test]
async fn a_completed_operation_is_kept_for_a_week() {
    let w = world().await;
    let keyed = |name| NewOperation { idempotency_key: Some("nightly".into()), ..leaf(name) };
    w.store.submit(keyed("a")).await.unwrap();
    w.complete(&id("a")).await;
    w.clock.pass_ms(WEEK_MS - 1);
    w.sweep().await;
    assert!(w.is_kept(&id("a")).await);
    assert_eq!(w.store.submit(keyed("b")).await.unwrap(), Submitted::Duplicate(id("a")));
    w.clock.pass_ms(1);
    w.sweep().await;
    assert!(!w.is_kept(&id("a")).await);
    assert_eq!(w.store.submit(keyed("b")).await.unwrap(), Submitted::Created, "its key is free again");
}

#[tokio::test]
async fn exhausted_attempts_are_kept_for_a_month() {
    let w = world().await;
    w.store.submit(NewOperation { tries_max: 1, ..leaf("a") }).await.unwrap();
    let attempt = claim(&w.store, &id("a"), "worker-1").await;
    let retry = Finish::Retry { error: "no".into(), delay: Duration::ZERO };
    w.store.finish(&attempt, retry).await.unwrap();
    relay(&w.store).await;
    w.clock.pass_ms(30 * DAY_MS - 1);
    w.sweep().await;
    assert!(w.is_kept(&id("a")).await);
    w.clock.pass_ms(1);
    w.sweep().await;
    assert!(!w.is_kept(&id("a")).await);
    assert_eq!(w.keys_left(), ["adopted", "clock", "epoch", "outbox", "seq"], "nothing of it is left behind");
}

#[tokio::test]
async fn what_has_not_ended_is_kept_for_ever() {
    let w = world().await;
    w.store.submit(leaf("a")).await.unwrap();
    w.clock.pass_ms(1000 * DAY_MS);
    w.sweep().await;
    assert!(w.is_kept(&id("a")).await);
}

#[tokio::test]
async fn a_child_stays_for_as_long_as_its_root_goes_on_and_nothing_of_either_is_left_behind() {
    let w = world().await;
    w.store.submit_roots(vec![root("r", Phase::Training)], Pace::free(1)).await.unwrap();
    let child = id("r").child(Kind::Training, 1);
    w.complete(&child).await;
    w.clock.pass_ms(WEEK_MS);
    w.sweep().await;
    assert!(w.is_kept(&child).await, "its root has still to look at it");
    let step = Advance {
        root: id("r"),
        finished: child.clone(),
        expected_phase: Phase::Training,
        to: AdvanceTo::Completed { result: json!({}) },
    };
    assert_eq!(w.store.advance(step).await.unwrap(), Advanced::Closed(Status::Completed));
    relay(&w.store).await;
    w.clock.pass_ms(WEEK_MS);
    w.sweep().await;
    assert!(!w.is_kept(&child).await && !w.is_kept(&id("r")).await);
    let campaign = w.store.campaign(&"c".parse().unwrap()).await.unwrap().unwrap();
    let completed = campaign.with_status(Status::Completed);
    assert_eq!((campaign.cycles, campaign.forgotten, completed), (1, 1, 1), "what became of it is kept");
    assert_eq!(w.keys_left(), ["adopted", "campaign:c", "campaigns", "clock", "epoch", "outbox", "seq"]);
}
