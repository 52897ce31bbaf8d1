//! What is no message of ours becomes a dead letter with its reason, and what comes after it is delivered.

use ktrdr_fabric::broker::{Broker, Queue};
use ktrdr_fleet::amqp::AmqpBroker;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

use crate::world::{PROBES, Raw, World, event, expect, probe, publish, settings, until};

/// The reason on the dead letter that holds this body.
async fn reason(raw: &Raw, body: &str) -> String {
    let (letter, dead) = raw.take("ktrdr.dlq").await;
    assert_eq!(dead, body.as_bytes(), "as it came");
    let headers = letter.headers().as_ref().unwrap().inner().clone();
    assert_eq!(headers["x-ktrdr-queue"], AMQPValue::LongString("ktrdr.jobs.probe".into()));
    let AMQPValue::LongString(reason) = &headers["x-ktrdr-reason"] else { panic!("{headers:?}") };
    reason.to_string()
}

fn with_schema(schema: AMQPValue) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert("x-ktrdr-schema".into(), schema);
    BasicProperties::default().with_headers(headers)
}

fn body(schema: u32, kind: &str) -> String {
    format!(r#"{{"schema": {schema}, "operation": "op_a", "kind": "{kind}", "root": null, "spec": {{}}}}"#)
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn what_can_not_be_read_becomes_a_dead_letter_with_its_reason() {
    let w = World::new().await;
    let (raw, broker) = (w.raw().await, w.broker().await);
    let plain = BasicProperties::default;
    let deep = format!(r#"{{"spec": {}{}}}"#, "[".repeat(100_000 / 2), "]".repeat(10_000));
    let unreadable = body(1, "gold_making");
    let cases: [(BasicProperties, String, &str); 9] = [
        (plain(), "no json".into(), "not readable: expected"),
        (plain(), String::new(), "not readable: EOF"),
        (plain(), "x".repeat(70_000), "70000 bytes: at most"),
        (plain(), deep, "not readable: recursion limit exceeded"),
        (plain(), unreadable, "not readable: unknown variant `gold_making`"),
        (plain(), body(2, "probe"), "schema 2: this version reads up to 1"),
        (with_schema(AMQPValue::LongUInt(9)), body(1, "probe"), "schema 9: this version reads up to 1"),
        (plain(), body(1, "training"), "a job of kind training in the queue of another"),
        (plain(), r#"{"operation": "../../etc"}"#.into(), "not readable: "),
    ];
    let count = cases.len() as u64;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    for (properties, body, expected) in cases {
        raw.publish("ktrdr.jobs", "probe", properties, body.as_bytes()).await;
        publish(&broker, &[probe("fine")]).await;
        expect(&mut deliveries, &probe("fine")).await.receipt.ack().await;
        let said = reason(&raw, &body).await;
        assert!(said.contains(expected), "{said:?} instead of {expected:?}");
        assert!(said.len() <= 2000 && !said.contains('\n'), "{said:?}");
    }
    drop(deliveries);
    until("an empty queue", async || broker.depth(PROBES).await.unwrap() == 0).await;
    assert_eq!(broker.facts().dead_letters, count);
}

/// What RabbitMQ takes in one frame, and all headers of a message go in one.
const FRAME_BYTES: usize = 128 * 1024;

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn headers_that_just_fit_into_a_frame_stop_nobody() {
    let w = World::new().await;
    let (raw, broker) = (w.raw().await, w.broker().await);
    let swollen = || with_schema(AMQPValue::LongString("x".repeat(FRAME_BYTES - 100).into()));
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    raw.publish("ktrdr.jobs", "probe", swollen(), b"no json").await;
    publish(&broker, &[probe("fine")]).await;
    expect(&mut deliveries, &probe("fine")).await.receipt.ack().await;
    assert!(reason(&raw, "no json").await.contains("not readable: expected"));
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn an_unreadable_event_becomes_a_dead_letter_too() {
    let w = World::new().await;
    let (raw, broker) = (w.raw().await, w.broker().await);
    raw.publish("ktrdr.events", "op.training.completed", BasicProperties::default(), b"{}").await;
    publish(&broker, &[event("a")]).await;
    let mut deliveries = broker.consume(Queue::OrchestratorEvents, 1).await.unwrap();
    expect(&mut deliveries, &event("a")).await.receipt.ack().await;
    assert_eq!(raw.take("ktrdr.dlq").await.1, b"{}");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn without_a_place_for_dead_letters_nothing_is_acknowledged_and_nothing_is_lost() {
    let w = World::new().await;
    let (raw, broker) = (w.raw().await, w.broker().await);
    raw.channel.queue_delete("ktrdr.dlq".into(), Default::default()).await.unwrap();
    raw.publish("ktrdr.jobs", "probe", BasicProperties::default(), b"no json").await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    crate::world::expect_end(&mut deliveries).await;
    drop(deliveries);
    w.apply().await;
    let again = AmqpBroker::connect(settings(&w.url())).await.unwrap();
    publish(&again, &[probe("fine")]).await;
    let mut deliveries = again.consume(PROBES, 1).await.unwrap();
    expect(&mut deliveries, &probe("fine")).await.receipt.ack().await;
    assert_eq!(raw.take("ktrdr.dlq").await.1, b"no json");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn fields_of_a_later_minor_version_are_skipped() {
    let w = World::new().await;
    let (raw, broker) = (w.raw().await, w.broker().await);
    let later = r#"{"schema": 1, "operation": "op_fine", "kind": "probe", "root": null, "spec": {"of": "fine"},
                    "flavour": "vanilla"}"#;
    raw.publish("ktrdr.jobs", "probe", BasicProperties::default(), later.as_bytes()).await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    expect(&mut deliveries, &probe("fine")).await.receipt.ack().await;
}
