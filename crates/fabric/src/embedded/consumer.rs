//! A consumer of one queue: at most `prefetch` unacknowledged messages, given back when they or the consumer drop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ready::Ready;
use crate::broker::{Deliveries, Delivery, Message, Receipt};

/// The consumer's end.
pub(super) struct Consumer {
    held: Arc<Held>,
    prefetch: Arc<Semaphore>,
    next_tag: u64,
}

/// What was delivered and not acknowledged, shared with the receipts.
struct Held {
    queue: Arc<Ready>,
    messages: Mutex<HashMap<u64, Message>>,
}

impl Consumer {
    pub(super) fn new(queue: Arc<Ready>, prefetch: u16) -> Self {
        let held = Arc::new(Held { queue, messages: Mutex::default() });
        // A consumer that may hold nothing would wait for ever.
        Self { held, prefetch: Arc::new(Semaphore::new(usize::from(prefetch.max(1)))), next_tag: 0 }
    }
}

#[async_trait]
impl Deliveries for Consumer {
    async fn next(&mut self) -> Option<Delivery> {
        let permit = self.prefetch.clone().acquire_owned().await.ok()?;
        let message = self.held.queue.pop().await;
        let tag = self.next_tag;
        self.next_tag += 1;
        self.held.messages().insert(tag, message.clone());
        Some(Delivery { message, receipt: Box::new(Tag { tag, held: self.held.clone(), _permit: permit }) })
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let mut unacknowledged: Vec<_> = self.held.messages().drain().collect();
        // The oldest is put back last, so that it stands in front again.
        unacknowledged.sort_unstable_by_key(|(tag, _)| std::cmp::Reverse(*tag));
        for (_, message) in unacknowledged {
            self.held.queue.put_back(message);
        }
    }
}

impl Held {
    fn messages(&self) -> MutexGuard<'_, HashMap<u64, Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receipt of one delivery; frees its place in the prefetch when it goes.
struct Tag {
    tag: u64,
    held: Arc<Held>,
    _permit: OwnedSemaphorePermit,
}

#[async_trait]
impl Receipt for Tag {
    async fn ack(self: Box<Self>) {
        self.held.messages().remove(&self.tag);
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        let unacknowledged = self.held.messages().remove(&self.tag);
        if let Some(message) = unacknowledged {
            self.held.queue.put_back(message);
        }
    }
}
