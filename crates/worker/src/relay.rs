//! The relay: what the outbox holds goes to the broker, in order; what the broker confirmed leaves the outbox.
//!
//! Before this: a submit, finish or advance wrote an entry in the same step as its row. After this: the message
//! reaches a consumer. Dying between publish and removal publishes twice, which is harmless.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_fabric::broker::{Broker, BrokerError, Published};
use ktrdr_fabric::store::{Store, StoreError, StoreHint};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::backoff::Backoff;

/// Most entries published at once.
const BATCH: u32 = 256;
/// Most entries looked at when the oldest can not be published.
const LOOK_MAX: u32 = 16 * BATCH;
/// How often to look without being told: another process may have written.
const FALLBACK: Duration = Duration::from_secs(5);
/// How long a relay that is told to stop may go on emptying the outbox.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Carries messages from the outbox to the broker.
pub struct Relay {
    store: Arc<dyn Store>,
    broker: Arc<dyn Broker>,
}

/// Why a pass did not get through.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// What one pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pass {
    /// Confirmed, and removed from the outbox.
    relayed: u32,
    /// Not taken: no queue wanted them, or no answer came. They stay.
    kept: u32,
}

impl Relay {
    /// A relay that has not started yet. Any number may run; more than one publishes things twice.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, broker: Arc<dyn Broker>) -> Self {
        Self { store, broker }
    }

    /// Relays until stopped, then empties the outbox for at most two seconds.
    pub async fn run(self, stop: CancellationToken) {
        // Registered before the first look, so that nothing falls between.
        let mut hints = self.store.hints();
        stop.run_until_cancelled(self.relay(&mut hints)).await;
        let empty = async { while matches!(self.pass(BATCH).await, Ok(Pass { relayed: 1.., .. })) {} };
        if timeout(LAST_WORDS, empty).await.is_err() {
            warn!("the outbox is not empty yet; the next relay goes on");
        }
    }

    async fn relay(&self, hints: &mut Receiver<StoreHint>) {
        let mut failures = 0;
        let mut look = BATCH;
        loop {
            match self.pass(look).await {
                Ok(Pass { relayed: 0, kept: 0 }) => {
                    (failures, look) = (0, BATCH);
                    wait_for_work(hints).await;
                }
                Ok(Pass { kept: 0, .. }) => (failures, look) = (0, BATCH),
                Ok(Pass { kept, .. }) => {
                    failures += 1;
                    look = (kept + BATCH).min(LOOK_MAX);
                    warn!(kept, "the broker did not take everything; is its topology complete? Trying again");
                    sleep(Backoff::OUTSIDE.after(failures)).await;
                }
                Err(why) => {
                    failures += 1;
                    warn!(%why, "relay failed; trying again");
                    sleep(Backoff::OUTSIDE.after(failures)).await;
                }
            }
        }
    }

    async fn pass(&self, look: u32) -> Result<Pass, RelayError> {
        let entries = self.store.outbox(look).await?;
        if entries.is_empty() {
            return Ok(Pass { relayed: 0, kept: 0 });
        }
        let (sequences, messages): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|e| (e.sequence, e.message)).unzip();
        let answers = self.broker.publish(messages).await?;
        let confirmed: Vec<u64> = sequences
            .iter()
            .zip(answers)
            .filter(|(_, answer)| *answer == Published::Confirmed)
            .map(|(sequence, _)| *sequence)
            .collect();
        if !confirmed.is_empty() {
            self.store.relayed(&confirmed).await?;
        }
        let kept = sequences.len() - confirmed.len();
        Ok(Pass { relayed: confirmed.len() as u32, kept: kept as u32 })
    }
}

/// Until the outbox may have something.
async fn wait_for_work(hints: &mut Receiver<StoreHint>) {
    let told = async {
        loop {
            match hints.recv().await {
                Ok(StoreHint::Outbox | StoreHint::Unknown) | Err(RecvError::Lagged(_)) => return,
                Ok(StoreHint::Cancel(_) | StoreHint::Changed(_) | StoreHint::Orders) => {}
                // The store is going: only the fallback is left.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    // Running out of patience is as good as being told.
    let _ = timeout(FALLBACK, told).await;
}
