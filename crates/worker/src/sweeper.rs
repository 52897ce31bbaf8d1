//! The sweeper: brings back what was lost. Every long-lived process runs one; they need no leader.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_fabric::store::{Store, SweepPlan, Swept};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::backoff::jittered;

/// How often to sweep, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweeperConfig {
    /// Time between sweeps, give or take a fifth.
    pub every: Duration,
    /// What each looks for.
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
    config: SweeperConfig,
}

impl Sweeper {
    /// A sweeper that has not started yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, config: SweeperConfig) -> Self {
        Self { store, config }
    }

    /// Sweeps at once, because a process that starts may follow one that died, and then regularly until stopped.
    pub async fn run(self, stop: CancellationToken) {
        let sweeping = async {
            loop {
                self.sweep().await;
                sleep(jittered(self.config.every)).await;
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
}
