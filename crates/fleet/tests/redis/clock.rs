//! A fleet's clock, which stands still until it is moved.

use std::sync::Mutex;

use ktrdr_fleet::redis::{Prefix, RedisOptions, TimeSource};

use crate::server::RedisServer;

/// When the clocks of tests begin: 2026-11-21T02:55:13Z.
pub(crate) const START_MS: i64 = 1_795_229_713_000;

pub(crate) struct ServerClock {
    connection: Mutex<redis::Connection>,
    key: String,
}

impl ServerClock {
    pub(crate) fn new(server: &RedisServer, fleet: &str) -> Self {
        let clock = Self { connection: Mutex::new(server.admin()), key: format!("{{{fleet}}}:clock") };
        clock.command("SET", START_MS);
        clock
    }

    pub(crate) fn pass_ms(&self, ms: i64) {
        self.command("INCRBY", ms);
    }

    fn command(&self, name: &str, ms: i64) {
        redis::cmd(name).arg(&self.key).arg(ms).exec(&mut self.connection.lock().unwrap()).unwrap();
    }
}

/// Settings of a store that lives by this clock.
pub(crate) fn options(server: &RedisServer, fleet: &str) -> RedisOptions {
    let prefix = Prefix::new(fleet).unwrap();
    RedisOptions { prefix, clock: TimeSource::Key, ..RedisOptions::new(server.url().parse().unwrap()) }
}
