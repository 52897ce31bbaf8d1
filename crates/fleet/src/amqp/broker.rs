//! The broker seam over RabbitMQ.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::trace::Sample;
use lapin::options::{BasicConsumeOptions, BasicQosOptions, ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use tokio::time::{Instant, timeout};

use super::acks::Acks;
use super::address::AmqpUrl;
use super::connection::AmqpConnection;
use super::consumer::Consumer;
use super::facts::{BrokerFacts, Counters};
use super::failure::within;
use super::message;
use super::publisher::Publisher;
use super::trust::Trust;
use crate::topology::{DEAD_LETTER_QUEUE, DEAD_LETTERS, owner, queue_name};
use ktrdr_fabric::broker::{Broker, BrokerError, BrokerState, Deliveries, Message, Published, Queue};
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::store::BootId;

/// Only asks whether it is there: declaring is not for the roles that work.
pub(super) const PASSIVE: QueueDeclareOptions =
    QueueDeclareOptions { passive: true, durable: true, exclusive: false, auto_delete: false, nowait: false };

/// How long a look waits for a connection. It is made in milliseconds, or something is wrong.
const LOOKS_FOR: Duration = Duration::from_secs(2);

/// How a process talks to the broker.
#[derive(Debug, Clone)]
pub struct AmqpSettings {
    /// Where it is.
    pub url: AmqpUrl,
    /// How far the way there is trusted.
    pub trust: Trust,
    /// What this process does, such as `worker/training`: shown in the broker's list of connections.
    pub role: String,
    /// This run of this process: names the consumers.
    pub boot: BootId,
    /// The queues that must be there. Checked when connecting.
    pub needs: Vec<Queue>,
    /// The fleet whose virtual host it must be, checked when connecting; `None` for who only looks.
    pub fleet: Option<String>,
    /// Consumers of higher priority are served first while they have room; 0 for all alike.
    pub consumer_priority: i32,
    /// After this long without a delivery the broker is asked whether it still knows the consumer: a minute. A
    /// connection may hang without breaking.
    pub silence: Duration,
    /// Which traces messages say are told.
    pub traced: Sample,
}

impl AmqpSettings {
    /// Settings of a role of the fleet `ktrdr` that needs these queues: the system's authorities, nothing readable on the way.
    #[must_use]
    pub fn new(url: AmqpUrl, role: &str, boot: BootId, needs: Vec<Queue>) -> Self {
        let (role, silence) = (role.to_owned(), Duration::from_secs(60));
        let fleet = Some("ktrdr".to_owned());
        let (trust, consumer_priority, traced) = (Trust::default(), 0, Sample::NONE);
        Self { url, trust, role, boot, needs, fleet, consumer_priority, silence, traced }
    }
}

/// One queue, as the broker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFacts {
    /// Its name.
    pub name: String,
    /// Messages ready to be delivered.
    pub ready: u64,
    /// Consumers.
    pub consumers: u64,
}

/// RabbitMQ.
pub struct AmqpBroker {
    publisher: Arc<Publisher>,
    publish_connection: Arc<AmqpConnection>,
    pub(super) consume_connection: Arc<AmqpConnection>,
    counters: Arc<Counters>,
    boot: BootId,
    consumer_priority: i32,
    traced: Sample,
    silence: Duration,
}

impl AmqpBroker {
    /// Connects, and checks that what this role needs is there.
    ///
    /// # Errors
    /// [`BrokerError::Unavailable`] when it can not be reached: try again. [`BrokerError::Topology`] when something
    /// is missing or refused, with what to do.
    pub async fn connect(settings: AmqpSettings) -> Result<Self, BrokerError> {
        let AmqpSettings { url, trust, role, boot, needs, fleet, consumer_priority, silence, traced } =
            settings;
        let connection = |purpose: &str| {
            let name = format!("ktrdr {role} {boot} {purpose}");
            AmqpConnection::new(url.clone(), &name, trust.clone()).map(Arc::new)
        };
        let (publish_connection, consume_connection) = (connection("publish")?, connection("consume")?);
        let counters = Arc::new(Counters::default());
        let publisher = Arc::new(Publisher::new(Arc::clone(&publish_connection), Arc::clone(&counters)));
        let broker = Self {
            publisher,
            publish_connection,
            consume_connection,
            counters,
            boot,
            consumer_priority,
            traced,
            silence,
        };
        broker.check(&needs).await?;
        if let Some(fleet) = fleet {
            owner::check(&broker.consume_connection.channel().await?, url.vhost(), &fleet).await?;
        }
        Ok(broker)
    }

    /// Connections and counters of this process.
    #[must_use]
    pub fn facts(&self) -> BrokerFacts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BrokerFacts {
            publishing: self.publish_connection.is_connected(),
            consuming: self.consume_connection.is_connected(),
            blocked: self.publish_connection.is_blocked(),
            acks_lost: count(&self.counters.acks_lost),
            dead_letters: count(&self.counters.dead_letters),
            unroutable: count(&self.counters.unroutable),
            unknown: count(&self.counters.unknown),
        }
    }

    /// Every queue of the fleet, dead letters last.
    ///
    /// # Errors
    /// As [`Broker::depth`].
    pub async fn queues(&self) -> Result<Vec<QueueFacts>, BrokerError> {
        let names = Queue::all().into_iter().map(queue_name).chain([DEAD_LETTER_QUEUE.to_owned()]);
        let mut facts = Vec::new();
        for name in names {
            facts.push(self.look_at(name).await?);
        }
        Ok(facts)
    }

    /// Dead letters are for every role; the queues only for those that need them.
    async fn check(&self, needs: &[Queue]) -> Result<(), BrokerError> {
        let passive = ExchangeDeclareOptions { passive: true, durable: true, ..Default::default() };
        let channel = self.consume_connection.channel().await?;
        let (name, kind) = (DEAD_LETTERS.into(), ExchangeKind::Fanout);
        within("find ktrdr.dlx", channel.exchange_declare(name, kind, passive, FieldTable::default()))
            .await?;
        for queue in needs {
            self.look_at(queue_name(*queue)).await?;
        }
        Ok(())
    }

    /// On a channel that is thrown away: a queue that is missing closes it.
    async fn look_at(&self, name: String) -> Result<QueueFacts, BrokerError> {
        let channel = self.consume_connection.channel().await?;
        let asked = channel.queue_declare(name.as_str().into(), PASSIVE, FieldTable::default());
        let queue = within(&format!("find {name}"), asked).await?;
        let (ready, consumers) = (queue.message_count().into(), queue.consumer_count().into());
        Ok(QueueFacts { name, ready, consumers })
    }

    async fn start(
        &self,
        channel: &Channel,
        name: &str,
        prefetch: u16,
    ) -> Result<lapin::Consumer, BrokerError> {
        // Without a limit the library would take in the whole queue.
        let qos = channel.basic_qos(prefetch.max(1), BasicQosOptions { global: false });
        within("limit deliveries", qos).await?;
        let mut arguments = FieldTable::default();
        if self.consumer_priority != 0 {
            arguments.insert("x-priority".into(), AMQPValue::LongInt(self.consumer_priority));
        }
        let tag = self.boot.0.chars().filter(char::is_ascii).take(200).collect::<String>();
        let options = BasicConsumeOptions::default();
        let consuming = channel.basic_consume(name.into(), tag.into(), options, arguments);
        within(&format!("consume {name}"), consuming).await
    }
}

#[async_trait]
impl Broker for AmqpBroker {
    async fn publish(&self, messages: Vec<Message>) -> Result<Vec<Published>, BrokerError> {
        let parcels: Result<Vec<_>, _> =
            messages.iter().map(|message| message::wrap(message, self.traced)).collect();
        let parcels =
            parcels.map_err(|why| BrokerError::Topology(Cause::because("not writable as JSON", why)))?;
        self.publisher.publish(&parcels).await
    }

    async fn consume(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Deliveries>, BrokerError> {
        let channel = self.consume_connection.channel().await?;
        let stream = self.start(&channel, &queue_name(queue), prefetch).await?;
        let acks = Arc::new(Acks::new(channel.clone(), prefetch, Arc::clone(&self.counters)));
        Ok(Box::new(Consumer {
            queue,
            channel,
            stream,
            connection: Arc::clone(&self.consume_connection),
            publisher: Arc::clone(&self.publisher),
            counters: Arc::clone(&self.counters),
            acks,
            silence: self.silence,
            heard: Instant::now(),
            refused: None,
        }))
    }

    async fn depth(&self, queue: Queue) -> Result<u64, BrokerError> {
        Ok(self.look_at(queue_name(queue)).await?.ready)
    }

    async fn look(&self) -> BrokerState {
        if self.publish_connection.is_blocked() {
            return BrokerState::Blocked;
        }
        match timeout(LOOKS_FOR, self.consume_connection.reach()).await {
            Ok(Ok(())) => BrokerState::Answers,
            Ok(Err(_)) | Err(_) => BrokerState::Gone,
        }
    }

    async fn returned(&self) {
        self.consume_connection.made().await;
    }
}
