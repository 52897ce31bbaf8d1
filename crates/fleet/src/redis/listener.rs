//! Hints from all processes of the fleet, this one included: the scripts publish them.

use std::time::Duration;

use futures_util::StreamExt;
use ktrdr_domain::OperationId;
use redis::aio::PubSub;
use redis::{Client, Msg, RedisError, RedisResult, Value};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::failure::words;
use super::url::Prefix;
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::store::{StoreHint, Topic};

/// Hints kept for a receiver that is slow; it then learns that it lagged and reads again.
const HINTS_MAX: usize = 4096;

/// A subscription that was silent for this long is asked whether it is still there.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Between attempts to subscribe again.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_secs(2) };

/// The task that listens, where there is something to hear. Dropping it ends the task.
pub(super) struct Listener {
    hints: broadcast::Sender<StoreHint>,
    task: Option<JoinHandle<()>>,
}

impl Listener {
    /// Subscribes, and listens from then on.
    pub(super) async fn start(
        client: Client,
        prefix: &Prefix,
        hears: &[Topic],
        timeout: Duration,
    ) -> RedisResult<Self> {
        let (hints, _) = broadcast::channel(HINTS_MAX);
        if hears.is_empty() {
            return Ok(Self { hints, task: None });
        }
        let channels = hears.iter().map(|topic| prefix.key(channel(*topic))).collect();
        let prefix_bytes = prefix.as_str().len();
        let subscriber = Subscriber { client, channels, prefix_bytes, timeout, hints: hints.clone() };
        let subscription = subscriber.subscribe().await?;
        Ok(Self { hints, task: Some(tokio::spawn(subscriber.listen(subscription))) })
    }

    pub(super) fn hints(&self) -> broadcast::Receiver<StoreHint> {
        self.hints.subscribe()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// What the task works with.
struct Subscriber {
    client: Client,
    channels: Vec<String>,
    prefix_bytes: usize,
    timeout: Duration,
    hints: broadcast::Sender<StoreHint>,
}

impl Subscriber {
    async fn subscribe(&self) -> RedisResult<PubSub> {
        let subscribe = async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe(&self.channels).await?;
            Ok(subscription)
        };
        let late = |_| RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        timeout(self.timeout, subscribe).await.map_err(late)?
    }

    async fn listen(self, mut subscription: PubSub) {
        loop {
            self.pass_on(subscription).await;
            tracing::warn!("hints of the store are interrupted; subscribing again");
            subscription = self.subscribe_again().await;
            // Only now: whoever reads again after this misses nothing, since everything later is heard.
            let _ = self.hints.send(StoreHint::Unknown);
        }
    }

    /// Passes hints on until the connection ends, or does not answer.
    async fn pass_on(&self, subscription: PubSub) {
        let (mut sink, mut stream) = subscription.split();
        loop {
            tokio::select! {
                message = stream.next() => match message {
                    Some(message) => self.tell(&message),
                    None => return,
                },
                () = sleep(SILENCE_MAX) => match timeout(self.timeout, sink.ping::<Value>()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) | Err(_) => return,
                },
            }
        }
    }

    async fn subscribe_again(&self) -> PubSub {
        let mut failures = 0;
        loop {
            match self.subscribe().await {
                Ok(subscription) => return subscription,
                Err(error) => {
                    failures += 1;
                    tracing::debug!(error = words(&error), failures, "no hints of the store yet");
                }
            }
            sleep(BACKOFF.after(failures)).await;
        }
    }

    fn tell(&self, message: &Msg) {
        let said_in = message.get_channel_name().get(self.prefix_bytes..).unwrap_or_default();
        let id = || message.get_payload::<String>().ok().and_then(|text| text.parse::<OperationId>().ok());
        let hint = match Topic::ALL.into_iter().find(|topic| channel(*topic) == said_in) {
            Some(Topic::Outbox) => Some(StoreHint::Outbox),
            Some(Topic::Control) => Some(StoreHint::Control),
            Some(Topic::Cancel) => id().map(StoreHint::Cancel),
            Some(Topic::Changed) => id().map(StoreHint::Changed),
            None => None,
        };
        // Nobody listening is fine.
        let _ = self.hints.send(hint.unwrap_or(StoreHint::Unknown));
    }
}

/// The channel of a topic, below the prefix. The scripts publish in it.
fn channel(topic: Topic) -> &'static str {
    match topic {
        Topic::Cancel => "cancel",
        Topic::Control => "control",
        Topic::Outbox => "outbox",
        Topic::Changed => "changed",
    }
}
