//! Says who is here and what it runs, and passes on what operators ask for in return.
//!
//! At the start, with every heartbeat, when a hint says that operators ask something, and when what runs has changed. While the
//! store can not be reached what they ask stays as it was last heard.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::Kind;
use ktrdr_fabric::backoff::jittered;
use ktrdr_fabric::registry::{ControlState, WorkerInfo, WorkerRegistry};
use ktrdr_fabric::store::{StoreError, StoreHint};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::attempt::WorkerContext;

/// Changes of what runs are told at most this often; a job that comes and goes meanwhile is not worth a call.
const SETTLE: Duration = Duration::from_secs(1);

/// The worker's voice and ear.
pub(crate) struct Heartbeats {
    pub(crate) registry: Arc<dyn WorkerRegistry>,
    pub(crate) context: Arc<WorkerContext>,
    /// Where the consumers learn what is paused.
    pub(crate) paused: watch::Sender<Option<BTreeSet<Kind>>>,
}

impl Heartbeats {
    /// Sends heartbeats for as long as it is polled.
    pub(crate) async fn run(&self, mut hints: Receiver<StoreHint>) {
        let mut failures = 0;
        loop {
            // Whatever was hinted so far, this heartbeat brings.
            hints = hints.resubscribe();
            let said = self.context.describe();
            let again = match self.heartbeat(&said).await {
                Ok(control) => {
                    failures = 0;
                    self.obey(control);
                    jittered(self.context.config.heartbeat)
                }
                Err(why) => {
                    failures += 1;
                    warn!(%why, "the heartbeat failed; what operators ask stays as it was");
                    self.context.config.outside.after(failures)
                }
            };
            tokio::select! {
                () = sleep(again) => {}
                () = told(&mut hints) => {}
                () = self.context.quit.cancelled(), if !said.is_draining => {}
                () = self.has_changed(&said) => {}
            }
        }
    }

    /// Takes the worker off the list; should the store not hear it, the time does.
    pub(crate) async fn leave(&self) {
        let leaving = self.registry.deregister(&self.context.identity.boot);
        match timeout(self.context.config.heartbeat, leaving).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => warn!(%why, "left without saying so"),
            Err(_) => warn!("left without saying so: no answer in time"),
        }
    }

    async fn heartbeat(&self, said: &WorkerInfo) -> Result<ControlState, StoreError> {
        let config = &self.context.config;
        let answer = timeout(config.heartbeat, self.registry.heartbeat(said, config.lease)).await;
        answer.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".into())))
    }

    fn obey(&self, ControlState { drain, paused }: ControlState) {
        if drain && !self.context.quit.is_cancelled() {
            info!("asked to end");
            self.context.quit.cancel();
        }
        self.paused.send_if_modified(|known| {
            if *known.as_ref().unwrap_or(&BTreeSet::new()) != paused {
                info!(?paused, "kinds that nobody takes");
            }
            known.replace(paused) != *known
        });
    }

    /// Until the worker runs something else than it said, or finds the broker otherwise.
    async fn has_changed(&self, said: &WorkerInfo) {
        sleep(SETTLE).await;
        while self.context.says_the_same(said) {
            tokio::select! {
                () = self.context.running_jobs.changed() => {}
                () = self.context.broker.changed() => {}
            }
        }
    }
}

impl WorkerContext {
    fn describe(&self) -> WorkerInfo {
        WorkerInfo {
            takes: self.config.kinds.iter().map(|kind| (kind.kind, kind.slots)).collect(),
            class: self.config.device,
            running: self.running_jobs.ids(),
            is_draining: self.quit.is_cancelled(),
            ..self.identity.idle(self.config.heartbeat, self.broker.sight())
        }
    }

    /// For how long the broker has been found so is no news.
    fn says_the_same(&self, said: &WorkerInfo) -> bool {
        let now = self.describe();
        let state = |info: &WorkerInfo| info.broker.map(|sight| sight.state);
        state(&now) == state(said) && WorkerInfo { broker: said.broker, ..now } == *said
    }
}

/// Until operators may ask something new.
async fn told(hints: &mut Receiver<StoreHint>) {
    loop {
        match hints.recv().await {
            Ok(StoreHint::Control | StoreHint::Unknown) | Err(RecvError::Lagged(_)) => return,
            Ok(StoreHint::Outbox | StoreHint::Cancel(_) | StoreHint::Changed(_)) => {}
            // The store is going: only the heartbeat is left.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
