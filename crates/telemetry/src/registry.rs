//! A registry of workers that is measured: what a process says of itself is what is told of it. What its GPU says is added on the way.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::{DeviceClass, Kind};
use ktrdr_fabric::registry::{ControlState, WorkerEntry, WorkerInfo, WorkerReader, WorkerRegistry};
use ktrdr_fabric::store::{BootId, StoreError};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::gpu::Gpu;
use crate::labels::{Unlabelled, tell};

/// What the worker of this process has taken; absent where it plays none.
pub(crate) struct Worker {
    slots: Family<Unlabelled, Gauge>,
    running: Family<Unlabelled, Gauge>,
    gpu_held: Family<Unlabelled, Gauge>,
}

impl Worker {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let worker =
            Self { slots: Family::default(), running: Family::default(), gpu_held: Family::default() };
        registry.register("ktrdr_worker_slots", "Jobs that this process runs at once", worker.slots.clone());
        registry.register("ktrdr_worker_running", "Jobs that it runs now", worker.running.clone());
        registry.register(
            "ktrdr_gpu_held",
            "Whether a training of this process holds its GPU",
            worker.gpu_held.clone(),
        );
        worker
    }

    fn says(&self, worker: &WorkerInfo) {
        if worker.takes.is_empty() {
            return;
        }
        tell(&self.slots, Some(worker.slots().into()));
        tell(&self.running, i64::try_from(worker.running.len()).ok());
        if worker.class == DeviceClass::Gpu {
            let trains = worker.running.iter().any(|id| id.is_of(Kind::Training));
            tell(&self.gpu_held, Some(trains.into()));
        }
    }
}

pub(crate) struct MeasuredRegistry {
    pub(crate) registry: Arc<dyn WorkerRegistry>,
    pub(crate) worker: Arc<Worker>,
    pub(crate) gpu: Arc<OnceLock<Gpu>>,
}

#[async_trait]
impl WorkerReader for MeasuredRegistry {
    async fn workers(&self) -> Result<Vec<WorkerEntry>, StoreError> {
        self.registry.workers().await
    }

    async fn paused(&self) -> Result<BTreeMap<Kind, Option<i64>>, StoreError> {
        self.registry.paused().await
    }
}

#[async_trait]
impl WorkerRegistry for MeasuredRegistry {
    async fn heartbeat(&self, worker: &WorkerInfo, ttl: Duration) -> Result<ControlState, StoreError> {
        self.worker.says(worker);
        let gpu = self.gpu.get().and_then(Gpu::sight).or(worker.gpu);
        self.registry.heartbeat(&WorkerInfo { gpu, ..worker.clone() }, ttl).await
    }

    async fn deregister(&self, boot: &BootId) -> Result<(), StoreError> {
        self.registry.deregister(boot).await
    }

    async fn drain(&self, boot: &BootId) -> Result<bool, StoreError> {
        self.registry.drain(boot).await
    }

    async fn pause(&self, kind: Kind) -> Result<bool, StoreError> {
        self.registry.pause(kind).await
    }

    async fn resume(&self, kind: Kind) -> Result<bool, StoreError> {
        self.registry.resume(kind).await
    }
}
