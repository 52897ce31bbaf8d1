//! The sweeper: brings back what was lost. Every long-lived process runs one; they need no leader. Job messages are
//! published again by those that may look at every queue. Who knows when a lease may lapse rings for it then.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_fabric::backoff::jittered;
use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::store::{Store, SweepPlan, Swept};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::lost_messages::LostMessages;

/// How often to sweep, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweeperConfig {
    /// Time between sweeps, give or take a fifth.
    pub every: Duration,
    /// What each looks for. Its age of lost events is also that of lost job messages.
    pub plan: SweepPlan,
}

impl Default for SweeperConfig {
    /// Every five seconds; half a second of grace for clocks and calls in flight; a minute until a message counts as lost.
    fn default() -> Self {
        let plan = SweepPlan {
            grace: Duration::from_millis(500),
            limit: 256,
            republish_after: Some(Duration::from_secs(60)),
        };
        Self { every: Duration::from_secs(5), plan }
    }
}

/// Sweeps now and then.
pub struct Sweeper {
    store: Arc<dyn Store>,
    broker: Option<Arc<dyn Broker>>,
    config: SweeperConfig,
    triggered: Arc<Notify>,
}

/// Calls a sweeper before its time.
#[derive(Debug, Clone)]
pub struct SweepTrigger {
    triggered: Arc<Notify>,
    grace: Duration,
}

impl SweepTrigger {
    /// Sweeps when a lease that lasts for so long counts as lapsed, should it not be extended.
    pub(crate) fn sweep_after(&self, left: Duration) {
        let Self { triggered, grace } = self.clone();
        tokio::spawn(async move {
            sleep(left + grace).await;
            triggered.notify_one();
        });
    }
}

impl Sweeper {
    /// A sweeper that has not started yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, config: SweeperConfig) -> Self {
        Self { store, broker: None, config, triggered: Arc::default() }
    }

    /// What calls it.
    #[must_use]
    pub fn trigger(&self) -> SweepTrigger {
        SweepTrigger { triggered: Arc::clone(&self.triggered), grace: self.config.plan.grace }
    }

    /// The same, which also publishes job messages again that their queues lost. For a process that relays: its user may
    /// ask after every queue.
    #[must_use]
    pub fn watching_queues(self, broker: Arc<dyn Broker>) -> Self {
        Self { broker: Some(broker), ..self }
    }

    /// Sweeps at once, because a process that starts may follow one that died, and then regularly until stopped.
    pub async fn run(self, stop: CancellationToken) {
        let sweeping = async {
            let mut missing = LostMessages::default();
            loop {
                self.sweep().await;
                self.publish_again(&mut missing).await;
                // Not being called is as good: then it is time.
                let _ = timeout(jittered(self.config.every), self.triggered.notified()).await;
            }
        };
        stop.run_until_cancelled(sweeping).await;
    }

    async fn sweep(&self) {
        match self.store.sweep(self.config.plan).await {
            Ok(swept) if swept == Swept::default() => {}
            Ok(Swept { rescued, due, republished }) => info!(rescued, due, republished, "swept"),
            Err(why) => warn!(%why, "sweep failed; the next one tries again"),
        }
    }

    async fn publish_again(&self, missing: &mut LostMessages) {
        let (Some(broker), Some(age)) = (&self.broker, self.config.plan.republish_after) else { return };
        match missing.publish_again(self.store.as_ref(), broker.as_ref(), age).await {
            Ok(0) => {}
            Ok(messages) => info!(messages, "published again what its queue had lost"),
            Err(why) => warn!(%why, "can not tell whether messages are missing; the next sweep tries again"),
        }
    }
}
