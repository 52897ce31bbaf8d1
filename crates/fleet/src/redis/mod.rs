//! Rows, leases, outbox, ledger and registry in Redis.
//!
//! Every transition is one Lua script: the server runs it alone and whole, and writes all of it or nothing into its log.
//! Time is the server's. A script first compares the epoch: a server that was emptied meanwhile is refused, not filled anew.
//!
//! | file | idea |
//! |---|---|
//! | `store` | the [`RedisStore`]: checks, then one script per method |
//! | `query`, `row` | reading: from answers to operations, pages and outbox entries |
//! | `backlog` | what waits for workers |
//! | `history` | what each operation went through |
//! | `ledger` | counted trials, remembered lessons |
//! | `budget` | what work costs, and what is set aside for it |
//! | `requests` | keys of requests that may be repeated, and their answers |
//! | `tokens`, `audit` | who may ask from outside, and what was asked for |
//! | `schedules` | what runs by itself, and a record of each time |
//! | `registry` | which workers are there, what operators ask of them |
//! | `retention` | how long rows of what has ended are kept |
//! | `options`, `url` | where the server is, who we are there; nothing of it is ever shown |
//! | `opening`, `facts` | what a server must be before it is trusted with rows; what the operator wants to know of it |
//! | `script`, `call`, `answer` | scripts put together from the files in `src/lua`, called, understood |
//! | `connection` | one connection, rebuilt by the call that needs it; calls repeated when that is safe |
//! | `listener` | hints from other processes |
//! | `failure` | the server's errors in our words |

mod answer;
mod audit;
mod backlog;
mod budget;
mod call;
mod campaigns;
mod connection;
mod facts;
mod failure;
mod history;
mod hypotheses;
mod ledger;
mod listener;
mod opening;
mod options;
mod query;
mod registry;
mod requests;
mod retention;
mod row;
mod schedules;
mod script;
mod store;
mod tokens;
mod url;

pub use facts::{Fsync, Persistence, StoreFacts};
pub use opening::OpenError;
pub use options::{RedisOptions, TimeSource};
pub use store::RedisStore;
pub use url::{BadPrefix, BadUrl, Prefix, RedisUrl};
