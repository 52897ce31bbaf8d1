//! A world of its own for each test, and short words for long calls.

use std::time::Duration;

use ktrdr_domain::job::SCHEMA;
use ktrdr_domain::{EndStatus, Event, JobMessage, Kind, OperationId, Priority};
use ktrdr_fabric::broker::{Broker, Deliveries, Delivery, Message, Published, Queue};
use ktrdr_fabric::store::BootId;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings};
use ktrdr_fleet::topology::{Administration, queue_name};
use lapin::options::{BasicAckOptions, BasicGetOptions, ConfirmSelectOptions, QueueDeleteOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::vhost::{Place, Vhost};

pub(crate) const PROBES: Queue = Queue::Jobs(Kind::Probe);
pub(crate) const TRAINING: Queue = Queue::Jobs(Kind::Training);
pub(crate) const BACKTESTS: Queue = Queue::Jobs(Kind::Backtesting);

/// Longer than anything here takes, unless it fails.
const TIMEOUT: Duration = Duration::from_secs(90);

/// A virtual host with the fleet's topology.
pub(crate) struct World {
    pub(crate) vhost: Vhost,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at(Place::shared()).await
    }

    pub(crate) async fn at(place: Place) -> Self {
        let world = Self { vhost: Vhost::at(place).await };
        world.apply().await;
        world
    }

    /// Without a topology.
    pub(crate) async fn bare() -> Self {
        Self { vhost: Vhost::at(Place::shared()).await }
    }

    pub(crate) async fn apply(&self) {
        self.vhost.apply().await;
    }

    pub(crate) fn administration(&self) -> Administration {
        self.vhost.administration()
    }

    /// Of the administrator.
    pub(crate) fn url(&self) -> String {
        self.vhost.url()
    }

    /// `host:port`
    pub(crate) fn authority(&self) -> &str {
        self.vhost.place.amqp.rsplit_once('@').unwrap().1
    }

    /// The administrator's name.
    pub(crate) fn administrator(&self) -> &str {
        let user = self.vhost.place.amqp.split_once("//").unwrap().1;
        user.split_once(':').unwrap().0
    }

    /// One call of the management interface.
    pub(crate) async fn manage(&self, method: Method, path: &str, body: Value) -> Value {
        self.vhost.place.manage(method, path, body).await
    }

    pub(crate) async fn broker(&self) -> AmqpBroker {
        AmqpBroker::connect(settings(&self.url())).await.unwrap()
    }

    /// A connection that does what the fleet never does.
    pub(crate) async fn raw(&self) -> Raw {
        let connection = Connection::connect(&self.url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Raw { channel, _connection: connection }
    }

    pub(crate) async fn delete(&self, queue: Queue) {
        let raw = self.raw().await;
        let name = queue_name(queue);
        raw.channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.unwrap();
    }
}

/// See [`World::raw`].
pub(crate) struct Raw {
    pub(crate) channel: Channel,
    _connection: Connection,
}

impl Raw {
    /// Puts something there that the fleet would not; it has arrived afterwards.
    pub(crate) async fn publish(&self, exchange: &str, key: &str, properties: BasicProperties, body: &[u8]) {
        let options = lapin::options::BasicPublishOptions::default();
        let sent = self.channel.basic_publish(exchange.into(), key.into(), options, body, properties);
        sent.await.unwrap().await.unwrap();
    }

    /// Takes one message.
    pub(crate) async fn take(&self, queue: &str) -> (BasicProperties, Vec<u8>) {
        let looking = async {
            loop {
                let got = self.channel.basic_get(queue.into(), BasicGetOptions::default()).await.unwrap();
                if let Some(got) = got {
                    got.delivery.ack(BasicAckOptions::default()).await.unwrap();
                    return (got.delivery.properties, got.delivery.data);
                }
            }
        };
        timeout(TIMEOUT, looking).await.expect("a message there")
    }
}

pub(crate) fn settings(url: &str) -> AmqpSettings {
    AmqpSettings::new(url.parse().unwrap(), "test", BootId("test-1-0".into()), vec![PROBES])
}

pub(crate) fn id(name: &str) -> OperationId {
    format!("op_{name}").parse().unwrap()
}

pub(crate) fn job(kind: Kind, name: &str) -> Message {
    let job = JobMessage { schema: SCHEMA, operation: id(name), kind, root: None, spec: json!({"of": name}) };
    Message::Job { priority: Priority::Normal, job }
}

pub(crate) fn probe(name: &str) -> Message {
    job(Kind::Probe, name)
}

pub(crate) fn event(name: &str) -> Message {
    Message::Event(Event {
        operation: id(name),
        kind: Kind::Training,
        root: Some(id("root")),
        status: EndStatus::Completed,
        fence: 3,
        again: false,
    })
}

/// Publishes what must arrive.
pub(crate) async fn publish(broker: &AmqpBroker, messages: &[Message]) {
    let published = broker.publish(messages.to_vec()).await.unwrap();
    assert_eq!(published, vec![Published::Confirmed; messages.len()]);
}

/// The next delivery, which must come.
pub(crate) async fn next(deliveries: &mut Box<dyn Deliveries>) -> Delivery {
    timeout(TIMEOUT, deliveries.next()).await.expect("a delivery in time").expect("a living consumer")
}

/// The next delivery, which must be this one.
pub(crate) async fn expect(deliveries: &mut Box<dyn Deliveries>, message: &Message) -> Delivery {
    let delivery = next(deliveries).await;
    assert_eq!(&delivery.message, message);
    delivery
}

/// The consumer must end.
pub(crate) async fn expect_end(deliveries: &mut Box<dyn Deliveries>) {
    let end = timeout(TIMEOUT, deliveries.next()).await.expect("an end in time");
    assert!(end.is_none(), "a delivery came");
}

/// Nothing comes, although there was time.
pub(crate) async fn expect_nothing(deliveries: &mut Box<dyn Deliveries>) {
    assert!(timeout(Duration::from_millis(300), deliveries.next()).await.is_err(), "a delivery came");
}

/// Until a fact holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let looking = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(TIMEOUT, looking).await.unwrap_or_else(|_| panic!("{what} did not come about"));
}
