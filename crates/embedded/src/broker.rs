//! The broker inside this process: first in, first out per priority, with prefetch and redelivery.
//!
//! Nothing here is durable and nothing needs to be: rows are the truth, and [`super::SqliteStore::recover`] publishes
//! what an earlier process had taken to its grave.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::consumer::Consumer;
use super::ready::Ready;
use ktrdr_fabric::broker::{Broker, BrokerError, Deliveries, Message, Published, Queue};

/// Most messages ready in one queue. What finds no room stays in the outbox.
const READY_MAX: usize = 1_000_000;

/// Queues in memory.
pub struct MemoryBroker {
    queues: HashMap<Queue, Arc<Ready>>,
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self::with_room_for(READY_MAX)
    }
}

impl MemoryBroker {
    /// A broker whose queues hold at most `ready_max` ready messages each.
    #[must_use]
    pub fn with_room_for(ready_max: usize) -> Self {
        let queues = Queue::all().into_iter().map(|queue| (queue, Arc::new(Ready::new(ready_max))));
        Self { queues: queues.collect() }
    }

    /// The broker of a process that runs no jobs. It refuses everything: its queues would be nobody's.
    #[must_use]
    pub fn of_a_client() -> Self {
        Self { queues: HashMap::new() }
    }

    fn queue(&self, queue: Queue) -> Result<&Arc<Ready>, BrokerError> {
        if self.queues.is_empty() {
            return Err(BrokerError::Unavailable(
                "this process is a client; its runner publishes and consumes".into(),
            ));
        }
        let found = self.queues.get(&queue);
        found.ok_or_else(|| BrokerError::Topology(format!("there is no queue {queue:?}").into()))
    }
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn publish(&self, messages: Vec<Message>) -> Result<Vec<Published>, BrokerError> {
        let publish = |message: Message| match self.queue(message.queue()) {
            Ok(queue) if queue.push(message) => Ok(Published::Confirmed),
            Ok(_full) => Ok(Published::Unknown),
            Err(BrokerError::Topology(_)) => Ok(Published::Unroutable),
            Err(unavailable) => Err(unavailable),
        };
        messages.into_iter().map(publish).collect()
    }

    async fn consume(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Deliveries>, BrokerError> {
        Ok(Box::new(Consumer::new(self.queue(queue)?.clone(), prefetch)))
    }

    async fn depth(&self, queue: Queue) -> Result<u64, BrokerError> {
        Ok(self.queue(queue)?.len() as u64)
    }
}
