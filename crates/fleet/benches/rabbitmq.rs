//! What a message costs on RabbitMQ: persistent, confirmed, mandatory, quorum queue, acknowledged one by one.
//!
//! `eval "$(scripts/services start)"`, then `cargo bench -p ktrdr-fabric --bench rabbitmq`. Without a broker there is
//! nothing to measure.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use divan::Bencher;
use divan::counter::ItemsCount;
use ktrdr_domain::job::SCHEMA;
use ktrdr_domain::{JobMessage, Kind, Priority};
use ktrdr_fabric::broker::{Broker, Message, Published, Queue};
use ktrdr_fabric::store::BootId;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings};
use serde_json::json;
use tokio::runtime::Runtime;
use vhost::{Place, Vhost};

#[path = "../tests/amqp/vhost.rs"]
mod vhost;

const PROBES: Queue = Queue::Jobs(Kind::Probe);

/// Messages of one measured round.
const ROUND: usize = 2560;

fn main() {
    if std::env::var_os("KTRDR_AMQP_ADMIN_URL").is_some() {
        divan::main();
    }
}

/// A broker in a virtual host of its own.
struct Bench {
    runtime: Runtime,
    broker: AmqpBroker,
    _vhost: Vhost,
}

impl Bench {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let (vhost, broker) = runtime.block_on(async {
            let vhost = Vhost::at(Place::shared()).await;
            vhost.apply().await;
            let url = vhost.url().parse().unwrap();
            let settings = AmqpSettings::new(url, "bench", BootId("bench".into()), vec![PROBES]);
            (vhost, AmqpBroker::connect(settings).await.unwrap())
        });
        Self { runtime, broker, _vhost: vhost }
    }

    fn publish(&self, batch: usize) {
        self.runtime.block_on(async {
            for _ in 0..ROUND / batch {
                let published = self.broker.publish(messages(batch)).await.unwrap();
                assert!(published.iter().all(|answer| *answer == Published::Confirmed));
            }
        });
    }

    fn consume(&self, prefetch: u16) {
        self.runtime.block_on(async {
            let mut deliveries = self.broker.consume(PROBES, prefetch).await.unwrap();
            let mut acks = tokio::task::JoinSet::new();
            for _ in 0..ROUND {
                let delivery = deliveries.next().await.unwrap();
                acks.spawn(delivery.receipt.ack());
            }
            acks.join_all().await;
        });
    }
}

/// Jobs of about 1 KB.
fn messages(count: usize) -> Vec<Message> {
    let job = JobMessage {
        schema: SCHEMA,
        operation: "op_bench".parse().unwrap(),
        kind: Kind::Probe,
        root: None,
        spec: json!({"text": "x".repeat(900)}),
    };
    vec![Message::Job { priority: Priority::Normal, job }; count]
}

#[divan::bench(args = [1, 16, 256], sample_count = 5, sample_size = 1)]
fn publish_and_confirm(bencher: Bencher<'_, '_>, in_flight: usize) {
    let bench = Bench::new();
    bencher.counter(ItemsCount::new(ROUND)).bench_local(|| bench.publish(in_flight));
}

#[divan::bench(args = [1, 50], sample_count = 5, sample_size = 1)]
fn consume_and_acknowledge(bencher: Bencher<'_, '_>, prefetch: u16) {
    let bench = Bench::new();
    bencher
        .counter(ItemsCount::new(ROUND))
        .with_inputs(|| bench.publish(256))
        .bench_local_values(|()| bench.consume(prefetch));
}
