//! Says that a process is here that takes no jobs (a coordinator, an orchestrator), and passes on that it is to end.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_fabric::backoff::jittered;
use ktrdr_fabric::registry::{WorkerInfo, WorkerRegistry};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::broker_watch::BrokerWatch;
use crate::identity::Identity;

/// The voice of a process that takes no jobs.
pub struct Registration {
    /// Where it is said.
    pub registry: Arc<dyn WorkerRegistry>,
    /// Who says it.
    pub identity: Identity,
    /// How often.
    pub every: Duration,
    /// How long it counts.
    pub lease: Duration,
    /// How it finds the broker.
    pub broker: BrokerWatch,
}

impl Registration {
    /// Sends heartbeats until stopped, then deregisters. An operator who asks the process to end cancels `drain`.
    pub async fn run(self, drain: CancellationToken, stop: CancellationToken) {
        let broker = self.broker.clone();
        tokio::select! {
            () = self.speak(drain, &stop) => {}
            () = broker.run() => {}
        }
    }

    async fn speak(self, drain: CancellationToken, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let idle = self.identity.idle(self.every, self.broker.sight());
            let said = WorkerInfo { is_draining: drain.is_cancelled(), ..idle };
            match timeout(self.every, self.registry.heartbeat(&said, self.lease)).await {
                Ok(Ok(control)) if control.drain && !drain.is_cancelled() => {
                    info!("asked to end");
                    drain.cancel();
                }
                Ok(Ok(_)) => {}
                Ok(Err(why)) => warn!(%why, "the heartbeat failed"),
                Err(_) => warn!("the heartbeat failed: no answer in time"),
            }
            tokio::select! {
                () = sleep(jittered(self.every)) => {}
                () = self.broker.changed() => {}
                () = stop.cancelled() => {}
            }
        }
        if let Ok(Err(why)) = timeout(self.every, self.registry.deregister(&self.identity.boot)).await {
            warn!(%why, "left without saying so");
        }
    }
}
