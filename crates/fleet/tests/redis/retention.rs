//! Of what is pruned nothing is left behind on the server; what older programs were to forget is forgotten by nobody.

use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Phase, Status};
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::retention::{PruneStep, Pruning, Retention};
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced, Finish, NewOperation, OperationReader, Pace, Store};
use ktrdr_fleet::redis::RedisStore;
use serde_json::json;

use crate::clock::{ServerClock, options};
use crate::server::RedisServer;
use crate::{claim, id, leaf, relay, root};

const DAY: Duration = Duration::from_secs(86_400);

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
    async fn complete(&self, id: &OperationId) {
        let attempt = claim(&self.store, id, "worker-1").await;
        self.store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
        relay(&self.store).await;
    }

    async fn prune(&self) -> u64 {
        let retention = Retention { operations: Some(DAY), ..Retention::default() };
        let step = PruneStep { retention, after: 0, limit: 100, dry_run: false };
        self.store.prune(&step).await.unwrap().operations
    }

    fn keys_left(&self) -> Vec<String> {
        let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut self.server.admin()).unwrap();
        keys.sort();
        keys.iter().map(|key| key.strip_prefix("{kept}:").unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn nothing_of_what_is_pruned_is_left_behind() {
    let w = world().await;
    w.store.submit_roots(vec![root("r", Phase::Training)], Pace::free(1)).await.unwrap();
    let child = id("r").child(Kind::Training, 1);
    w.complete(&child).await;
    let step = Advance {
        root: id("r"),
        finished: child,
        expected_phase: Phase::Training,
        to: AdvanceTo::Completed { result: json!({}) },
    };
    assert_eq!(w.store.advance(step).await.unwrap(), Advanced::Closed(Status::Completed));
    relay(&w.store).await;
    let keyed = NewOperation { idempotency_key: Some("nightly".into()), ..leaf("a") };
    w.store.submit(keyed).await.unwrap();
    w.complete(&id("a")).await;
    let before = w.keys_left();
    w.store.submit(leaf("newest")).await.unwrap();
    w.complete(&id("newest")).await;
    let _: () = redis::cmd("HSET").arg("{kept}:closed").arg("c").arg(1).query(&mut w.server.admin()).unwrap();
    let _: () =
        redis::cmd("ZADD").arg("{kept}:expiring").arg(1).arg("op_x").query(&mut w.server.admin()).unwrap();
    w.clock.pass_ms(8 * 86_400_000);
    assert!(before.len() > 10, "{before:?}");
    assert_eq!(w.prune().await, 3);
    let campaign = w.store.campaign(&"c".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((campaign.cycles, campaign.forgotten, campaign.with_status(Status::Completed)), (1, 1, 1));
    let left = [
        "campaign:c",
        "campaigns",
        "clock",
        "closed",
        "epoch",
        "idx:completed:probe",
        "log:op_newest",
        "op:op_newest",
        "outbox",
        "pruned",
        "seq",
    ];
    assert_eq!(w.keys_left(), left);
    assert!(w.store.get(&id("newest")).await.unwrap().is_some());
}
