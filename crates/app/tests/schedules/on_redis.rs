//! The fleet's store, on a private Redis whose scripts get their time from a key.

use std::sync::{Arc, Mutex};

use ktrdr_fleet::redis::{Prefix, RedisOptions, RedisStore, TimeSource};

use crate::server::RedisServer;
use crate::world::SetClock;

const FLEET: &str = "nights";

struct KeyClock(Mutex<redis::Connection>);

impl SetClock for KeyClock {
    fn set(&self, now_ms: i64) {
        let key = format!("{{{FLEET}}}:clock");
        redis::cmd("SET").arg(key).arg(now_ms).exec(&mut self.0.lock().unwrap()).unwrap();
    }
}

pub(crate) async fn on_redis(server: &RedisServer) -> (Arc<RedisStore>, Arc<dyn SetClock>) {
    let clock = KeyClock(Mutex::new(server.admin()));
    clock.set(0);
    let url = server.url().parse().unwrap();
    let prefix = Prefix::new(FLEET).unwrap();
    let options = RedisOptions { prefix, clock: TimeSource::Key, ..RedisOptions::new(url) };
    (Arc::new(RedisStore::open(options).await.unwrap()), Arc::new(clock))
}
