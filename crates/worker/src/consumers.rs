//! What the consumer of a kind reads: one consumer per queue.
//!
//! Each queue holds back what it has no slot for only as far as its own prefetch goes; with two queues more can
//! arrive than there are slots. Such a message is turned away: it goes back, its consumer stops, and when a slot is free
//! the queue is read again, before the others.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use ktrdr_fabric::broker::{Broker, BrokerError, Deliveries, Delivery, Queue};
use tokio::time::timeout;

/// How long a queue whose message was turned away is read alone. A broker delivers what it has within a few round
/// trips; nothing comes when another worker has taken it.
const TURN: Duration = Duration::from_millis(100);

/// The consumers of one kind.
pub(crate) struct Consumers {
    broker: Arc<dyn Broker>,
    /// Of each consumer.
    prefetch: u16,
    /// The one served longest ago comes first.
    sources: Vec<Source>,
}

struct Source {
    queue: Queue,
    /// None before the first use, and while what comes would be turned away.
    consumer: Option<Box<dyn Deliveries>>,
    was_turned_away: bool,
}

impl Consumers {
    pub(crate) fn new(broker: Arc<dyn Broker>, queues: Vec<Queue>, prefetch: u16) -> Self {
        let source = |queue| Source { queue, consumer: None, was_turned_away: false };
        Self { broker, prefetch, sources: queues.into_iter().map(source).collect() }
    }

    /// Starts the consumers that are missing.
    pub(crate) async fn open(&mut self) -> Result<(), BrokerError> {
        for source in self.sources.iter_mut().filter(|source| source.consumer.is_none()) {
            source.consumer = Some(self.broker.consume(source.queue, self.prefetch).await?);
        }
        Ok(())
    }

    /// Whether every queue is read.
    pub(crate) fn is_open(&self) -> bool {
        self.sources.iter().all(|source| source.consumer.is_some())
    }

    /// Reads no queue any more.
    pub(crate) fn close(&mut self) {
        self.sources.iter_mut().for_each(|source| source.consumer = None);
    }

    /// Gives a delivery back, and reads its queue no more until the next [`Self::open`].
    pub(crate) fn turn_away(&mut self, queue: Queue, delivery: Delivery) {
        for source in self.sources.iter_mut().filter(|source| source.queue == queue) {
            source.consumer = None;
            source.was_turned_away = true;
        }
        drop(delivery);
    }

    /// The next delivery, and where it came from; `None` when a consumer ended. Safe to abandon.
    pub(crate) async fn next(&mut self) -> Option<(Queue, Delivery)> {
        let (i, delivery) = match self.whose_turn_it_is().await {
            Some(delivered) => delivered,
            None => self.first_come().await,
        };
        let mut source = self.sources.remove(i);
        if delivery.is_none() {
            source.consumer = None;
        }
        let queue = source.queue;
        self.sources.push(source);
        delivery.map(|delivery| (queue, delivery))
    }

    /// From a queue whose message was turned away; `None` when there is no such queue, or its time is up.
    async fn whose_turn_it_is(&mut self) -> Option<(usize, Option<Delivery>)> {
        let is_next = |source: &Source| source.was_turned_away && source.consumer.is_some();
        let i = self.sources.iter().position(is_next)?;
        let source = &mut self.sources[i];
        let delivered = timeout(TURN, source.consumer.as_mut()?.next()).await;
        source.was_turned_away = false;
        delivered.ok().map(|delivery| (i, delivery))
    }

    /// From whichever queue that is read has one first.
    async fn first_come(&mut self) -> (usize, Option<Delivery>) {
        let read = self.sources.iter_mut().enumerate();
        let read = read.filter_map(|(i, source)| Some((i, source.consumer.as_mut()?)));
        let waiting: Vec<_> =
            read.map(|(i, consumer)| Box::pin(async move { (i, consumer.next().await) })).collect();
        if waiting.is_empty() {
            return std::future::pending().await;
        }
        select_all(waiting).await.0
    }
}
