//! A server that speaks the Messages API without a model behind it: for tests, and to look at the whole thing without a key.
//!
//! It shares no line with the client that it is asked by, so that neither can be wrong unnoticed. It refuses what the newest
//! models refuse, wants its thinking back unchanged, counts tokens (four bytes each) and what its cache kept, and can be told
//! to fail in every way that a server fails.
//!
//! | part | file |
//! |---|---|
//! | listening, and what was asked so far | [`server`] |
//! | one request | [`route`] |
//! | what is remembered and answered | [`state`] |
//! | responses, also broken ones | [`respond`] |
//! | what a request must not say | [`rules`] |
//! | tokens, and the cache | [`tokens`] |
//! | an answer as events | [`stream`] |
//! | requests that are answered later | [`batches`] |
//! | who answers: good, lazy, repeating, lying, injecting … | [`mind`] |
//! | the strategies they think of | [`strategies`] |
//! | ways to fail | [`fault`] |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod batches;
pub mod fault;
pub mod mind;
mod respond;
mod route;
mod rules;
mod server;
mod state;
mod strategies;
mod stream;
mod tokens;

pub use batches::{Batch, BatchFault, BatchState};
pub use fault::Fault;
pub use mind::Mind;
pub use server::Fake;
