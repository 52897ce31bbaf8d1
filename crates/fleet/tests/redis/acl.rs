//! The users of the fleet have the rights they need, and no more.

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind, Phase, Progress, Status};
use ktrdr_fabric::ledger::LedgerReader;
use ktrdr_fabric::registry::{WorkerInfo, WorkerReader, WorkerRegistry};
use ktrdr_fabric::store::{
    Advance, AdvanceTo, Advanced, BootId, Filter, Finish, Finished, OperationReader, Pace, Store, StoreHint,
    SweepPlan,
};
use ktrdr_fleet::acl;
use ktrdr_fleet::redis::{Persistence, Prefix, RedisOptions, RedisStore};
use redis::Connection;
use serde_json::json;

use crate::server::RedisServer;
use crate::{LEASE, claim, id, leaf, relay, root};

const PASSWORD: &str = "long-and-random";

/// A server with these users, of the fleet `ktrdr`.
fn server() -> RedisServer {
    let server = RedisServer::start(&[]);
    for line in acl::users(&Prefix::default(), PASSWORD, PASSWORD) {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[0], "user");
        if words[1] != "default" {
            redis::cmd("ACL").arg("SETUSER").arg(&words[1..]).exec(&mut server.admin()).unwrap();
        }
    }
    server
}

fn url_of(server: &RedisServer, user: &str) -> String {
    format!("{}?user={user}&pass={PASSWORD}", server.url())
}

fn connection_of(server: &RedisServer, user: &str) -> Connection {
    redis::Client::open(url_of(server, user)).unwrap().get_connection().unwrap()
}

fn assert_refused(connection: &mut Connection, command: &str) {
    let words: Vec<&str> = command.split(' ').collect();
    let answer = redis::cmd(words[0]).arg(&words[1..]).query::<redis::Value>(connection);
    let refusal = answer.err().unwrap_or_else(|| panic!("{command} is allowed"));
    assert_eq!(refusal.code(), Some("NOPERM"), "{command} fails for another reason: {refusal}");
}

#[tokio::test]
async fn the_fleets_user_may_do_all_that_the_fleet_does() {
    let server = server();
    let store = RedisStore::open(RedisOptions::new(url_of(&server, "ktrdr").parse().unwrap())).await.unwrap();
    let mut hints = store.hints();
    live(&store).await;
    for hint in [StoreHint::Outbox, StoreHint::Control] {
        while hints.recv().await.unwrap() != hint {}
    }
    let facts = store.facts().await.unwrap();
    assert_eq!(facts.persistence, Persistence::AppendOnly { fsync: None, is_healthy: true });
}

/// One call of everything.
async fn live(store: &RedisStore) {
    store.submit(leaf("a")).await.unwrap();
    let attempt = claim(store, &id("a"), "worker-1").await;
    store.beat(&attempt, LEASE, Some(&Progress::default())).await.unwrap();
    let finished = store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    assert_eq!(finished, Finished::Recorded(Status::Completed));
    store
        .submit_roots(vec![root("r1", Phase::Training), root("r2", Phase::Training)], Pace::free(1))
        .await
        .unwrap();
    let child = id("r1").child(Kind::Training, 1);
    store.cancel(&child, "me", "").await.unwrap();
    let step = Advance {
        root: id("r1"),
        finished: child,
        expected_phase: Phase::Training,
        to: AdvanceTo::Completed { result: json!({}) },
    };
    assert_eq!(store.advance(step).await.unwrap(), Advanced::Closed(Status::Cancelled));
    relay(store).await;
    let plan = SweepPlan { grace: Duration::ZERO, limit: 10, republish_after: Some(Duration::ZERO) };
    store.sweep(plan).await.unwrap();
    store.list(&Filter { limit: 10, ..Filter::default() }).await.unwrap();
    store.get(&id("a")).await.unwrap().unwrap();
    assert!(store.trials(None).await.unwrap().is_empty());
    assert!(store.lessons(None, 5).await.unwrap().is_empty());
    let worker = WorkerInfo {
        boot: BootId("worker-1".into()),
        host: "box".into(),
        version: "1".into(),
        takes: BTreeMap::new(),
        class: DeviceClass::Cpu,
        device: "cpu".into(),
        running: vec![],
        role: "worker".into(),
        is_draining: false,
        every_ms: 2_000,
        broker: None,
        gpu: None,
    };
    store.heartbeat(&worker, LEASE).await.unwrap();
    assert_eq!(store.workers().await.unwrap().len(), 1);
    assert!(store.drain(&worker.boot).await.unwrap());
    assert!(store.pause(Kind::Probe).await.unwrap());
    assert!(store.paused().await.unwrap().contains_key(&Kind::Probe));
    assert!(store.resume(Kind::Probe).await.unwrap());
    store.deregister(&worker.boot).await.unwrap();
}

#[test]
fn the_fleets_user_may_do_nothing_else() {
    let server = server();
    let mut user = connection_of(&server, "ktrdr");
    for command in [
        "FLUSHALL",
        "FLUSHDB",
        "CONFIG GET *",
        "CONFIG SET appendonly no",
        "SHUTDOWN NOSAVE",
        "KEYS *",
        "SELECT 1",
        "SWAPDB 0 1",
        "SCRIPT FLUSH",
        "FUNCTION LOAD x",
        "ACL LIST",
        "CLIENT KILL TYPE normal",
        "REPLICAOF no one",
        "MONITOR",
        "SET evil 1",
        "GET {other}:op:x",
        "PUBLISH other x",
    ] {
        assert_refused(&mut user, command);
    }
    for script in ["return redis.call('SET','evil','1')", "return redis.call('FLUSHALL')"] {
        let answer = redis::cmd("EVAL").arg(script).arg(0).query::<redis::Value>(&mut user);
        let refusal = answer.err().unwrap_or_else(|| panic!("{script} is allowed")).to_string();
        // Servers before 7.2 and later ones have different words for it.
        let is_of_rights = ["The user executing the script can't", "ACL failure in script"];
        assert!(
            is_of_rights.iter().any(|words| refusal.contains(words)),
            "{script} fails for another reason: {refusal}"
        );
    }
}

#[test]
fn someone_who_looks_can_change_nothing() {
    let server = server();
    let mut user = connection_of(&server, "ktrdr-monitor");
    redis::cmd("HGETALL").arg("{ktrdr}:op:x").exec(&mut user).unwrap();
    redis::cmd("INFO").exec(&mut user).unwrap();
    for command in
        ["HSET {ktrdr}:op:x a b", "GET other", "PUBLISH {ktrdr}:cancel x", "EVAL return 0", "CONFIG GET *"]
    {
        assert_refused(&mut user, command);
    }
}

#[test]
fn nobody_else_gets_in_and_no_password_is_written_down() {
    let lines = acl::users(&Prefix::new("desk-2").unwrap(), PASSWORD, PASSWORD);
    assert_eq!(lines[2], "user default off");
    assert!(
        lines[0].starts_with("user desk-2 reset on #") && lines[0].contains("~{desk-2}:* &{desk-2}:* -@all")
    );
    assert!(!lines.concat().contains(PASSWORD));
}
