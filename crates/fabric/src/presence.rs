//! Which workers are there: what they say of themselves, for people to see. No decision hangs on it; leases decide.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::{Kind, OperationId};
use serde::{Deserialize, Serialize};

use crate::store::{BootId, StoreError};

/// What a worker process says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// This run of the process.
    pub boot: BootId,
    /// Name of its computer.
    pub host: String,
    /// Version of its program.
    pub version: String,
    /// What it takes.
    pub kinds: Vec<Kind>,
    /// What it computes on, such as `cpu` or the name of a GPU.
    pub device: String,
    /// Jobs it runs at once, at most.
    pub slots: u32,
    /// What it runs now.
    pub running: Vec<OperationId>,
    /// Whether it takes nothing new and ends when its jobs have.
    pub is_draining: bool,
}

/// A worker, and when it last said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it said.
    pub worker: Worker,
    /// Unix milliseconds of the store's clock.
    pub at_ms: i64,
}

/// Who is there.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Says that a worker is there. It is forgotten after `ttl` unless it says so again.
    async fn announce(&self, worker: &Worker, ttl: Duration) -> Result<(), StoreError>;
    /// Says that a worker goes.
    async fn withdraw(&self, boot: &BootId) -> Result<(), StoreError>;
    /// Everyone who is there, by boot id.
    async fn workers(&self) -> Result<Vec<Seen>, StoreError>;
}
