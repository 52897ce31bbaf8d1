//! The seams of the fleet and the engines behind them.
//!
//! **The row in the store is the truth; messages are hints.** Every hint may be lost, doubled, late or reordered,
//! and is resolved by one compare-and-set against the row. The broker gives flow control and competing consumers;
//! it never gives the lock, the retry count or the attempt number.
//!
//! | seam | what it holds | [`embedded`] engine | [`fleet`] engine |
//! |---|---|---|---|
//! | [`store::Store`] | rows, leases, outbox, cancel flags | SQLite | Redis |
//! | [`campaign::Campaigns`] | campaigns, counted by what became of their cycles | SQLite | Redis |
//! | [`ledger::Ledger`] | counted trials, remembered lessons | SQLite | Redis |
//! | [`registry::WorkerRegistry`] | which workers are there, what is asked of them | SQLite | Redis |
//! | [`broker::Broker`] | job and event messages | queues in this process | RabbitMQ |
//! | [`artifacts::Artifacts`] | bars, models, strategies, reports | [`local`] folders | shared folders, object storage |
//!
//! One conformance suite examines every engine.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod artifacts;
pub mod broker;
pub mod campaign;
pub mod embedded;
pub mod epochs;
pub mod fleet;
pub mod history;
pub mod ledger;
mod limits;
pub mod local;
pub mod losses;
pub mod process;
mod random;
pub mod registry;
pub mod store;
