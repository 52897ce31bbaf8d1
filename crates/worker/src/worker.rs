//! The worker: one loop per kind of job, each holding as many deliveries as it has free slots.
//!
//! Before this: the relay published what a submit wrote ([`crate::relay`]). After this: `attempt.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ktrdr_fabric::broker::{Broker, BrokerError, Deliveries, Delivery, Queue};
use ktrdr_fabric::store::{BootId, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::attempt::{Crew, work};
use crate::config::{ConfigError, KindConfig, WorkerConfig};
use crate::handler::Handler;
use crate::owned::{Owned, listen};
use crate::threads::Threads;

/// Exit code of a process with a stuck job thread ([`Exit::Stuck`]), `EX_TEMPFAIL`: its supervisor starts it again.
/// Never used for anything else.
pub const EXIT_STUCK: u8 = 75;

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It was asked to, and every job ended or was given back.
    Drained,
    /// A job's thread ignored its stop token. Its outcome is recorded and every other job was given back, but the
    /// thread still runs: the caller must end the process with [`EXIT_STUCK`].
    Stuck,
}

/// Takes jobs and runs them.
pub struct Worker {
    store: Arc<dyn Store>,
    broker: Arc<dyn Broker>,
    handlers: Vec<Arc<dyn Handler>>,
    boot: BootId,
    config: WorkerConfig,
}

impl Worker {
    /// A worker that has not started yet.
    ///
    /// # Errors
    /// When the settings contradict each other, or a kind has no handler.
    pub fn new(
        store: Arc<dyn Store>,
        broker: Arc<dyn Broker>,
        handlers: Vec<Arc<dyn Handler>>,
        boot: BootId,
        config: WorkerConfig,
    ) -> Result<Self, ConfigError> {
        config.validate(&handlers)?;
        Ok(Self { store, broker, handlers, boot, config })
    }

    /// Works until `drain` is cancelled: then takes nothing new, lets short jobs finish, gives long ones back.
    pub async fn run(self, drain: CancellationToken) -> Exit {
        let owned = Arc::new(Owned::default());
        let hints = self.store.hints();
        let listener = tokio::spawn(listen(Arc::clone(&owned), Arc::clone(&self.store), hints));
        let lanes = TaskTracker::new();
        let crew = Arc::new(Crew {
            store: self.store,
            boot: self.boot,
            config: self.config,
            threads: Threads::default(),
            owned,
            quit: drain.child_token(),
            stuck: AtomicBool::new(false),
        });
        for kind in crew.config.kinds.clone() {
            // Checked when the worker was made: every kind has its handler.
            let Some(handler) = self.handlers.iter().find(|h| h.kind() == kind.kind) else { continue };
            let (crew, broker, handler) = (Arc::clone(&crew), Arc::clone(&self.broker), Arc::clone(handler));
            let slots = Arc::new(Semaphore::new(usize::from(kind.slots)));
            lanes.spawn(Lane { crew, broker, handler, kind, slots }.run());
        }
        lanes.close();
        lanes.wait().await;
        listener.abort();
        if crew.is_stuck() { Exit::Stuck } else { Exit::Drained }
    }
}

impl Crew {
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Acquire)
    }
}

/// One kind's consumer and slots.
struct Lane {
    crew: Arc<Crew>,
    broker: Arc<dyn Broker>,
    handler: Arc<dyn Handler>,
    kind: KindConfig,
    slots: Arc<Semaphore>,
}

/// What taking gave.
enum Taken {
    Job(Delivery, OwnedSemaphorePermit),
    /// The consumer ended and must be built anew.
    Ended,
    Unreachable(BrokerError),
    Draining,
}

impl Lane {
    async fn run(self) {
        let lane = Arc::new(self);
        let jobs = TaskTracker::new();
        let mut consumer = None;
        let mut failures = 0;
        loop {
            match lane.take(&mut consumer).await {
                Taken::Job(delivery, slot) => {
                    failures = 0;
                    jobs.spawn(Arc::clone(&lane).work(delivery, slot));
                }
                Taken::Ended => {
                    failures += 1;
                    lane.pause(failures, "the consumer ended").await;
                }
                Taken::Unreachable(why) => {
                    failures += 1;
                    lane.pause(failures, &why.to_string()).await;
                }
                Taken::Draining => break,
            }
        }
        // Gives back what was delivered and not begun, so that another worker may begin it now.
        drop(consumer);
        jobs.close();
        info!(kind = %lane.kind.kind, running = jobs.len(), "draining");
        jobs.wait().await;
    }

    async fn work(self: Arc<Self>, delivery: Delivery, slot: OwnedSemaphorePermit) {
        work(&self.crew, self.kind, &self.handler, delivery).await;
        drop(slot);
    }

    async fn take(&self, consumer: &mut Option<Box<dyn Deliveries>>) -> Taken {
        self.crew.quit.run_until_cancelled(self.next(consumer)).await.unwrap_or(Taken::Draining)
    }

    /// A slot first, then a delivery: no job waits here while another worker is free.
    async fn next(&self, consumer: &mut Option<Box<dyn Deliveries>>) -> Taken {
        let deliveries = match consumer {
            Some(deliveries) => deliveries,
            None => match self.broker.consume(Queue::Jobs(self.kind.kind), self.kind.slots).await {
                Ok(deliveries) => consumer.insert(deliveries),
                Err(why) => return Taken::Unreachable(why),
            },
        };
        let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return Taken::Draining };
        match deliveries.next().await {
            Some(delivery) => Taken::Job(delivery, slot),
            None => {
                *consumer = None;
                Taken::Ended
            }
        }
    }

    async fn pause(&self, failures: u32, why: &str) {
        let wait = self.crew.config.outside.after(failures);
        warn!(kind = %self.kind.kind, why, wait_ms = wait.as_millis() as u64, "no deliveries; trying again");
        self.crew.quit.run_until_cancelled(tokio::time::sleep(wait)).await;
    }
}
