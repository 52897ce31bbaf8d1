//! One kind of job: its queues, and as many deliveries as it has slots.
//!
//! Before this: `intake.rs`. After this: `attempt.rs`.

use std::sync::Arc;

use ktrdr_fabric::broker::{Broker, BrokerError, Delivery};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::attempt::{Crew, work};
use crate::config::KindConfig;
use crate::handler::Handler;
use crate::intake::Intake;
use crate::paused::Paused;

/// One kind's queues and slots.
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
    /// A consumer ended and must be built anew.
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
        let queues = lane.crew.config.queues(lane.kind.kind);
        let mut intake = Intake::new(Arc::clone(&lane.broker), queues, lane.kind.slots);
        let mut failures = 0;
        loop {
            match lane.take(&mut intake).await {
                Taken::Job(delivery, slot) => {
                    failures = 0;
                    jobs.spawn(Arc::clone(&lane).work(delivery, slot));
                }
                Taken::Ended => {
                    failures += 1;
                    lane.back_off(failures, "a consumer ended").await;
                }
                Taken::Unreachable(why) => {
                    failures += 1;
                    lane.back_off(failures, &why.to_string()).await;
                }
                Taken::Held => {
                    // Gives back what was delivered and not begun. What runs goes on.
                    intake.close();
                    let free = lane.paused.until_free(lane.kind.kind);
                    lane.crew.quit.run_until_cancelled(free).await;
                }
                Taken::Draining => break,
            }
        }
        // Gives back what was delivered and not begun, so that another worker may begin it now.
        drop(intake);
        jobs.close();
        info!(kind = %lane.kind.kind, running = jobs.len(), "draining");
        jobs.wait().await;
    }

    /// The slot is free before the broker hears of it: what the broker sends then finds it.
    async fn work(self: Arc<Self>, delivery: Delivery, slot: OwnedSemaphorePermit) {
        let Delivery { message, is_redelivered, receipt } = delivery;
        let is_settled = work(&self.crew, self.kind, &self.handler, message, is_redelivered).await;
        drop(slot);
        if is_settled {
            receipt.ack().await;
        }
    }

    async fn take(&self, intake: &mut Intake) -> Taken {
        tokio::select! {
            biased;
            () = self.crew.quit.cancelled() => Taken::Draining,
            () = self.paused.until_held(self.kind.kind) => Taken::Held,
            taken = self.next(intake) => taken,
        }
    }

    /// The next delivery that there is a slot for: no job waits here while another worker is free.
    async fn next(&self, intake: &mut Intake) -> Taken {
        loop {
            if self.slots.available_permits() > 0
                && let Err(why) = intake.open().await
            {
                return Taken::Unreachable(why);
            }
            tokio::select! {
                biased;
                // First of all the queues that were turned away.
                _free = self.slots.acquire(), if !intake.is_open() => {}
                arrived = intake.next() => {
                    let Some((queue, delivery)) = arrived else { return Taken::Ended };
                    match Arc::clone(&self.slots).try_acquire_owned() {
                        Ok(slot) => return Taken::Job(delivery, slot),
                        Err(_all_taken) => intake.turn_away(queue, delivery),
                    }
                }
            }
        }
    }

    async fn back_off(&self, failures: u32, why: &str) {
        let wait = self.crew.config.outside.after(failures);
        warn!(kind = %self.kind.kind, why, wait_ms = wait.as_millis() as u64, "no deliveries; trying again");
        self.crew.quit.run_until_cancelled(tokio::time::sleep(wait)).await;
    }
}
