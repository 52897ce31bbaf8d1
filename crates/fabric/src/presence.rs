//! Which workers are there, and what operators ask of them.
//!
//! What workers say of themselves is for people to see: no decision hangs on it; leases decide. What operators ask for is
//! kept until it is taken back or its worker has gone. Every announcement is answered with it, so that it reaches whoever
//! is there; [`StoreHint::Orders`](crate::store::StoreHint::Orders) makes that a matter of milliseconds.

use std::collections::BTreeSet;
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
    /// What the process does: `worker`, `coordinator`, `orchestrator`.
    #[serde(default)]
    pub role: String,
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

/// What operators ask of the workers: the answer to every announcement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    /// End: take nothing new.
    pub drain: bool,
    /// Kinds nobody takes at present.
    pub paused: BTreeSet<Kind>,
}

/// Who is there, and what they are asked.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Says that a worker is there. It is no longer shown after `ttl` unless it says so again; what it was asked is kept
    /// for a day after that, should it only have been cut off.
    async fn announce(&self, worker: &Worker, ttl: Duration) -> Result<Orders, StoreError>;
    /// Says that a worker goes.
    async fn withdraw(&self, boot: &BootId) -> Result<(), StoreError>;
    /// Everyone who is there, by boot id.
    async fn workers(&self) -> Result<Vec<Seen>, StoreError>;
    /// Asks a worker to end as on SIGTERM; whether one of that name is there.
    async fn drain(&self, boot: &BootId) -> Result<bool, StoreError>;
    /// Nobody takes jobs of this kind until it is resumed; whether that changed anything. Of a root it is
    /// [`StoreError::Invalid`].
    async fn pause(&self, kind: Kind) -> Result<bool, StoreError>;
    /// Jobs of this kind are taken again; whether that changed anything.
    async fn resume(&self, kind: Kind) -> Result<bool, StoreError>;
    /// Kinds nobody takes at present.
    async fn paused(&self) -> Result<BTreeSet<Kind>, StoreError>;
}

/// For how long after a worker fell silent its orders are kept.
pub(crate) const ORDERS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
