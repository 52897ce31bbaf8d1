//! Messages that the fleet itself would never send, and the dead letters they become.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use lapin::options::{BasicAckOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A connection that does what the fleet never does.
pub(crate) struct PoisonPublisher {
    channel: Channel,
    _connection: Connection,
}

/// Everything foreign that was sent, by the queue it went to, and what of it became a dead letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) sent: BTreeMap<String, &'static str>,
    pub(crate) buried: BTreeSet<String>,
    /// Dead letters that are messages of ours: the broker had delivered them too often.
    pub(crate) ours: u64,
}

/// How the ids of foreign messages begin.
const FOREIGN: &str = "foreign-";

impl Foreign {
    /// What was sent and is no dead letter.
    pub(crate) fn unburied(&self) -> impl Iterator<Item = &str> {
        self.sent.keys().filter(|id| !self.buried.contains(*id)).map(String::as_str)
    }

    /// Everything in a queue is about to be thrown away: what still waits there will never be a dead letter.
    pub(crate) fn excuse(&mut self, queue: &str) {
        let buried = &self.buried;
        self.sent.retain(|id, waits_in| *waits_in != queue || buried.contains(id));
    }
}

impl PoisonPublisher {
    pub(crate) async fn connect(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { channel, _connection: connection }
    }

    /// Sends a handful of foreign messages; they have arrived afterwards.
    pub(crate) async fn send(&self, name: &str, dice: &mut ChaCha8Rng, foreign: &mut Foreign) {
        for n in 0..dice.random_range(2..6) {
            let id = format!("{FOREIGN}{name}-{n}");
            let (headers, body) = foreign_message(dice);
            let properties = BasicProperties::default()
                .with_message_id(id.as_str().into())
                .with_delivery_mode(2)
                .with_headers(headers);
            let (exchange, key, queue) = match dice.random_bool(0.8) {
                true => ("ktrdr.jobs", "probe", "ktrdr.jobs.probe"),
                false => ("ktrdr.events", "op.probe.completed", "ktrdr.events.orchestrator"),
            };
            let options = BasicPublishOptions { mandatory: true, ..Default::default() };
            let sent = self.channel.basic_publish(exchange.into(), key.into(), options, &body, properties);
            let confirmation = sent.await.unwrap().await.unwrap();
            assert!(confirmation.is_ack(), "{id}: {confirmation:?}");
            foreign.sent.insert(id, queue);
        }
    }

    /// Takes dead letters until all that were sent are there, or the time is over.
    pub(crate) async fn collect(&self, foreign: &mut Foreign, patience: Duration) {
        let deadline = Instant::now() + patience;
        loop {
            let got = self.channel.basic_get("ktrdr.dlq".into(), BasicGetOptions::default()).await.unwrap();
            match got {
                Some(got) => {
                    let id = got.delivery.properties.message_id().as_ref().map_or("", |id| id.as_str());
                    match id.starts_with(FOREIGN) {
                        true => drop(foreign.buried.insert(id.to_owned())),
                        false => foreign.ours += 1,
                    }
                    got.delivery.ack(BasicAckOptions::default()).await.unwrap();
                }
                None if foreign.unburied().next().is_none() || Instant::now() > deadline => return,
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

/// Something that no worker can read, or not yet.
fn foreign_message(dice: &mut ChaCha8Rng) -> (FieldTable, Vec<u8>) {
    let mut headers = FieldTable::default();
    let job = |schema: u32, kind: &str| {
        format!(r#"{{"schema":{schema},"operation":"op_foreign","kind":"{kind}","root":null,"spec":{{}}}}"#)
    };
    let body = match dice.random_range(0..6) {
        0 => (0..dice.random_range(0..300)).map(|_| dice.random()).collect(),
        1 => job(99, "probe").into_bytes(),
        2 => {
            headers.insert("x-ktrdr-schema".into(), AMQPValue::LongInt(99));
            job(1, "probe").into_bytes()
        }
        3 => job(1, "tea_making").into_bytes(),
        4 => vec![b'x'; 100_000],
        _ => "[".repeat(10_000).into_bytes(),
    };
    (headers, body)
}
