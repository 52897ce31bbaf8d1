//! The seams of the fleet, and what every engine behind them has in common. The engines are crates of their own, so
//! that only `ktrdr-embedded` can name SQLite, and only `ktrdr-fleet` RabbitMQ, Redis and object storage.
//!
//! **The row in the store is the truth; messages are hints.** Every hint may be lost, doubled, late or reordered,
//! and is resolved by one compare-and-set against the row. The broker gives flow control and competing consumers;
//! it never gives the lock, the retry count or the attempt number.
//!
//! | seam | what it holds | embedded engine | fleet's engine |
//! |---|---|---|---|
//! | [`store::Store`] | rows, leases, outbox, cancel flags | SQLite | Redis |
//! | [`campaign::Campaigns`] | campaigns, counted by what became of their cycles | SQLite | Redis |
//! | [`ledger::Ledger`] | counted trials, remembered lessons | SQLite | Redis |
//! | [`budget::Budget`] | what work costs, and what is set aside for it | SQLite | Redis |
//! | [`registry::WorkerRegistry`] | which workers are there, what is asked of them | SQLite | Redis |
//! | [`tokens::Tokens`], [`audit::Audit`] | who may ask from outside, what was asked for | SQLite | Redis |
//! | [`requests::Requests`] | keys of requests that may be repeated, and their answers | SQLite | Redis |
//! | [`schedules::Schedules`] | what runs by itself, and a record of each time | SQLite | Redis |
//! | [`retention::Pruning`] | how long rows of what has ended are kept | SQLite | Redis |
//! | [`broker::Broker`] | job and event messages | queues in this process | RabbitMQ |
//! | [`artifacts::Artifacts`] | bars, models, strategies, reports | [`local`] folders | shared folders, object storage |
//!
//! One conformance suite examines both engines. What they count, refuse and remember by the same rules stands here:
//! [`limits`], [`losses`], [`clock`], [`history`], [`epochs`], [`backoff`], [`cause`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod artifacts;
pub mod audit;
pub mod backoff;
pub mod broker;
pub mod budget;
pub mod campaign;
pub mod cause;
pub mod clock;
pub mod epochs;
pub mod history;
pub mod ledger;
pub mod limits;
pub mod local;
pub mod losses;
pub mod process;
pub mod random;
pub mod registry;
pub mod requests;
pub mod retention;
pub mod schedules;
pub mod store;
pub mod tokens;
