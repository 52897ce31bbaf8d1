//! A consumer of one queue: hands out at most `prefetch` messages that are not acknowledged yet.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ready::{Ready, Waiting};
use ktrdr_fabric::broker::{Deliveries, Delivery, Message, Receipt};

/// The consumer's end. It holds nothing itself: a message leaves the queue when somebody asks for it.
pub(super) struct Consumer {
    queue: Arc<Ready>,
    prefetch: Arc<Semaphore>,
}

impl Consumer {
    pub(super) fn new(queue: Arc<Ready>, prefetch: u16) -> Self {
        // A consumer that may hand out nothing would wait for ever.
        Self { queue, prefetch: Arc::new(Semaphore::new(usize::from(prefetch.max(1)))) }
    }
}

#[async_trait]
impl Deliveries for Consumer {
    async fn next(&mut self) -> Option<Delivery> {
        let permit = self.prefetch.clone().acquire_owned().await.ok()?;
        let Waiting { message, is_redelivered } = self.queue.pop().await;
        let held = Held { message: Some(message.clone()), queue: self.queue.clone(), _permit: permit };
        Some(Delivery { message, is_redelivered, receipt: Box::new(held) })
    }
}

/// The receipt of one delivery; frees its place in the prefetch when it goes.
struct Held {
    /// What to put back; nothing once acknowledged.
    message: Option<Message>,
    queue: Arc<Ready>,
    _permit: OwnedSemaphorePermit,
}

#[async_trait]
impl Receipt for Held {
    async fn ack(mut self: Box<Self>) {
        self.message = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            self.queue.put_back(message);
        }
    }
}
