//! What only the store on Redis promises: nothing acknowledged is lost to a crash, an emptied server is noticed, lost
//! answers are found again, hints come back, rows are forgotten in time, secrets stay secret, few rights are enough.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod acl;
mod campaigns;
mod clock;
mod crashes;
mod emptied;
mod full;
mod hints;
mod ledger;
mod log;
mod lost_answers;
mod opening;
mod proxy;
mod retention;
#[path = "../../../fabric/tests/support/rows.rs"]
mod rows;
mod secrets;
mod server;
mod tls;

use ktrdr_fleet::redis::{RedisOptions, RedisStore};
use rows::{LEASE, claim, id, leaf, relay, root};
use server::RedisServer;

/// A store as production has it.
async fn store_at(server: &RedisServer) -> RedisStore {
    RedisStore::open(RedisOptions::new(server.url().parse().unwrap())).await.unwrap()
}
