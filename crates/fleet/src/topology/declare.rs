//! Exchanges, queues and bindings over AMQP: declared, or only asked for.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use super::{Difference, Exchange, ExchangeType, QueueRow, Topology};
use crate::amqp::{AmqpConnection, within};
use ktrdr_fabric::broker::BrokerError;

/// Declares what is missing; the names of all.
pub(super) async fn everything(
    connection: &AmqpConnection,
    topology: &Topology,
) -> Result<Vec<String>, BrokerError> {
    let channel = connection.channel().await?;
    let mut there = Vec::new();
    for exchange in &topology.exchanges {
        declare_exchange(&channel, exchange, false).await?;
        there.push(format!("exchange {}", exchange.name));
    }
    for queue in &topology.queues {
        declare_queue(&channel, queue, false).await?;
        bind(&channel, queue).await?;
        there.push(format!("queue {}", queue.name));
    }
    Ok(there)
}

/// What is not there. Each question has a channel of its own: what is missing closes it.
pub(super) async fn missing(
    connection: &AmqpConnection,
    topology: &Topology,
) -> Result<Vec<Difference>, BrokerError> {
    let mut missing = Vec::new();
    for exchange in &topology.exchanges {
        let asked = declare_exchange(&connection.channel().await?, exchange, true).await;
        missing.extend(absent(asked, || format!("exchange {}", exchange.name))?);
    }
    for queue in &topology.queues {
        let asked = declare_queue(&connection.channel().await?, queue, true).await;
        missing.extend(absent(asked, || format!("queue {}", queue.name))?);
    }
    Ok(missing)
}

fn absent(
    asked: Result<(), BrokerError>,
    subject: impl Fn() -> String,
) -> Result<Option<Difference>, BrokerError> {
    match asked {
        Ok(()) => Ok(None),
        Err(BrokerError::Topology(_)) => Ok(Some(Difference::missing(subject()))),
        Err(why @ BrokerError::Unavailable(_)) => Err(why),
    }
}

async fn declare_exchange(channel: &Channel, exchange: &Exchange, passive: bool) -> Result<(), BrokerError> {
    let kind = match exchange.kind {
        ExchangeType::Direct => ExchangeKind::Direct,
        ExchangeType::Topic => ExchangeKind::Topic,
        ExchangeType::Fanout => ExchangeKind::Fanout,
    };
    let options = ExchangeDeclareOptions { passive, durable: true, ..Default::default() };
    let name = exchange.name.as_str().into();
    let declared = channel.exchange_declare(name, kind, options, FieldTable::default());
    within(&format!("declare exchange {}", exchange.name), declared).await
}

/// Durable and quorum: every other argument could never be changed.
async fn declare_queue(channel: &Channel, queue: &QueueRow, passive: bool) -> Result<(), BrokerError> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let options = QueueDeclareOptions { passive, durable: true, ..Default::default() };
    let declared = channel.queue_declare(queue.name.as_str().into(), options, arguments);
    within(&format!("declare queue {}", queue.name), declared).await.map(|_| ())
}

async fn bind(channel: &Channel, queue: &QueueRow) -> Result<(), BrokerError> {
    let (name, exchange, key) = (queue.name.as_str().into(), queue.exchange().into(), queue.binding().into());
    let bound = channel.queue_bind(name, exchange, key, QueueBindOptions::default(), FieldTable::default());
    within(&format!("bind queue {}", queue.name), bound).await
}
