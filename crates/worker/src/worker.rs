//! The worker: one consumer of each kind of job, and a voice that says that it is there.
//!
//! Before this: the relay published what a submit wrote ([`crate::relay`]). After this: `kind_consumer.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempt::WorkerContext;
use crate::broker_watch::BrokerWatch;
use crate::config::{ConfigError, WorkerConfig};
use crate::handler::Handler;
use crate::heartbeats::Heartbeats;
use crate::identity::Identity;
use crate::kind_consumer::KindConsumer;
use crate::paused::Paused;
use crate::running_jobs::{RunningJobs, listen};
use crate::sweeper::SweepTrigger;
use crate::threads::Threads;

/// Exit code of a process that can run no jobs any more ([`Exit::Unhealthy`]), `EX_TEMPFAIL`: its supervisor starts it
/// again. Never used for anything else.
pub const EXIT_UNHEALTHY: u8 = 75;

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It was asked to, and every job ended or was given back.
    Drained,
    /// A job's thread ignored its stop token and still runs, or a handler called this process unhealthy. The outcome is
    /// recorded and every other job was given back; the caller must end the process with [`EXIT_UNHEALTHY`].
    Unhealthy,
}

/// Takes jobs and runs them.
pub struct Worker {
    store: Arc<dyn Store>,
    broker: Arc<dyn Broker>,
    registry: Arc<dyn WorkerRegistry>,
    handlers: Vec<Arc<dyn Handler>>,
    identity: Identity,
    config: WorkerConfig,
    trigger: SweepTrigger,
}

impl Worker {
    /// A worker that has not started yet; `trigger` calls a sweeper of the same store.
    ///
    /// # Errors
    /// When the settings contradict each other, or a kind has no handler.
    pub fn new(
        store: Arc<dyn Store>,
        broker: Arc<dyn Broker>,
        registry: Arc<dyn WorkerRegistry>,
        handlers: Vec<Arc<dyn Handler>>,
        identity: Identity,
        config: WorkerConfig,
        trigger: SweepTrigger,
    ) -> Result<Self, ConfigError> {
        config.validate(&handlers)?;
        Ok(Self { store, broker, registry, handlers, identity, config, trigger })
    }

    /// Works until `drain` is cancelled, or an operator asks for the same: then takes nothing new, lets short jobs
    /// finish, gives long ones back. `force_drain`: then short ones are given back as well, at once.
    pub async fn run(self, drain: CancellationToken, force_drain: CancellationToken) -> Exit {
        let running_jobs = Arc::new(RunningJobs::default());
        // Registered before the first look and the first heartbeat, so that nothing falls between.
        let (cancels, orders) = (self.store.hints(), self.store.hints());
        let listener = tokio::spawn(listen(Arc::clone(&running_jobs), Arc::clone(&self.store), cancels));
        let context = Arc::new(WorkerContext {
            store: self.store,
            trigger: self.trigger,
            identity: self.identity,
            broker: BrokerWatch::new(Arc::clone(&self.broker)),
            config: self.config,
            threads: Threads::default(),
            running_jobs,
            quit: drain.child_token(),
            force_drain,
            unhealthy: AtomicBool::new(false),
        });
        let (tell, paused) = Paused::unknown();
        let consumers = TaskTracker::new();
        for kind in context.config.kinds.clone() {
            // Checked when the worker was made: every kind has its handler.
            let Some(handler) = self.handlers.iter().find(|h| h.kind() == kind.kind) else { continue };
            let (context, broker, handler) =
                (Arc::clone(&context), Arc::clone(&self.broker), Arc::clone(handler));
            let (paused, slots) = (paused.clone(), Arc::new(Semaphore::new(usize::from(kind.slots))));
            consumers.spawn(KindConsumer { context, broker, handler, kind, paused, slots }.run());
        }
        consumers.close();
        let heartbeats = Heartbeats { registry: self.registry, context: Arc::clone(&context), paused: tell };
        tokio::select! {
            () = consumers.wait() => {}
            () = heartbeats.run(orders) => {}
            () = context.broker.run() => {}
        }
        heartbeats.leave().await;
        listener.abort();
        if context.is_unhealthy() { Exit::Unhealthy } else { Exit::Drained }
    }
}

impl WorkerContext {
    pub(crate) fn is_unhealthy(&self) -> bool {
        self.unhealthy.load(Ordering::Acquire)
    }
}
