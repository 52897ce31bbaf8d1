//! Designer and assessor by a language model that speaks the Messages API.
//!
//! | part | file |
//! |---|---|
//! | the contract, dated | [`contract`] |
//! | which server is asked, with which key | [`endpoint`] |
//! | one call over HTTP | [`client`] |
//! | a stream to events, events to an answer | `sse`, `assemble` |
//! | why there is no answer | [`error`] |
//! | tries, waits, and what they cost | [`asking`] |
//! | asking in batches, which nobody waits for | `batch` |
//! | replies that were recorded | [`recorded`] |
//! | a model as a provider | [`provider`] |
//! | designing: prompt, conversation, tools | `design` |
//! | assessing: facts, schema, and the rules in its place | `assess` |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod asking;
mod assemble;
mod assess;
mod batch;
pub mod client;
pub mod contract;
mod design;
pub mod endpoint;
pub mod error;
pub mod provider;
pub mod recorded;
mod sse;
mod words;

pub use asking::Patience;
pub use batch::Keeper;
pub use client::Client;
pub use contract::Effort;
pub use endpoint::{ApiKey, BadEndpoint, Endpoint, Given};
pub use error::CallError;
pub use provider::{Claude, Manner};
pub use recorded::{Recorded, Recording};
