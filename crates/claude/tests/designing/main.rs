//! Designs by models of every character, paid for call by call, against a server that plays them.

// A computed table is shown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod batches;
mod characters;
mod costs;
mod paying;
mod prompts;
mod recording;
#[path = "../../../agent/tests/support/mod.rs"]
mod support;
mod waiting;
mod world;
