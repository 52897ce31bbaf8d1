//! Schedules on the application floor: what becomes of ticks, whatever meets them, in simulated time on a real store.

#![allow(clippy::unwrap_used)]

#[path = "../../../fabric/tests/support/layer.rs"]
mod layer;
mod on_redis;
#[path = "../support/policy.rs"]
mod policy;
mod rules;
#[path = "../../../fleet/tests/redis/server.rs"]
#[allow(dead_code, reason = "the tests of the store itself stop and start it, too")]
mod server;
mod weather;
mod world;
mod year;
