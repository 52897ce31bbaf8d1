//! The fleet's store as a subject.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use ktrdr_domain::OperationId;
use ktrdr_fabric::store::Attempt;
use ktrdr_fleet::redis::RedisStore;
use redis::{Connection, FromRedisValue};
use tokio::runtime::Runtime;

use crate::clock::{START_MS, ServerClock, options};
use crate::mutants::Tamper;
use crate::server::RedisServer;
use crate::world::{Clock, Subject};

const FLEET: &str = "chaos";

/// A server that only remembers: nothing here needs a disk.
pub(crate) fn subject(runtime: &Runtime) -> Subject {
    let server = RedisServer::start(&[("appendonly", "no")]);
    let clock =
        Arc::new(SharedClock { at_ms: AtomicI64::new(START_MS), server: ServerClock::new(&server, FLEET) });
    let store = Arc::new(runtime.block_on(RedisStore::open(options(&server, FLEET))).unwrap());
    let tamper = Box::new(ByHand(Mutex::new(server.admin())));
    Subject { campaigns: store.clone(), store, clock, tamper, belongings: Box::new(server) }
}

struct SharedClock {
    at_ms: AtomicI64,
    server: ServerClock,
}

impl Clock for SharedClock {
    fn now_ms(&self) -> i64 {
        self.at_ms.load(Ordering::SeqCst)
    }

    fn pass_ms(&self, ms: u64) {
        let ms = i64::try_from(ms).unwrap();
        self.at_ms.fetch_add(ms, Ordering::SeqCst);
        if ms > 0 {
            self.server.pass_ms(ms);
        }
    }
}

/// Another connection to the same server.
struct ByHand(Mutex<Connection>);

impl ByHand {
    fn run<T: FromRedisValue>(&self, name: &str, key: &str, arguments: &[&str]) -> T {
        redis::cmd(name).arg(key).arg(arguments).query(&mut self.0.lock().unwrap()).unwrap()
    }

    /// Moves the waiting roots of every lane to other keys.
    fn rename(&self, from: &str, to: &str) {
        let lanes: Vec<String> = self.run("KEYS", &format!("{{{FLEET}}}:{from}:*"), &[]);
        for lane in lanes {
            let there = lane.replacen(&format!(":{from}:"), &format!(":{to}:"), 1);
            self.run::<()>("RENAME", &lane, &[&there]);
        }
    }
}

fn row(id: &OperationId) -> String {
    format!("{{{FLEET}}}:op:{id}")
}

impl Tamper for ByHand {
    fn revive(&self, attempt: &Attempt) {
        let row = row(&attempt.id);
        let (status, fence, tries): (Option<String>, Option<u64>, Option<u32>) =
            self.run("HMGET", &row, &["status", "fence", "tries"]);
        if status.is_some_and(|status| status != "running") && fence == Some(attempt.fence) {
            let tries = tries.unwrap_or_default().max(1).to_string();
            self.run::<()>("HSET", &row, &["status", "running", "worker", &attempt.boot.0, "tries", &tries]);
        }
    }

    fn set_waiting(&self, root: &OperationId, phase: Option<&str>, waiting: Option<&OperationId>) {
        let row = row(root);
        for (field, value) in [("phase", phase), ("waiting", waiting.map(OperationId::as_str))] {
            match value {
                Some(value) => self.run::<()>("HSET", &row, &[field, value]),
                None => self.run::<()>("HDEL", &row, &[field]),
            }
        }
    }

    fn set_status(&self, id: &OperationId, status: &str) {
        self.run::<()>("HSET", &row(id), &["status", status]);
    }

    fn add_to_fence(&self, id: &OperationId, more: i64) {
        self.run::<()>("HINCRBY", &row(id), &["fence", &more.to_string()]);
    }

    fn add_to_tries(&self, id: &OperationId, more: i64) {
        self.run::<()>("HINCRBY", &row(id), &["tries", &more.to_string()]);
    }

    fn end_waits(&self) {
        let delayed = format!("{{{FLEET}}}:delayed");
        let waiting: Vec<String> = self.run("ZRANGE", &delayed, &["0", "-1"]);
        waiting.iter().for_each(|id| self.run::<()>("ZADD", &delayed, &["0", id]));
    }

    fn hide_lanes(&self) {
        self.rename("lane", "hidden");
    }

    fn let_lanes_go(&self) {
        let campaigns: Vec<String> = self.run("KEYS", &format!("{{{FLEET}}}:campaign:*"), &[]);
        campaigns.iter().for_each(|campaign| self.run::<()>("HDEL", campaign, &["cancel_upto"]));
    }

    fn show_lanes(&self) {
        self.rename("hidden", "lane");
    }
}
