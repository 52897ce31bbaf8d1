//! What waits to be told. Nobody waits for it: what finds no room is counted and forgotten.

use std::sync::atomic::{AtomicU64, Ordering};

use ktrdr_domain::trace::Sample;
use ktrdr_domain::{OperationId, TraceId};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::part::Part;

/// Most that waits: a few megabytes.
const WAITING_MAX: usize = 4_096;

/// Something to tell.
pub(crate) enum Item {
    /// An operation ended: its row tells the rest.
    Ended(OperationId),
    /// What no row knows; made when it is told.
    Part(Box<dyn FnOnce() -> Part + Send>),
}

/// The near end of the queue.
pub(crate) struct Queue {
    sample: Sample,
    items: Sender<Item>,
    lost: AtomicU64,
}

impl Queue {
    /// Both ends.
    pub(crate) fn new(sample: Sample) -> (Self, Receiver<Item>) {
        let (items, told) = channel(WAITING_MAX);
        (Self { sample, items, lost: AtomicU64::new(0) }, told)
    }

    /// Whether an operation's trace is told of.
    pub(crate) fn wants(&self, operation: &OperationId) -> bool {
        self.sample == Sample::ALL || self.sample.takes(TraceId::of(operation))
    }

    pub(crate) fn tell(&self, part: impl FnOnce() -> Part + Send + 'static) {
        self.offer(Item::Part(Box::new(part)));
    }

    pub(crate) fn end(&self, operation: OperationId) {
        self.offer(Item::Ended(operation));
    }

    fn offer(&self, item: Item) {
        if self.items.try_send(item).is_err() {
            self.lose(1);
        }
    }

    pub(crate) fn lose(&self, count: usize) {
        self.lost.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// How much was not told.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}
