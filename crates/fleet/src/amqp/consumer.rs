//! Deliveries and their receipts.
//!
//! The first error or end of the library's stream ends the consumer: after an error that stream would stay silent
//! for ever. Whoever consumes builds it anew, with its back-off.
//!
//! A channel lives as long as its consumer or one of its deliveries: a consumer may stop while what it handed out is
//! still worked on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use lapin::message::Delivery as Raw;
use lapin::options::BasicCancelOptions;
use lapin::protocol::constants::REPLY_SUCCESS;
use lapin::types::{DeliveryTag, FieldTable};
use lapin::{Acker, Channel};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, error, warn};

use super::acks::Acks;
use super::broker::PASSIVE;
use super::connection::AmqpConnection;
use super::dead_letters;
use super::facts::Counters;
use super::failure::within;
use super::message::{self, Parcel, Refusal};
use super::publisher::Publisher;
use crate::topology::{DEAD_LETTERS, queue_name};
use ktrdr_fabric::broker::{BrokerError, Deliveries, Delivery, Published, Queue, Receipt};

/// A consumer on a channel of its own.
pub(super) struct Consumer {
    pub(super) queue: Queue,
    pub(super) channel: Channel,
    pub(super) stream: lapin::Consumer,
    /// For asking after ourselves.
    pub(super) connection: Arc<AmqpConnection>,
    /// Where dead letters are published.
    pub(super) publisher: Arc<Publisher>,
    pub(super) counters: Arc<Counters>,
    pub(super) acks: Arc<Acks>,
    /// After this long without a delivery the broker is asked.
    pub(super) silence: Duration,
    /// When something was delivered last, or the broker said that all is well. Kept here: whoever reads several
    /// consumers abandons a `next` of one for a delivery of another.
    pub(super) heard: Instant,
    /// Refused, and not yet safe among the dead letters: an abandoned `next` goes on with it.
    pub(super) refused: Option<(Raw, Refusal)>,
}

#[async_trait]
impl Deliveries for Consumer {
    async fn next(&mut self) -> Option<Delivery> {
        loop {
            if let Err(why) = self.bury().await {
                warn!(queue = queue_name(self.queue), %why, "a dead letter could not be published");
                return None;
            }
            let raw = self.receive().await?;
            match message::unwrap(self.queue, &raw.properties, &raw.data) {
                Ok(message) => {
                    let (acks, acker) = (Arc::clone(&self.acks), Some(raw.acker));
                    let receipt = Box::new(Held { tag: raw.delivery_tag, acker, acks });
                    return Some(Delivery { message, is_redelivered: raw.redelivered, receipt });
                }
                Err(refusal) => self.refused = Some((raw, refusal)),
            }
        }
    }
}

impl Consumer {
    /// The next delivery as the library gives it; `None` when there will be no more.
    async fn receive(&mut self) -> Option<Raw> {
        loop {
            match timeout_at(self.heard + self.silence, self.stream.next()).await {
                Ok(Some(Ok(raw))) => {
                    self.heard = Instant::now();
                    self.acks.hold(raw.delivery_tag);
                    return Some(raw);
                }
                Ok(Some(Err(why))) => {
                    warn!(queue = queue_name(self.queue), %why, "the consumer failed");
                    return None;
                }
                Ok(None) => {
                    warn!(queue = queue_name(self.queue), "the broker ended the consumer");
                    return None;
                }
                Err(_silence) => {
                    if let Err(why) = self.ask_after_us().await {
                        warn!(queue = queue_name(self.queue), %why, "silent, and not known to the broker");
                        return None;
                    }
                    self.heard = Instant::now();
                }
            }
        }
    }

    /// Whether the broker still has a consumer there, and no message for it. Who waits for a delivery has room for one:
    /// what lies in the queue all the same shows that the broker has forgotten us, though it may remember others. A
    /// queue of a cluster that was deleted and declared again may do that without a word.
    async fn ask_after_us(&self) -> Result<(), BrokerError> {
        let channel = self.connection.channel().await?;
        let name = queue_name(self.queue);
        let asked = channel.queue_declare(name.as_str().into(), PASSIVE, FieldTable::default());
        let queue = within("ask for a queue", asked).await?;
        match (queue.consumer_count(), queue.message_count()) {
            (0, _) => Err(BrokerError::Unavailable(format!("{name} has no consumer").into())),
            (_, 0) => Ok(()),
            (_, waiting) => Err(BrokerError::Unavailable(
                format!("{name} has {waiting} messages and delivers none").into(),
            )),
        }
    }

    /// Makes a refused message a dead letter, confirmed, and only then acknowledges it.
    async fn bury(&mut self) -> Result<(), BrokerError> {
        let Some((raw, refusal)) = &self.refused else { return Ok(()) };
        let queue = queue_name(self.queue);
        error!(queue, %refusal, "not a message of ours; it becomes a dead letter");
        let parcel = Parcel {
            exchange: DEAD_LETTERS,
            routing_key: queue.clone(),
            properties: dead_letters::properties(&queue, refusal, raw.properties.clone()),
            body: raw.data.clone(),
        };
        match self.publisher.publish(&[parcel]).await?.first() {
            Some(Published::Confirmed) => {}
            answer => return Err(BrokerError::Unavailable(format!("the answer was {answer:?}").into())),
        }
        self.counters.dead_letters.fetch_add(1, Ordering::Relaxed);
        if let Some((raw, _)) = self.refused.take() {
            self.acks.done(raw.delivery_tag, raw.acker);
        }
        Ok(())
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // Without a runtime the connection is going as well, and gives everything back.
        let Ok(runtime) = Handle::try_current() else { return };
        let refused = self.refused.take().map(|(raw, _)| raw);
        runtime.spawn(stop(self.channel.clone(), Arc::clone(&self.acks), self.stream.clone(), refused));
    }
}

/// Stops the broker's deliveries, then gives back those that nobody asked for. A broker that does not answer gets the
/// whole channel back: better that a running job's message is delivered twice than that one waits for its end.
async fn stop(channel: Channel, acks: Arc<Acks>, mut unread: lapin::Consumer, refused: Option<Raw>) {
    let cancelling = channel.basic_cancel(unread.tag(), BasicCancelOptions::default());
    if let Err(why) = within("stop a consumer", cancelling).await {
        debug!(%why, "its channel is closed instead");
        let _ = within("close a channel", channel.close(REPLY_SUCCESS, "consumer stopped".into())).await;
        return;
    }
    if let Some(raw) = refused {
        acks.give_back(raw.delivery_tag, &raw.acker).await;
    }
    while let Some(Ok(raw)) = unread.next().await {
        acks.give_back(raw.delivery_tag, &raw.acker).await;
    }
}

/// The receipt of one delivery.
struct Held {
    tag: DeliveryTag,
    /// Nothing once acknowledged.
    acker: Option<Acker>,
    acks: Arc<Acks>,
}

#[async_trait]
impl Receipt for Held {
    async fn ack(mut self: Box<Self>) {
        if let Some(acker) = self.acker.take() {
            self.acks.done(self.tag, acker);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(acker) = self.acker.take().filter(Acker::usable) else { return };
        // Without a runtime the connection is going as well, and gives everything back.
        let Ok(runtime) = Handle::try_current() else { return };
        let (acks, tag) = (Arc::clone(&self.acks), self.tag);
        runtime.spawn(async move { acks.give_back(tag, &acker).await });
    }
}
