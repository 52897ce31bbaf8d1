//! Campaigns among rows that are older than they are, or are still being changed by programs that are.

use std::time::Duration;

use ktrdr_domain::{FailureReason, Kind, OperationId, Phase, Status};
use ktrdr_fabric::campaign::{Campaign, Campaigns};
use ktrdr_fabric::store::{Advance, AdvanceTo, Filter, Finish, OperationReader, Pace, Store, SweepPlan};
use ktrdr_fleet::redis::RedisStore;
use serde_json::json;

use crate::clock::{ServerClock, options};
use crate::server::RedisServer;
use crate::{claim, id, root};

const FLEET: &str = "older";

struct World {
    store: RedisStore,
    server: RedisServer,
    _clock: ServerClock,
}

/// Four cycles in one lane: one that failed at its gate, one that runs, two that wait.
async fn world() -> World {
    let server = RedisServer::start(&[]);
    let clock = ServerClock::new(&server, FLEET);
    let store = RedisStore::open(options(&server, FLEET)).await.unwrap();
    store
        .submit_roots(
            ["r1", "r2", "r3", "r4"].map(|name| root(name, Phase::Training)).to_vec(),
            Pace::free(1),
        )
        .await
        .unwrap();
    let training = id("r1").child(Kind::Training, 1);
    let attempt = claim(&store, &training, "worker-1").await;
    store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    let to = AdvanceTo::Failed {
        reason: FailureReason::Gate,
        error: "Training gate failed: no_skill (1.2 >= 1.1)".into(),
        stopped_by: "no_skill".into(),
        result: json!({}),
    };
    let step = Advance { root: id("r1"), finished: training, expected_phase: Phase::Training, to };
    store.advance(step).await.unwrap();
    World { store, server, _clock: clock }
}

fn key(name: &str) -> String {
    format!("{{{FLEET}}}:{name}")
}

fn run(w: &World, words: &[&str]) {
    redis::cmd(words[0]).arg(&words[1..]).exec(&mut w.server.admin()).unwrap();
}

/// Takes away what a program without campaigns never wrote.
fn grow_older(w: &World) {
    let mut admin = w.server.admin();
    let mut keys =
        |pattern: &str| -> Vec<String> { redis::cmd("KEYS").arg(key(pattern)).query(&mut admin).unwrap() };
    for gone in ["campaign*", "adopted", "idx:*@*"].map(&mut keys).concat() {
        run(w, &["DEL", &gone]);
    }
    for row in keys("op:*") {
        run(w, &["HDEL", &row, "campaign", "counted"]);
    }
}

async fn sweep(store: &RedisStore) {
    // More often than there are roots.
    for _ in 0..6 {
        let plan = SweepPlan { grace: Duration::ZERO, limit: 1, republish_after: None };
        store.sweep(plan).await.unwrap();
    }
}

async fn campaign(w: &World) -> Option<Campaign> {
    w.store.campaign(&"c".parse().unwrap()).await.unwrap()
}

async fn listed(w: &World, status: Option<Status>) -> Vec<OperationId> {
    let campaign = Some("c".parse().unwrap());
    let filter = Filter { campaign, statuses: status.into_iter().collect(), limit: 100, ..Filter::default() };
    let page = w.store.list(&filter).await.unwrap();
    page.operations.into_iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn the_sweeps_of_a_new_process_list_and_count_older_rows_bit_by_bit() {
    let w = world().await;
    let (counted, all) = (campaign(&w).await, listed(&w, None).await);
    assert_eq!((counted.as_ref().map(|c| c.cycles), all.len()), (Some(4), 6));
    grow_older(&w);
    assert_eq!((campaign(&w).await, listed(&w, None).await.len()), (None, 0));
    sweep(&w.store).await;
    assert_eq!((campaign(&w).await, listed(&w, None).await), (counted, all));
}

#[tokio::test]
async fn what_an_older_program_changes_meanwhile_is_mended_by_the_next_process() {
    let w = world().await;
    sweep(&w.store).await;
    // As its scripts do: the campaign hears nothing of it.
    let row = key("op:op_r4");
    run(&w, &["HSET", &row, "status", "cancelled", "finished_at_ms", "1"]);
    run(&w, &["ZREM", &key("idx:pending:agent_research"), "op_r4"]);
    let seq: String = redis::cmd("HGET").arg(&row).arg("seq").query(&mut w.server.admin()).unwrap();
    run(&w, &["ZADD", &key("idx:cancelled:agent_research"), &seq, "op_r4"]);
    sweep(&w.store).await;
    assert_eq!(
        campaign(&w).await.unwrap().with_status(Status::Cancelled),
        0,
        "who has looked does not look again"
    );
    let next = RedisStore::open(options(&w.server, FLEET)).await.unwrap();
    sweep(&next).await;
    let counted = campaign(&w).await.unwrap();
    assert_eq!(Status::ALL.map(|status| counted.with_status(status)), [1, 1, 0, 1, 1]);
    assert_eq!(listed(&w, Some(Status::Cancelled)).await, [id("r4")]);
}
