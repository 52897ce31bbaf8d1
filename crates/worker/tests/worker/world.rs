//! A workspace of its own for each test, with relay and sweeper, and jobs written as closures.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ktrdr_domain::{Kind, Operation, OperationId, Priority, Status, Timestamp};
use ktrdr_embedded::{Durability, Engine, Role, SqliteOptions};
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::broker::{Broker, Queue};
use ktrdr_fabric::store::{BootId, NewOperation, OperationReader, Store, Submitted, SweepPlan};
use ktrdr_worker::{
    Exit, Handler, Identity, Job, KindConfig, Outcome, Relay, SweepTrigger, Sweeper, SweeperConfig, Worker,
    WorkerConfig,
};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::layer::Layered;
use crate::unruly::{Counting, Unruly};

/// No fact of these tests takes this long; running into it is a failure.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A lease of seconds, heartbeat and back-off of milliseconds, and half a second to stop.
pub(crate) fn quick() -> WorkerConfig {
    let backoff = Backoff { first: Duration::from_millis(10), most: Duration::from_millis(50) };
    WorkerConfig {
        lease: Duration::from_secs(3),
        heartbeat: Duration::from_millis(100),
        lease_margin: Duration::from_secs(1),
        progress_flush: Duration::from_millis(20),
        cancel_bound: Duration::from_millis(500),
        park: Duration::from_secs(60),
        retry: backoff,
        outside: backoff,
        ..WorkerConfig::default()
    }
}

/// Beats once an hour: whatever happens sooner was not told by a beat.
pub(crate) fn without_beats() -> WorkerConfig {
    let hour = Duration::from_secs(3600);
    WorkerConfig { lease: hour * 4, heartbeat: hour, ..quick() }
}

/// A workspace. Relay and sweeper stop when it is dropped.
pub(crate) struct World {
    pub(crate) engine: Engine,
    /// The store as workers see it; misbehaves when told to.
    pub(crate) store: Arc<Layered<Unruly>>,
    /// The broker as workers see it.
    pub(crate) broker: Arc<Counting>,
    pub(crate) trigger: SweepTrigger,
    pub(crate) stop: CancellationToken,
    _stops: DropGuard,
    folder: tempfile::TempDir,
    ids: AtomicU32,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::without_relay().relaying()
    }

    /// Whatever a sweep brings back here was called for.
    pub(crate) fn that_sweeps_when_called() -> Self {
        Self::sweeping_every(Duration::from_secs(3600)).relaying()
    }

    pub(crate) fn without_relay() -> Self {
        Self::sweeping_every(Duration::from_millis(50))
    }

    fn relaying(self) -> Self {
        let (store, broker) = (self.engine.store.clone(), self.engine.broker.clone());
        tokio::spawn(Relay::new(store, broker).run(self.stop.clone()));
        self
    }

    fn sweeping_every(every: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions { durability: Durability::ProcessOnly, ..SqliteOptions::default() };
        let engine = Engine::open_with(folder.path(), Role::Runner, options).unwrap();
        let stop = CancellationToken::new();
        let plan = SweepPlan { grace: Duration::from_millis(20), limit: 100, republish_after: None };
        let sweeps = SweeperConfig { every, plan };
        let sweeper = Sweeper::new(engine.store.clone(), sweeps);
        let trigger = sweeper.trigger();
        tokio::spawn(sweeper.run(stop.clone()));
        let store = Arc::new(Layered(Unruly::new(engine.store.clone())));
        let broker = Arc::new(Counting::new(engine.broker.clone()));
        let _stops = stop.clone().drop_guard();
        Self { engine, store, broker, trigger, stop, _stops, folder, ids: AtomicU32::new(0) }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn submit(&self, kind: Kind, spec: Value, tries_max: u32) -> OperationId {
        let id = OperationId::new(kind, Timestamp(0), self.ids.fetch_add(1, Ordering::Relaxed));
        let new = NewOperation {
            id: id.clone(),
            kind,
            spec,
            tries_max,
            priority: Priority::Normal,
            idempotency_key: None,
        };
        assert_eq!(self.engine.store.submit(new).await.unwrap(), Submitted::Created);
        id
    }

    pub(crate) async fn probe(&self) -> OperationId {
        self.submit(Kind::Probe, json!({}), 3).await
    }

    /// A worker for these handlers; each kind gets the slots and bounds named beside it.
    pub(crate) fn worker(
        &self,
        config: &WorkerConfig,
        handlers: Vec<(KindConfig, Arc<dyn Handler>)>,
    ) -> Running {
        let (kinds, handlers) = handlers.into_iter().unzip();
        self.worker_at(self.broker.clone(), WorkerConfig { kinds, ..config.clone() }, handlers)
    }

    /// The same, whose messages come from another broker.
    pub(crate) fn worker_at(
        &self,
        broker: Arc<dyn Broker>,
        config: WorkerConfig,
        handlers: Vec<Arc<dyn Handler>>,
    ) -> Running {
        let identity = Identity::of_this_process("0.1.0", "cpu");
        let boot = identity.boot.clone();
        let (store, registry) = (self.store.clone(), self.store.clone());
        let trigger = self.trigger.clone();
        let worker = Worker::new(store, broker, registry, handlers, identity, config, trigger).unwrap();
        let (drain, force_drain) = (CancellationToken::new(), CancellationToken::new());
        Running {
            exit: tokio::spawn(worker.run(drain.clone(), force_drain.clone())),
            drain,
            force_drain,
            boot,
        }
    }

    /// A worker for probes with four slots.
    pub(crate) fn prober(
        &self,
        config: &WorkerConfig,
        run: impl Fn(&Job) -> Outcome + Send + Sync + 'static,
    ) -> Running {
        self.worker(config, vec![job(KindConfig::new(Kind::Probe, 4), run)])
    }

    pub(crate) async fn row(&self, id: &OperationId) -> Operation {
        self.engine.store.get(id).await.unwrap().unwrap()
    }

    /// Waits for a fact about a row.
    pub(crate) async fn until(&self, id: &OperationId, fact: impl Fn(&Operation) -> bool) -> Operation {
        let mut hints = self.engine.store.hints();
        let found = async {
            loop {
                let row = self.row(id).await;
                if fact(&row) {
                    return row;
                }
                // Whatever the hint, it is worth another look.
                if let Err(RecvError::Closed) = hints.recv().await {
                    panic!("the store is gone");
                }
            }
        };
        match tokio::time::timeout(TIMEOUT, found).await {
            Ok(row) => row,
            Err(_) => panic!("waited in vain; the row says {:?}", self.row(id).await),
        }
    }

    pub(crate) async fn ended(&self, id: &OperationId) -> Operation {
        self.until(id, |row| row.status.is_terminal()).await
    }

    pub(crate) async fn running(&self, id: &OperationId) -> Operation {
        self.until(id, |row| row.status == Status::Running).await
    }

    /// Waits until so many deliveries are acknowledged, and finds that there are no more.
    pub(crate) async fn acked(&self, count: u32) {
        let mut acks = self.broker.acks.subscribe();
        let acks =
            *tokio::time::timeout(TIMEOUT, acks.wait_for(|acks| *acks >= count)).await.unwrap().unwrap();
        assert_eq!(acks, count);
    }

    pub(crate) async fn depth(&self, kind: Kind) -> u64 {
        self.engine.broker.depth(Queue::Jobs(kind)).await.unwrap()
    }

    /// Waits until so many consumers read a queue.
    pub(crate) async fn consumers(&self, queue: Queue, count: usize) {
        let of_queue = |consumed: &Vec<Queue>| consumed.iter().filter(|q| **q == queue).count();
        let mut consumed = self.broker.consumed.subscribe();
        let there = consumed.wait_for(|consumed| of_queue(consumed) == count);
        assert!(tokio::time::timeout(TIMEOUT, there).await.is_ok(), "{queue:?} never had {count}");
    }
}

/// A worker at work.
pub(crate) struct Running {
    exit: JoinHandle<Exit>,
    pub(crate) drain: CancellationToken,
    pub(crate) force_drain: CancellationToken,
    pub(crate) boot: BootId,
}

impl Running {
    /// How it ended by itself.
    pub(crate) async fn ended(self) -> Exit {
        tokio::time::timeout(TIMEOUT, self.exit).await.unwrap().unwrap()
    }

    pub(crate) async fn drained(self) -> Exit {
        self.drain.cancel();
        self.ended().await
    }
}

struct Closure<F> {
    kind: Kind,
    run: F,
}

impl<F: Fn(&Job) -> Outcome + Send + Sync> Handler for Closure<F> {
    fn kind(&self) -> Kind {
        self.kind
    }
    fn run(&self, job: &Job) -> Outcome {
        (self.run)(job)
    }
}

/// A handler from a closure.
pub(crate) fn job(
    config: KindConfig,
    run: impl Fn(&Job) -> Outcome + Send + Sync + 'static,
) -> (KindConfig, Arc<dyn Handler>) {
    (config, Arc::new(Closure { kind: config.kind, run }))
}

/// Works until it is asked to stop, as a well-behaved job does.
pub(crate) fn until_stopped(job: &Job) -> Outcome {
    while !job.stop.is_stopped() {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    Outcome::Stopped
}
