//! Outbox entries that the broker has. They leave together, a little later: each removal is a write that the store has to
//! bring to its disk, in the way of submits and claims.

use std::time::Duration;

use futures_util::future::{BoxFuture, pending};
use ktrdr_fabric::store::{Store, StoreError};
use tokio::time::{Instant, sleep_until};

/// How long an entry may stay. Whoever dies meanwhile has its messages published twice, which is harmless.
const LINGER: Duration = Duration::from_millis(10);

/// As many leave at once: the outbox shows how far the relay is behind, and not what lingers there.
const ENOUGH: usize = 64;

/// Entries on their way out.
pub(crate) struct Confirmed<'a> {
    store: &'a dyn Store,
    waiting: Vec<u64>,
    /// When what waits is to leave.
    due: Instant,
    leaving: Option<BoxFuture<'a, Result<usize, StoreError>>>,
}

impl<'a> Confirmed<'a> {
    pub(crate) fn new(store: &'a dyn Store) -> Self {
        Self { store, waiting: Vec::new(), due: Instant::now(), leaving: None }
    }

    pub(crate) fn add(&mut self, sequences: Vec<u64>) {
        if self.waiting.is_empty() {
            self.due = Instant::now() + LINGER;
        }
        self.waiting.extend(sequences);
        if self.waiting.len() >= ENOUGH {
            self.due = Instant::now();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.leaving.is_none()
    }

    /// How many left, once some have; waits for ever while there are none. An abandoned wait loses nothing.
    pub(crate) async fn left(&mut self) -> Result<usize, StoreError> {
        let leaving = match &mut self.leaving {
            Some(leaving) => leaving,
            None if self.waiting.is_empty() => return pending().await,
            None => {
                sleep_until(self.due).await;
                let (store, sequences) = (self.store, std::mem::take(&mut self.waiting));
                let leave = async move { store.relayed(&sequences).await.map(|()| sequences.len()) };
                self.leaving.insert(Box::pin(leave))
            }
        };
        let left = leaving.await;
        self.leaving = None;
        left
    }
}
