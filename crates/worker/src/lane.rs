//! One kind of job: its consumer, and as many deliveries as it has free slots.
//!
//! Before this: the broker. After this: `attempt.rs`.

use std::sync::Arc;

use ktrdr_fabric::broker::{Broker, BrokerError, Deliveries, Delivery, Queue};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::attempt::{Crew, work};
use crate::config::KindConfig;
use crate::handler::Handler;
use crate::orders::Paused;

/// One kind's consumer and slots.
pub(crate) struct Lane {
    pub(crate) crew: Arc<Crew>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) kind: KindConfig,
    pub(crate) paused: Paused,
    pub(crate) slots: Arc<Semaphore>,
}

/// What taking gave.
enum Taken {
    Job(Delivery, OwnedSemaphorePermit),
    /// The consumer ended and must be built anew.
    Ended,
    Unreachable(BrokerError),
    /// Nobody is to take this kind.
    Held,
    Draining,
}

impl Lane {
    pub(crate) async fn run(self) {
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
                    lane.back_off(failures, "the consumer ended").await;
                }
                Taken::Unreachable(why) => {
                    failures += 1;
                    lane.back_off(failures, &why.to_string()).await;
                }
                Taken::Held => {
                    // Gives back what was delivered and not begun. What runs goes on.
                    consumer = None;
                    let free = lane.paused.until_free(lane.kind.kind);
                    lane.crew.quit.run_until_cancelled(free).await;
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
        tokio::select! {
            biased;
            () = self.crew.quit.cancelled() => Taken::Draining,
            () = self.paused.until_held(self.kind.kind) => Taken::Held,
            taken = self.next(consumer) => taken,
        }
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

    async fn back_off(&self, failures: u32, why: &str) {
        let wait = self.crew.config.outside.after(failures);
        warn!(kind = %self.kind.kind, why, wait_ms = wait.as_millis() as u64, "no deliveries; trying again");
        self.crew.quit.run_until_cancelled(tokio::time::sleep(wait)).await;
    }
}
