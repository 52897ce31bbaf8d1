//! Designs by models of every character, paid for call by call, against a server that plays them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod batches;
mod characters;
mod paying;
mod prompts;
mod recording;
#[path = "../../../agent/tests/support/mod.rs"]
mod support;
mod waiting;
mod world;
