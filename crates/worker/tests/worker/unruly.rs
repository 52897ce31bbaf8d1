//! A store that loses calls, answers and hints when told to, and a broker that counts acknowledgements and consumers.
//! Otherwise both pass everything on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::{Kind, OperationId, Progress};
use ktrdr_embedded::{MemoryBroker, SqliteStore};
use ktrdr_fabric::broker::{Broker, BrokerError, Deliveries, Delivery, Message, Published, Queue, Receipt};
use ktrdr_fabric::registry::{ControlState, WorkerEntry, WorkerInfo, WorkerReader, WorkerRegistry};
use ktrdr_fabric::store::{
    Attempt, Beat, BootId, Claim, Finish, Finished, OperationReader, Store, StoreError, StoreHint,
};
use tokio::sync::{broadcast, watch};

use crate::layer::{Layer, Layered};

pub(crate) struct Unruly {
    inner: Arc<SqliteStore>,
    /// Beats fail while set.
    pub(crate) beats_fail: AtomicBool,
    /// Beats that got through.
    pub(crate) beats: AtomicU32,
    /// This many finishes fail before they reach the store.
    pub(crate) finishes_to_lose: AtomicU32,
    /// This many finishes reach the store, but their answer is lost.
    pub(crate) answers_to_lose: AtomicU32,
    /// This many claims fail.
    pub(crate) claims_to_lose: AtomicU32,
    /// Heartbeats fail while set.
    pub(crate) heartbeats_fail: AtomicBool,
    /// Heartbeats tried.
    pub(crate) heartbeats: watch::Sender<u32>,
    /// In place of the store's own hints, when set.
    pub(crate) hints: std::sync::Mutex<Option<broadcast::Sender<StoreHint>>>,
}

fn lost() -> StoreError {
    StoreError::Unavailable("lost by the test".into())
}

/// Takes one off the count, unless it is spent.
fn spend(count: &AtomicU32) -> bool {
    count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1)).is_ok()
}

impl Unruly {
    pub(crate) fn new(inner: Arc<SqliteStore>) -> Self {
        Self {
            inner,
            beats_fail: AtomicBool::new(false),
            beats: AtomicU32::new(0),
            finishes_to_lose: AtomicU32::new(0),
            answers_to_lose: AtomicU32::new(0),
            claims_to_lose: AtomicU32::new(0),
            heartbeats_fail: AtomicBool::new(false),
            heartbeats: watch::Sender::new(0),
            hints: std::sync::Mutex::new(None),
        }
    }

    /// Cuts the store's hints off; what is sent here arrives instead.
    pub(crate) fn own_hints(&self) -> broadcast::Sender<StoreHint> {
        let (sender, _) = broadcast::channel(16);
        *self.hints.lock().unwrap() = Some(sender.clone());
        sender
    }
}

#[async_trait]
impl Layer for Unruly {
    fn beneath(&self) -> &dyn Store {
        &*self.inner
    }
    fn hints(&self) -> broadcast::Receiver<StoreHint> {
        let own = self.hints.lock().unwrap();
        own.as_ref().map_or_else(|| self.inner.hints(), broadcast::Sender::subscribe)
    }
    async fn claim(&self, id: &OperationId, boot: &BootId, lease: Duration) -> Result<Claim, StoreError> {
        if spend(&self.claims_to_lose) {
            return Err(lost());
        }
        self.inner.claim(id, boot, lease).await
    }
    async fn beat(
        &self,
        attempt: &Attempt,
        lease: Duration,
        progress: Option<&Progress>,
    ) -> Result<Beat, StoreError> {
        if self.beats_fail.load(Ordering::Acquire) {
            return Err(lost());
        }
        self.beats.fetch_add(1, Ordering::AcqRel);
        self.inner.beat(attempt, lease, progress).await
    }
    async fn finish(&self, attempt: &Attempt, how: Finish) -> Result<Finished, StoreError> {
        if spend(&self.finishes_to_lose) {
            return Err(lost());
        }
        let answer = self.inner.finish(attempt, how).await;
        if spend(&self.answers_to_lose) { Err(lost()) } else { answer }
    }
}

#[async_trait]
impl WorkerReader for Layered<Unruly> {
    async fn workers(&self) -> Result<Vec<WorkerEntry>, StoreError> {
        self.inner.workers().await
    }

    async fn paused(&self) -> Result<BTreeMap<Kind, Option<i64>>, StoreError> {
        self.inner.paused().await
    }
}

#[async_trait]
impl WorkerRegistry for Layered<Unruly> {
    async fn heartbeat(&self, worker: &WorkerInfo, ttl: Duration) -> Result<ControlState, StoreError> {
        let answer = match self.heartbeats_fail.load(Ordering::Acquire) {
            true => Err(lost()),
            false => self.inner.heartbeat(worker, ttl).await,
        };
        self.heartbeats.send_modify(|heartbeats| *heartbeats += 1);
        answer
    }
    async fn deregister(&self, boot: &BootId) -> Result<(), StoreError> {
        self.inner.deregister(boot).await
    }
    async fn drain(&self, boot: &BootId) -> Result<bool, StoreError> {
        self.inner.drain(boot).await
    }
    async fn pause(&self, kind: Kind) -> Result<bool, StoreError> {
        self.inner.pause(kind).await
    }
    async fn resume(&self, kind: Kind) -> Result<bool, StoreError> {
        self.inner.resume(kind).await
    }
}

pub(crate) struct Counting {
    inner: Arc<MemoryBroker>,
    /// Deliveries acknowledged so far.
    pub(crate) acks: watch::Sender<u32>,
    /// Queues of the consumers that there are now.
    pub(crate) consumed: watch::Sender<Vec<Queue>>,
}

impl Counting {
    pub(crate) fn new(inner: Arc<MemoryBroker>) -> Self {
        Self { inner, acks: watch::Sender::new(0), consumed: watch::Sender::new(Vec::new()) }
    }
}

#[async_trait]
impl Broker for Counting {
    async fn publish(&self, messages: Vec<Message>) -> Result<Vec<Published>, BrokerError> {
        self.inner.publish(messages).await
    }
    async fn consume(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Deliveries>, BrokerError> {
        let inner = self.inner.consume(queue, prefetch).await?;
        self.consumed.send_modify(|consumed| consumed.push(queue));
        let (acks, consumed) = (self.acks.clone(), self.consumed.clone());
        Ok(Box::new(CountedConsumer { inner: Some(inner), queue, acks, consumed }))
    }
    async fn depth(&self, queue: Queue) -> Result<u64, BrokerError> {
        self.inner.depth(queue).await
    }
}

struct CountedConsumer {
    inner: Option<Box<dyn Deliveries>>,
    queue: Queue,
    acks: watch::Sender<u32>,
    consumed: watch::Sender<Vec<Queue>>,
}

#[async_trait]
impl Deliveries for CountedConsumer {
    async fn next(&mut self) -> Option<Delivery> {
        let Delivery { message, is_redelivered, receipt } = self.inner.as_mut()?.next().await?;
        Some(Delivery {
            message,
            is_redelivered,
            receipt: Box::new(CountedReceipt { inner: receipt, acks: self.acks.clone() }),
        })
    }
}

impl Drop for CountedConsumer {
    /// Counted once it has given back what it held.
    fn drop(&mut self) {
        self.inner = None;
        self.consumed.send_modify(|consumed| {
            let i = consumed.iter().position(|queue| *queue == self.queue).unwrap();
            consumed.remove(i);
        });
    }
}

struct CountedReceipt {
    inner: Box<dyn Receipt>,
    acks: watch::Sender<u32>,
}

#[async_trait]
impl Receipt for CountedReceipt {
    async fn ack(self: Box<Self>) {
        self.inner.ack().await;
        self.acks.send_modify(|acks| *acks += 1);
    }
}
