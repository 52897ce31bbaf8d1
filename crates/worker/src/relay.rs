//! The relay: what the outbox holds goes to the broker, in order; what the broker confirmed leaves the outbox.
//!
//! Before this: a submit, finish or advance wrote an entry in the same step as its row. After this: the message
//! reaches a consumer. Dying between publish and removal publishes twice, which is harmless.

use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use ktrdr_fabric::broker::{Broker, BrokerError, Published};
use ktrdr_fabric::store::{OutboxEntry, Store, StoreError, StoreHint};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::backoff::Backoff;

/// Most entries published at once.
const BATCH: u32 = 256;
/// Batches on their way at once: one is read while others are confirmed and removed.
const BATCHES: usize = 4;
/// How long to go on from where one is. Then the oldest entries are looked at again: those that stayed, and those that
/// another process wrote without a hint.
const ROUND: Duration = Duration::from_secs(5);
/// How long a relay that is told to stop may go on emptying the outbox.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Carries messages from the outbox to the broker.
pub struct Relay {
    store: Arc<dyn Store>,
    broker: Arc<dyn Broker>,
}

/// Why entries were not carried.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// What became of entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Carried {
    /// Confirmed, and removed from the outbox.
    relayed: usize,
    /// No queue wanted them. They stay.
    unroutable: usize,
    /// No answer came. They stay.
    unknown: usize,
}

impl AddAssign for Carried {
    fn add_assign(&mut self, more: Self) {
        self.relayed += more.relayed;
        self.unroutable += more.unroutable;
        self.unknown += more.unknown;
    }
}

impl Relay {
    /// A relay that has not started yet. Any number may run; more than one publishes things twice.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, broker: Arc<dyn Broker>) -> Self {
        Self { store, broker }
    }

    /// Relays until stopped, then empties the outbox for at most two seconds.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.relay()).await;
        if timeout(LAST_WORDS, self.empty()).await.is_err() {
            warn!("the outbox is not empty yet; the next relay goes on");
        }
    }

    async fn relay(&self) {
        let mut failures = 0;
        loop {
            let (Carried { relayed, unroutable, unknown }, failure) = self.round().await;
            if unroutable > 0 {
                warn!(unroutable, "no queue wants these messages: is the topology complete? Trying again");
            }
            if unknown == 0 && failure.is_none() {
                failures = 0;
                continue;
            }
            failures = if relayed > 0 { 1 } else { failures + 1 };
            let why = failure.map_or("the broker did not answer in time".to_owned(), |why| why.to_string());
            warn!(unknown, why, "relay failed; trying again");
            sleep(Backoff::OUTSIDE.after(failures)).await;
        }
    }

    /// Carries what there is and what comes, oldest first, until the round is over or something fails; then waits for
    /// what is on its way.
    async fn round(&self) -> (Carried, Option<RelayError>) {
        // Registered before the first look, so that nothing falls between.
        let hints = self.store.hints();
        let (until, failed) = (Instant::now() + ROUND, &CancellationToken::new());
        let batches = stream::unfold((None, hints), |(after, mut hints)| async move {
            let reading = timeout_at(until, self.entries(after, &mut hints));
            let batch = failed.run_until_cancelled(reading).await?.ok()?;
            let after = batch.as_ref().ok().and_then(|entries| entries.last()).map(|entry| entry.sequence);
            Some((batch, (after, hints)))
        });
        let mut batches = batches.map(|batch| async { self.carry(batch?).await }).buffered(BATCHES).boxed();
        let (mut whole, mut failure) = (Carried::default(), None);
        while let Some(carried) = batches.next().await {
            match carried {
                Ok(carried) => whole += carried,
                Err(why) => failure = Some(why),
            }
            if whole.unknown > 0 || failure.is_some() {
                failed.cancel();
            }
        }
        (whole, failure)
    }

    /// The oldest entries behind a position, once there are any.
    async fn entries(
        &self,
        after: Option<u64>,
        hints: &mut Receiver<StoreHint>,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        loop {
            // Whatever was hinted so far, this look sees.
            while matches!(hints.try_recv(), Ok(_) | Err(TryRecvError::Lagged(_))) {}
            let entries = self.store.outbox(after, BATCH).await?;
            if !entries.is_empty() {
                return Ok(entries);
            }
            a_hint(hints).await;
        }
    }

    /// Publishes entries, and removes what the broker confirmed.
    async fn carry(&self, entries: Vec<OutboxEntry>) -> Result<Carried, RelayError> {
        let (sequences, messages): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|e| (e.sequence, e.message)).unzip();
        let answers = self.broker.publish(messages).await?;
        let mut confirmed = Vec::with_capacity(sequences.len());
        let mut carried = Carried::default();
        for (sequence, answer) in sequences.into_iter().zip(answers) {
            match answer {
                Published::Confirmed => confirmed.push(sequence),
                Published::Unroutable => carried.unroutable += 1,
                Published::Unknown => carried.unknown += 1,
            }
        }
        if !confirmed.is_empty() {
            self.store.relayed(&confirmed).await?;
        }
        carried.relayed = confirmed.len();
        Ok(carried)
    }

    async fn empty(&self) {
        loop {
            let Ok(entries) = self.store.outbox(None, BATCH).await else { return };
            match self.carry(entries).await {
                Ok(Carried { relayed: 1.., .. }) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}

/// Until the outbox may have something.
async fn a_hint(hints: &mut Receiver<StoreHint>) {
    loop {
        match hints.recv().await {
            Ok(StoreHint::Outbox | StoreHint::Unknown) | Err(RecvError::Lagged(_)) => return,
            Ok(StoreHint::Cancel(_) | StoreHint::Changed(_) | StoreHint::Orders) => {}
            // The store is going: only the next round is left.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
