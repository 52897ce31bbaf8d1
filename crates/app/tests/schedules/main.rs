//! Schedules on the application floor: what becomes of ticks, whatever meets them, in simulated time on a real store.

#![allow(clippy::unwrap_used)]

#[path = "../../../fabric/tests/support/layer.rs"]
mod layer;
#[path = "../support/policy.rs"]
mod policy;
mod rules;
mod weather;
mod world;
mod year;
