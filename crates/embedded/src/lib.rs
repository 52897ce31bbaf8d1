//! The embedded engine: one SQLite file, queues in this process, folders. No server.
//!
//! | file | idea |
//! |---|---|
//! | `store` | the [`SqliteStore`]: checks, then sends transitions to the writer |
//! | `writer`, `writer_loop` | one thread, one connection, group commit; which commits are synced and why |
//! | `transitions/` | one file per door through which a row changes |
//! | `tx`, `row`, `query`, `list` | the words transitions and reads are written in |
//! | `parts` | parts of lists that only grow |
//! | `backlog` | what waits for workers |
//! | `history` | what each operation went through |
//! | `ledger` | counted trials, remembered lessons |
//! | `tokens`, `audit` | who may ask from outside, and what was asked for |
//! | `requests` | keys of requests that may be repeated, and their answers |
//! | `schedules` | what runs by itself, and a record of each time |
//! | `budget` | what work costs, and what is set aside for it |
//! | `retention` | which rows may go, and their removal |
//! | `database`, `schema.sql`, and `*.sql` for each later step | opening, recognising and migrating the file |
//! | `identity` | whether the file is the one it should be, and still there |
//! | `room` | how much more it may grow |
//! | `unwritable` | one that can only be read |
//! | `broker`, `ready`, `consumer` | the [`MemoryBroker`]: queues, prefetch, redelivery |
//! | `registry` | which workers are there, what operators ask of them |
//! | `engine` | the [`Engine`]: all of this for one workspace |
//! | `lock`, `clock` | who runs jobs here, what time it is |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod audit;
mod backlog;
mod broker;
mod budget;
mod campaigns;
mod clock;
mod closings;
mod consumer;
mod database;
mod engine;
mod error;
mod failure;
mod history;
mod hypotheses;
mod identity;
mod ledger;
mod list;
mod lock;
mod parts;
mod query;
mod readers;
mod ready;
mod registry;
mod requests;
mod retention;
mod room;
mod row;
mod schedules;
mod store;
mod tokens;
mod transitions;
mod tx;
mod unwritable;
mod writer;
mod writer_loop;

pub use broker::MemoryBroker;
pub use clock::{Clock, Now, SystemClock};
pub use database::Durability;
pub use engine::{Engine, Role};
pub use error::{Holder, OpenError};
pub use lock::holder;
pub use room::Room;
pub use store::{SqliteOptions, SqliteStore};
