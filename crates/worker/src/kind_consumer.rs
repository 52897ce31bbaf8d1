//! One kind of job: its queues, and as many deliveries as it has slots.
//!
//! Before this: `consumers.rs`. After this: `attempt.rs`.

use std::sync::Arc;

use ktrdr_fabric::broker::{Broker, BrokerError, Delivery};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::attempt::{WorkerContext, work};
use crate::config::KindConfig;
use crate::consumers::Consumers;
use crate::handler::Handler;
use crate::paused::Paused;

/// One kind's queues and slots.
pub(crate) struct KindConsumer {
    pub(crate) context: Arc<WorkerContext>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) kind: KindConfig,
    pub(crate) paused: Paused,
    pub(crate) slots: Arc<Semaphore>,
}

/// What taking gave.
enum Taken {
    Job(Delivery, OwnedSemaphorePermit),
    /// A consumer ended and must be built anew.
    Ended,
    Unreachable(BrokerError),
    /// Nobody is to take this kind.
    Held,
    Draining,
}

impl KindConsumer {
    pub(crate) async fn run(self) {
        let consumer = Arc::new(self);
        let jobs = TaskTracker::new();
        let queues = consumer.context.config.queues(consumer.kind.kind);
        let mut consumers = Consumers::new(Arc::clone(&consumer.broker), queues, consumer.kind.slots);
        let mut failures = 0;
        loop {
            match consumer.take(&mut consumers).await {
                Taken::Job(delivery, slot) => {
                    failures = 0;
                    jobs.spawn(Arc::clone(&consumer).work(delivery, slot));
                }
                Taken::Ended => {
                    failures = consumer.back_off(failures + 1, "a consumer ended").await;
                }
                Taken::Unreachable(why) => {
                    failures = consumer.back_off(failures + 1, &why.to_string()).await;
                }
                Taken::Held => {
                    // Gives back what was delivered and not begun. What runs goes on.
                    consumers.close();
                    let free = consumer.paused.until_free(consumer.kind.kind);
                    consumer.context.quit.run_until_cancelled(free).await;
                }
                Taken::Draining => break,
            }
        }
        // Gives back what was delivered and not begun, so that another worker may begin it now.
        drop(consumers);
        jobs.close();
        info!(kind = %consumer.kind.kind, running = jobs.len(), "draining");
        jobs.wait().await;
    }

    /// The slot is free before the broker hears of it: what the broker sends then finds it.
    async fn work(self: Arc<Self>, delivery: Delivery, slot: OwnedSemaphorePermit) {
        let Delivery { message, is_redelivered, receipt } = delivery;
        let is_settled = work(&self.context, self.kind, &self.handler, message, is_redelivered).await;
        drop(slot);
        if is_settled {
            receipt.ack().await;
        }
    }

    async fn take(&self, consumers: &mut Consumers) -> Taken {
        tokio::select! {
            biased;
            () = self.context.quit.cancelled() => Taken::Draining,
            () = self.paused.until_held(self.kind.kind) => Taken::Held,
            taken = self.next(consumers) => taken,
        }
    }

    /// The next delivery that there is a slot for: no job waits here while another worker is free.
    async fn next(&self, consumers: &mut Consumers) -> Taken {
        loop {
            if self.slots.available_permits() > 0
                && let Err(why) = consumers.open().await
            {
                return Taken::Unreachable(why);
            }
            tokio::select! {
                biased;
                // First of all the queues that were turned away.
                _free = self.slots.acquire(), if !consumers.is_open() => {}
                arrived = consumers.next() => {
                    let Some((queue, delivery)) = arrived else { return Taken::Ended };
                    match Arc::clone(&self.slots).try_acquire_owned() {
                        Ok(slot) => return Taken::Job(delivery, slot),
                        Err(_all_taken) => consumers.turn_away(queue, delivery),
                    }
                }
            }
        }
    }

    /// Waits after so many failures. How many count from then on: none where the broker has returned meanwhile. It may still be
    /// finding its feet, and is asked again soon.
    async fn back_off(&self, failures: u32, why: &str) -> u32 {
        let wait = self.context.config.outside.after(failures);
        warn!(kind = %self.kind.kind, why, wait_ms = wait.as_millis() as u64, "no deliveries; trying again");
        let waiting = async {
            tokio::select! {
                () = tokio::time::sleep(wait) => failures,
                () = self.broker.returned() => 0,
            }
        };
        self.context.quit.run_until_cancelled(waiting).await.unwrap_or(failures)
    }
}
