//! Publishing: a window of messages on their way at a time, each confirmed by the broker or accounted for.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation, PublisherConfirm};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::connection::AmqpConnection;
use super::facts::Counters;
use super::failure::{TIMEOUT, failure, within};
use super::message::Parcel;
use ktrdr_fabric::broker::{BrokerError, Published};

/// Messages on their way at once. Fewer waste the round trip, more only fill the broker's buffers.
const WINDOW: usize = 256;

/// Someone must want the message, or it comes back.
const MANDATORY: BasicPublishOptions = BasicPublishOptions { mandatory: true, immediate: false };

/// Publishes on a channel of its own, in confirm mode.
pub(super) struct Publisher {
    connection: Arc<AmqpConnection>,
    channel: Mutex<Option<Channel>>,
    counters: Arc<Counters>,
}

impl Publisher {
    pub(super) fn new(connection: Arc<AmqpConnection>, counters: Arc<Counters>) -> Self {
        Self { connection, channel: Mutex::default(), counters }
    }

    /// Publishes in order; one answer per parcel. What was confirmed is never answered by an error.
    pub(super) async fn publish(&self, parcels: &[Parcel]) -> Result<Vec<Published>, BrokerError> {
        let mut answers = Vec::with_capacity(parcels.len());
        for window in parcels.chunks(WINDOW) {
            // Nothing is read from us now: whatever we sent would arrive after we had given it up.
            if self.connection.is_blocked() {
                warn!("the broker is blocked: low on memory or disk");
                break;
            }
            match self.publish_window(window).await {
                Ok(answered) => {
                    let late = answered.len() < window.len();
                    answers.extend(answered);
                    if late {
                        break;
                    }
                }
                Err(why) if answers.is_empty() => return Err(why),
                Err(why) => {
                    warn!(%why, "the rest of a batch was not published");
                    break;
                }
            }
        }
        answers.resize(parcels.len(), Published::Unknown);
        self.counters.count(&answers);
        Ok(answers)
    }

    /// The answers that came in time; fewer than parcels when some did not.
    async fn publish_window(&self, window: &[Parcel]) -> Result<Vec<Published>, BrokerError> {
        let channel = self.channel().await?;
        let deadline = Instant::now() + TIMEOUT;
        let answers = match send(&channel, window, deadline).await {
            Ok(confirms) => collect(confirms, deadline).await,
            Err(why) => Err(why),
        };
        match &answers {
            Ok(answers) if answers.len() < window.len() => self.give_up(true).await,
            // The broker keeps in mind for each channel where a queue is led. When it learnt that while the leader went
            // down, it refuses everything on this channel, also long after the others have elected a new one.
            Ok(answers) if answers.contains(&Published::Unknown) => self.give_up(false).await,
            Ok(_) => {}
            Err(_) => self.give_up(false).await,
        }
        answers
    }

    async fn channel(&self) -> Result<Channel, BrokerError> {
        let mut current = self.channel.lock().await;
        if let Some(channel) = current.as_ref().filter(|channel| channel.status().connected()) {
            return Ok(channel.clone());
        }
        let channel = self.connection.channel().await?;
        within("turn confirms on", channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(current.insert(channel).clone())
    }

    /// The channel failed, refused something, or did not answer in time: the next window gets a new one. A connection
    /// that does not answer and is not blocked either is of no use any more.
    async fn give_up(&self, silent: bool) {
        *self.channel.lock().await = None;
        if silent && !self.connection.is_blocked() {
            self.connection.forget();
        }
    }
}

impl Counters {
    fn count(&self, answers: &[Published]) {
        let of = |answer| answers.iter().filter(|a| **a == answer).count() as u64;
        self.unroutable.fetch_add(of(Published::Unroutable), Ordering::Relaxed);
        self.unknown.fetch_add(of(Published::Unknown), Ordering::Relaxed);
    }
}

/// Sends until the deadline. A connection that is blocked without having said so takes nothing more.
async fn send(
    channel: &Channel,
    window: &[Parcel],
    deadline: Instant,
) -> Result<Vec<PublisherConfirm>, BrokerError> {
    let mut confirms = Vec::with_capacity(window.len());
    for Parcel { exchange, routing_key, properties, body } in window {
        let (exchange, key) = ((*exchange).into(), routing_key.as_str().into());
        let sending = channel.basic_publish(exchange, key, MANDATORY, body, properties.clone());
        match timeout_at(deadline, sending).await {
            Ok(sent) => confirms.push(sent.map_err(|why| failure("publish", why))?),
            Err(_) => break,
        }
    }
    Ok(confirms)
}

/// The broker's answers until the deadline; what is missing at the end is not known.
async fn collect(confirms: Vec<PublisherConfirm>, deadline: Instant) -> Result<Vec<Published>, BrokerError> {
    let mut answers = Vec::with_capacity(confirms.len());
    for confirm in confirms {
        match timeout_at(deadline, confirm).await {
            Ok(Ok(Confirmation::Ack(None))) => answers.push(Published::Confirmed),
            Ok(Ok(Confirmation::Ack(Some(_returned)))) => answers.push(Published::Unroutable),
            // A full queue refuses; without confirm mode nothing would be known.
            Ok(Ok(Confirmation::Nack(_) | Confirmation::NotRequested)) => answers.push(Published::Unknown),
            Ok(Err(why)) if answers.is_empty() => return Err(failure("publish", why)),
            Ok(Err(why)) => {
                warn!(%why, "the channel failed before everything was confirmed");
                break;
            }
            Err(_) => break,
        }
    }
    Ok(answers)
}
