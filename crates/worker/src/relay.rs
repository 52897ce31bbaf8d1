//! The relay: what the outbox holds goes to the broker, in order; what the broker confirmed leaves the outbox.
//!
//! Before this: a submit, finish or advance wrote an entry in the same step as its row. After this: the message
//! reaches a consumer. Dying between publish and removal publishes twice, which is harmless.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::broker::{Broker, Published};
use ktrdr_fabric::store::{OutboxEntry, Store, StoreError, StoreHint};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::confirmed::Confirmed;
use crate::outside::OutsideError;

/// Most entries published at once.
pub(crate) const BATCH: u32 = 256;
/// Batches on their way at once: one is read while others are confirmed.
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

/// The broker's answers to a batch.
#[derive(Debug, Default)]
struct Answers {
    /// Positions of what it has now.
    confirmed: Vec<u64>,
    /// No queue wanted them. They stay.
    unroutable: usize,
    /// No answer came. They stay.
    unknown: usize,
}

/// What a round did.
#[derive(Debug, Default)]
struct Round {
    /// Confirmed, and removed from the outbox.
    relayed: usize,
    unroutable: usize,
    unknown: usize,
    failure: Option<OutsideError>,
}

impl Round {
    fn has_failed(&self) -> bool {
        self.unknown > 0 || self.failure.is_some()
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
        if !matches!(timeout(LAST_WORDS, self.empty()).await, Ok(Ok(()))) {
            warn!("the outbox may not be empty yet; the next relay goes on");
        }
    }

    async fn relay(&self) {
        let mut failures = 0;
        loop {
            let round = self.round().await;
            let Round { relayed, unroutable, unknown, .. } = round;
            if unroutable > 0 {
                warn!(unroutable, "no queue wants these messages: is the topology complete? Trying again");
            }
            if !round.has_failed() {
                failures = 0;
                continue;
            }
            failures = if relayed > 0 { 1 } else { failures + 1 };
            let no_answer = || "the broker did not take everything".to_owned();
            let why = round.failure.map_or_else(no_answer, |why| why.to_string());
            warn!(unknown, why, "relay failed; trying again");
            tokio::select! {
                () = sleep(Backoff::OUTSIDE.after(failures)) => {}
                // It may still be finding its feet, and is asked again soon.
                () = self.broker.returned() => failures = 0,
            }
        }
    }

    /// Carries what there is and what comes, oldest first, until the round is over or something fails; then waits for
    /// what is on its way.
    async fn round(&self) -> Round {
        let failed = CancellationToken::new();
        let mut answers = self.answers(Instant::now() + ROUND, &failed);
        let (mut confirmed, mut round) = (Confirmed::new(self.store.as_ref()), Round::default());
        let mut is_over = false;
        while !is_over || !confirmed.is_empty() {
            tokio::select! {
                answered = answers.next(), if !is_over => match answered {
                    Some(Ok(Answers { confirmed: positions, unroutable, unknown })) => {
                        confirmed.add(positions);
                        round.unroutable += unroutable;
                        round.unknown += unknown;
                    }
                    Some(Err(why)) => round.failure = Some(why),
                    None => is_over = true,
                },
                left = confirmed.left() => match left {
                    Ok(left) => round.relayed += left,
                    Err(why) => round.failure = Some(why.into()),
                },
            }
            if round.has_failed() {
                failed.cancel();
            }
        }
        round
    }

    /// The broker's answers, batch by batch in order, to what the outbox holds and gets until then, or until a failure.
    fn answers<'a>(
        &'a self,
        until: Instant,
        failed: &'a CancellationToken,
    ) -> BoxStream<'a, Result<Answers, OutsideError>> {
        // Registered before the first look, so that nothing falls between.
        let hints = self.store.hints();
        let batches = stream::unfold((None, hints), move |(after, mut hints)| async move {
            let reading = timeout_at(until, self.entries(after, &mut hints));
            let batch = failed.run_until_cancelled(reading).await?.ok()?;
            let after = batch.as_ref().ok().and_then(|entries| entries.last()).map(|entry| entry.sequence);
            Some((batch, (after, hints)))
        });
        batches.map(|batch| async { self.publish(batch?).await }).buffered(BATCHES).boxed()
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

    async fn publish(&self, entries: Vec<OutboxEntry>) -> Result<Answers, OutsideError> {
        let (sequences, messages): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|e| (e.sequence, e.message)).unzip();
        let mut answers = Answers::default();
        for (sequence, answer) in sequences.into_iter().zip(self.broker.publish(messages).await?) {
            match answer {
                Published::Confirmed => answers.confirmed.push(sequence),
                Published::Unroutable => answers.unroutable += 1,
                Published::Unknown => answers.unknown += 1,
            }
        }
        Ok(answers)
    }

    /// Until nothing is left that the broker takes.
    async fn empty(&self) -> Result<(), OutsideError> {
        loop {
            let Answers { confirmed, .. } = self.publish(self.store.outbox(None, BATCH).await?).await?;
            if confirmed.is_empty() {
                return Ok(());
            }
            self.store.relayed(&confirmed).await?;
        }
    }
}

/// Until the outbox may have something.
async fn a_hint(hints: &mut Receiver<StoreHint>) {
    loop {
        match hints.recv().await {
            Ok(StoreHint::Outbox | StoreHint::Unknown) | Err(RecvError::Lagged(_)) => return,
            Ok(StoreHint::Cancel(_) | StoreHint::Changed(_) | StoreHint::Control) => {}
            // The store is going: only the next round is left.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
