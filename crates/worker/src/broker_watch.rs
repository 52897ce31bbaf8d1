//! How this process finds the broker: looked at every second, and told with every heartbeat, so that whoever reads the store
//! knows of a broker that is gone without a password of its own. Looking at one that is gone is trying to reach it again.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_fabric::backoff::jittered;
use ktrdr_fabric::broker::{Broker, BrokerState};
use ktrdr_fabric::registry::BrokerSight;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

/// Time between looks, give or take a fifth: a fleet does not come back to its broker in step.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How the broker was found.
#[derive(Debug, Clone, Copy)]
struct Seen {
    state: BrokerState,
    since: Instant,
}

/// Looks after the broker of a process.
#[derive(Clone)]
pub struct BrokerWatch {
    broker: Arc<dyn Broker>,
    seen: Arc<watch::Sender<Seen>>,
}

impl BrokerWatch {
    /// A watch over a broker that was reached just now.
    #[must_use]
    pub fn new(broker: Arc<dyn Broker>) -> Self {
        let seen = Seen { state: BrokerState::Answers, since: Instant::now() };
        Self { broker, seen: Arc::new(watch::Sender::new(seen)) }
    }

    /// Looks for as long as it is polled.
    pub async fn run(&self) {
        loop {
            let state = self.broker.look().await;
            let has_changed = self.seen.send_if_modified(|seen| {
                let has_changed = seen.state != state;
                if has_changed {
                    *seen = Seen { state, since: Instant::now() };
                }
                has_changed
            });
            match state {
                _ if !has_changed => {}
                BrokerState::Answers => info!("the broker answers again"),
                BrokerState::Blocked => warn!("the broker is blocked: low on memory or disk"),
                BrokerState::Gone => {
                    warn!("the broker is gone; what runs goes on, and it is tried again every second");
                }
            }
            sleep(jittered(LOOK_EVERY)).await;
        }
    }

    /// How it was found last.
    #[must_use]
    pub fn sight(&self) -> BrokerSight {
        let Seen { state, since } = *self.seen.borrow();
        BrokerSight { state, for_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX) }
    }

    /// Until it is found otherwise, from now on.
    pub async fn changed(&self) {
        if self.seen.subscribe().changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
