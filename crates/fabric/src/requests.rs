//! Requests that may be repeated: which request a key stands for, and what it was answered.
//!
//! A key is kept from before its request is carried out until its time is over, so that one that was cut short is known when
//! it comes again: with the answer, where there was one, and with how far the store was when it came first.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::Sha256;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// Keys whose time is over that are removed in one step.
pub const FORGOTTEN_AT_ONCE: u32 = 100;

/// How far a store was at a moment: what came into being afterwards is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When, Unix milliseconds of the store's clock.
    pub at_ms: i64,
    /// The number of the newest operation, as in [`GroupCancel::within`](crate::store::GroupCancel::within).
    pub newest: u64,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nobody was answered yet: it came first at this mark, now or earlier.
    Unanswered(Mark),
    /// It was answered with this.
    Answered(String),
    /// It stands for another request.
    Taken,
}

/// Keys of requests, and their answers. Those whose time is over are gone.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Has a key stand for a request for so long, unless it stands for one already.
    async fn begin(&self, key: &Sha256, request: &Sha256, lasts: Duration) -> Result<Begun, StoreError>;
    /// Keeps the answer to the request of a key, if it is the first; the one that is kept. Of a key whose time is over the
    /// answer itself.
    async fn answered(&self, key: &Sha256, answer: &str) -> Result<String, StoreError>;
}
