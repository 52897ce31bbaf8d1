//! Workers whose messages come from RabbitMQ, which delivers ahead: nothing is held behind a running job.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind, OperationId, Status};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::store::{BootId, Store};
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings};
use ktrdr_worker::{Handler, Job, KindConfig, Outcome, Relay, WorkerConfig};
use reqwest::Method;
use serde_json::{Value, json};

use crate::vhost::{Place, Vhost};
use crate::world::{Running, World, job, quick, until_stopped};

const ANY: Queue = Queue::Jobs(Kind::Probe);
const GPU: Queue = Queue::Pinned(Kind::Probe, DeviceClass::Gpu);

/// Rows in the embedded store, messages in a virtual host of its own.
pub(crate) struct Fleet {
    pub(crate) world: World,
    pub(crate) vhost: Vhost,
    /// Of the relay.
    pub(crate) broker: Arc<AmqpBroker>,
}

impl Fleet {
    async fn new() -> Self {
        let fleet = Self::without_relay().await;
        let (store, broker) = (fleet.world.engine.store.clone(), fleet.broker.clone());
        tokio::spawn(Relay::new(store, broker).run(fleet.world.stop.clone()));
        fleet
    }

    pub(crate) async fn without_relay() -> Self {
        let (world, vhost) = (World::without_relay(), Vhost::at(Place::shared()).await);
        vhost.apply().await;
        let broker = Arc::new(broker(&vhost, "relay", 0).await);
        Self { world, vhost, broker }
    }

    /// A worker that consumes, with these slots.
    async fn worker(
        &self,
        device: DeviceClass,
        slots: u16,
        run: impl Fn(&Job) -> Outcome + Send + Sync + 'static,
    ) -> Running {
        let already = self.consumers(ANY).await;
        let broker = broker(&self.vhost, device.as_str(), device.consumer_priority()).await;
        let (kind, handler): (_, Arc<dyn Handler>) = job(KindConfig::new(Kind::Probe, slots), run);
        let config = WorkerConfig { kinds: vec![kind], device, ..quick() };
        let worker = self.world.worker_at(Arc::new(broker), config, vec![handler]);
        self.until("it consumes", async || self.consumers(ANY).await > already).await;
        worker
    }

    async fn probe(&self, request: &str) -> OperationId {
        self.world.submit(Kind::Probe, json!({ "device": request }), 3).await
    }

    async fn consumers(&self, queue: Queue) -> u64 {
        self.queue(queue).await.1
    }

    /// Messages ready, and consumers.
    pub(crate) async fn queue(&self, queue: Queue) -> (u64, u64) {
        let name = ktrdr_fleet::topology::queue_name(queue);
        let queues = self.broker.queues().await.unwrap();
        queues.iter().find(|facts| facts.name == name).map(|facts| (facts.ready, facts.consumers)).unwrap()
    }

    /// Waits until every message was acknowledged: none is ready, none is held.
    async fn until_nothing_is_left(&self) {
        self.until("all is acknowledged", async || {
            let queues = self.manage("queues").await;
            queues.as_array().unwrap().iter().all(|queue| {
                let is_of_jobs = queue["name"].as_str().unwrap().starts_with("ktrdr.jobs.");
                !is_of_jobs || queue["messages"] == 0
            })
        })
        .await;
    }

    /// What the management interface lists of this virtual host.
    async fn manage(&self, list: &str) -> Value {
        let path = format!("{list}/{}", self.vhost.name);
        self.vhost.place.manage(Method::GET, &path, Value::Null).await
    }

    /// Waits for a fact that nobody announces.
    async fn until(&self, what: &str, fact: impl AsyncFn() -> bool) {
        let looking = async {
            while !fact().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(60), looking).await.is_ok(), "never: {what}");
    }
}

async fn broker(vhost: &Vhost, role: &str, consumer_priority: i32) -> AmqpBroker {
    let url = vhost.url().parse().unwrap();
    let settings = AmqpSettings::new(url, role, BootId::of_this_process(), Queue::all());
    AmqpBroker::connect(AmqpSettings { consumer_priority, ..settings }).await.unwrap()
}

/// Works until it is cancelled.
fn blocking(device: DeviceClass) -> impl Fn(&Job) -> Outcome {
    move |job| {
        until_stopped(job);
        Outcome::Completed(json!(device))
    }
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn jobs_for_any_device_go_to_gpu_workers_while_these_have_room() {
    let fleet = Fleet::new().await;
    let cpu = fleet.worker(DeviceClass::Cpu, 3, blocking(DeviceClass::Cpu)).await;
    let gpu = fleet.worker(DeviceClass::Gpu, 3, blocking(DeviceClass::Gpu)).await;
    let mut takers = Vec::new();
    for _ in 0..6 {
        let id = fleet.probe("any").await;
        takers.push(fleet.world.running(&id).await.summary.worker.unwrap());
    }
    let (gpu, cpu) = (gpu.boot.0.as_str(), cpu.boot.0.as_str());
    assert_eq!(takers, [gpu, gpu, gpu, cpu, cpu, cpu]);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_full_gpu_worker_holds_nothing_back() {
    let fleet = Fleet::new().await;
    let _gpu = fleet.worker(DeviceClass::Gpu, 1, blocking(DeviceClass::Gpu)).await;
    let running = fleet.probe("gpu").await;
    fleet.world.running(&running).await;
    let waiting = [fleet.probe("any").await, fleet.probe("any").await, fleet.probe("any").await];
    // One of them reached the GPU worker, which no longer reads that queue.
    fleet.until("all are ready", async || fleet.queue(ANY).await == (3, 0)).await;
    let _cpu = fleet.worker(DeviceClass::Cpu, 1, |_| Outcome::Completed(json!("cpu"))).await;
    for id in &waiting {
        assert_eq!(fleet.world.ended(id).await.result, Some(json!("cpu")));
    }
    assert_eq!(fleet.queue(GPU).await.0, 0, "the running job's message is still held");
    fleet.world.store.cancel(&running, "test", "enough").await.unwrap();
    assert_eq!(fleet.world.ended(&running).await.result, Some(json!("gpu")));
    fleet.until_nothing_is_left().await;
    assert_eq!(fleet.world.row(&running).await.tries, 1);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_gpu_worker_starves_neither_of_its_queues() {
    let fleet = Fleet::new().await;
    let mut ids = Vec::new();
    for request in ["any", "gpu"].repeat(5) {
        ids.push(fleet.probe(request).await);
    }
    fleet
        .until("all are published", async || (fleet.queue(ANY).await.0, fleet.queue(GPU).await.0) == (5, 5))
        .await;
    let ran = Arc::new(Mutex::new(Vec::new()));
    let runs = ran.clone();
    let run = move |job: &Job| {
        runs.lock().unwrap().push(job.spec["device"].as_str().unwrap().to_owned());
        Outcome::Completed(json!(null))
    };
    let _gpu = fleet.worker(DeviceClass::Gpu, 1, run).await;
    for id in &ids {
        assert_eq!(fleet.world.ended(id).await.status, Status::Completed);
    }
    let ran = ran.lock().unwrap().clone();
    let of_the_first_six = ran.iter().take(6).filter(|request| *request == "gpu").count();
    assert!((2..=4).contains(&of_the_first_six), "{ran:?}");
    fleet.until_nothing_is_left().await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn pausing_gives_back_what_was_delivered_ahead_and_leaves_the_running_job_alone() {
    let fleet = Fleet::new().await;
    let _worker = fleet.worker(DeviceClass::Cpu, 2, blocking(DeviceClass::Cpu)).await;
    let running = fleet.probe("any").await;
    fleet.world.running(&running).await;
    fleet.world.store.pause(Kind::Probe).await.unwrap();
    // The queue itself still counts a consumer that stopped for as long as it holds a message.
    fleet.until("nobody consumes", async || fleet.manage("consumers").await == json!([])).await;
    let waiting = fleet.probe("any").await;
    fleet.until("it waits", async || fleet.queue(ANY).await.0 == 1).await;
    fleet.world.store.cancel(&running, "test", "enough").await.unwrap();
    assert_eq!(fleet.world.ended(&running).await.tries, 1);
    fleet.world.store.resume(Kind::Probe).await.unwrap();
    fleet.world.running(&waiting).await;
    fleet.world.store.cancel(&waiting, "test", "enough").await.unwrap();
    fleet.world.ended(&waiting).await;
    fleet.until_nothing_is_left().await;
}
