//! Which workers are there, and what operators ask of them.
//!
//! What workers say of themselves is for people to see: no decision hangs on it; leases decide. What operators ask for is
//! kept until it is taken back or its worker has gone. Every heartbeat is answered with it, so that it reaches whoever
//! is there; [`StoreHint::Control`](crate::store::StoreHint::Control) makes that a matter of milliseconds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::{DeviceClass, Kind, OperationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::broker::{BrokerState, Queue};
use crate::store::{BootId, StoreError};

/// What a worker process says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct WorkerInfo {
    /// This run of the process.
    pub boot: BootId,
    /// What the process does: `worker`, `coordinator`, `orchestrator`.
    #[serde(default)]
    pub role: String,
    /// Name of its computer.
    pub host: String,
    /// Version of its program.
    pub version: String,
    /// What it takes, and how many of each kind at once. Nothing, when it is no worker.
    #[serde(default)]
    pub takes: BTreeMap<Kind, u16>,
    /// What its jobs compute on.
    #[serde(default)]
    pub class: DeviceClass,
    /// The same by name, such as `cpu` or that of a GPU.
    pub device: String,
    /// What it runs now.
    pub running: Vec<OperationId>,
    /// Whether it takes nothing new and ends when its jobs have.
    pub is_draining: bool,
    /// How often it says so, milliseconds.
    #[serde(default = "usual_heartbeat_ms")]
    pub every_ms: u64,
    /// How it finds the broker; not known of processes of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<BrokerSight>,
    /// Its GPU as the driver tells of it, where there is one that does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuSight>,
}

/// A GPU, as it was when its process was heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct GpuSight {
    /// Its memory, in bytes.
    pub memory_bytes: u64,
    /// How much of it is in use, by whomever.
    pub memory_used_bytes: u64,
    /// Share of the last moments in which it computed, in per cent, for whomever; some do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_percent: Option<u32>,
}

/// How a process finds the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct BrokerSight {
    /// How it stands.
    pub state: BrokerState,
    /// For how long, milliseconds.
    pub for_ms: u64,
}

/// As the alert has it.
const IDLE_BELOW_PERCENT: u32 = 5;

/// Of processes of a version that did not say it.
fn usual_heartbeat_ms() -> u64 {
    2_000
}

impl WorkerInfo {
    /// Whether a training holds its GPU, which computes next to nothing.
    #[must_use]
    pub fn holds_idle_gpu(&self) -> bool {
        let is_idle = self.gpu.and_then(|gpu| gpu.busy_percent).is_some_and(|busy| busy < IDLE_BELOW_PERCENT);
        is_idle && self.class == DeviceClass::Gpu && self.running.iter().any(|id| id.is_of(Kind::Training))
    }

    /// Jobs it runs at once, at most.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.takes.values().map(|&slots| u32::from(slots)).sum()
    }

    /// Of how many jobs at once it takes the messages of this queue; 0 when it reads another.
    #[must_use]
    pub fn slots_for(&self, queue: Queue) -> u32 {
        let reads = |kind: Kind| Queue::of_worker(kind, self.class).contains(&queue);
        self.takes.iter().filter(|&(&kind, _)| reads(kind)).map(|(_, &slots)| u32::from(slots)).sum()
    }
}

/// A worker, and when it last said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerEntry {
    /// What it said.
    pub worker: WorkerInfo,
    /// Unix milliseconds of the store's clock.
    pub at_ms: i64,
    /// When it is no longer shown unless it says so again, by the same clock.
    pub until_ms: i64,
}

impl WorkerEntry {
    /// Whether nothing was heard of it for longer than two lost heartbeats explain: it is dead, frozen or cut off.
    #[must_use]
    pub fn is_silent(&self, now_ms: i64) -> bool {
        let bound = self.worker.every_ms.saturating_mul(3).max(SILENT_AFTER_MS_MIN);
        now_ms.saturating_sub(self.at_ms) > i64::try_from(bound).unwrap_or(i64::MAX)
    }
}

/// A machine that is merely busy may keep a process waiting for so long.
const SILENT_AFTER_MS_MIN: u64 = 5_000;

/// What operators ask of the workers: the answer to every heartbeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlState {
    /// End: take nothing new.
    pub drain: bool,
    /// Kinds nobody takes at present.
    pub paused: BTreeSet<Kind>,
}

/// Reading who is there, and what they are asked: for pages and reports, which can not change it. An
/// `Arc<dyn WorkerRegistry>` is an `Arc<dyn WorkerReader>` wherever one is asked for.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait WorkerReader: Send + Sync {
    /// Everyone who is there, by boot id.
    async fn workers(&self) -> Result<Vec<WorkerEntry>, StoreError>;
    /// Kinds nobody takes at present, with since when, in Unix milliseconds of the store's clock: not known of those that an
    /// older version paused.
    async fn paused(&self) -> Result<BTreeMap<Kind, Option<i64>>, StoreError>;
}

/// Who is there, and what they are asked. Whoever only reads takes a [`WorkerReader`], which every registry is.
///
/// # Errors
/// Every method: [`StoreError::is_transient`] tells whether the same call may succeed later.
#[async_trait]
pub trait WorkerRegistry: WorkerReader {
    /// Says that a worker is there. It is no longer shown after `ttl` unless it says so again; what it was asked is kept
    /// for a day after that, should it only have been cut off.
    async fn heartbeat(&self, worker: &WorkerInfo, ttl: Duration) -> Result<ControlState, StoreError>;
    /// Says that a worker goes.
    async fn deregister(&self, boot: &BootId) -> Result<(), StoreError>;
    /// Asks a worker to end as on SIGTERM; whether one of that name is there.
    async fn drain(&self, boot: &BootId) -> Result<bool, StoreError>;
    /// Nobody takes jobs of this kind until it is resumed; whether that changed anything. Of a root it is
    /// [`StoreError::Invalid`].
    async fn pause(&self, kind: Kind) -> Result<bool, StoreError>;
    /// Jobs of this kind are taken again; whether that changed anything.
    async fn resume(&self, kind: Kind) -> Result<bool, StoreError>;
}

/// For how long after a worker fell silent what is asked of it is kept.
pub const CONTROL_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use ktrdr_domain::Timestamp;

    use super::*;

    #[test]
    fn a_worker_takes_what_asks_for_its_class_and_what_asks_for_nothing() {
        let worker = WorkerInfo {
            boot: BootId("b".into()),
            role: "worker".into(),
            host: "h".into(),
            version: "1".into(),
            takes: BTreeMap::from([(Kind::Training, 1), (Kind::Backtesting, 4)]),
            class: DeviceClass::Gpu,
            device: "cuda:0".into(),
            running: Vec::new(),
            is_draining: false,
            every_ms: 2_000,
            broker: None,
            gpu: None,
        };
        assert_eq!(worker.slots(), 5);
        assert_eq!(worker.slots_for(Queue::Jobs(Kind::Training)), 1);
        assert_eq!(worker.slots_for(Queue::Pinned(Kind::Training, DeviceClass::Gpu)), 1);
        assert_eq!(worker.slots_for(Queue::Pinned(Kind::Training, DeviceClass::Cpu)), 0);
        assert_eq!(worker.slots_for(Queue::Jobs(Kind::Backtesting)), 4);
        assert_eq!(worker.slots_for(Queue::Jobs(Kind::Probe)), 0);
        let training = OperationId::new(Kind::Training, Timestamp(1_700_000_000), 1);
        let busy = |percent| GpuSight { memory_bytes: 10, memory_used_bytes: 5, busy_percent: percent };
        let holds = |percent, running: &[OperationId]| {
            let (running, gpu) = (running.to_vec(), Some(busy(percent)));
            WorkerInfo { running, gpu, ..worker.clone() }.holds_idle_gpu()
        };
        assert!(holds(Some(4), std::slice::from_ref(&training)));
        assert!(
            !holds(Some(5), std::slice::from_ref(&training))
                && !holds(Some(0), &[])
                && !holds(None, &[training])
        );
    }
}
