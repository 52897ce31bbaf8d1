//! Confirmed, or accounted for.

use ktrdr_domain::Kind;
use ktrdr_fabric::broker::{Broker, BrokerError, Message, Published};
use lapin::options::ExchangeDeleteOptions;
use lapin::types::AMQPValue;
use serde_json::json;

use crate::world::{PROBES, TRAINING, World, event, expect, job, probe, publish, until};

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_confirmed_message_is_in_its_queue() {
    let w = World::new().await;
    let broker = w.broker().await;
    publish(&broker, &[probe("a")]).await;
    assert_eq!(broker.depth(PROBES).await.unwrap(), 1);
    assert_eq!(broker.depth(TRAINING).await.unwrap(), 0);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_message_no_queue_wants_is_unroutable_and_the_others_arrive() {
    let w = World::new().await;
    let broker = w.broker().await;
    w.delete(TRAINING).await;
    let published = broker.publish(vec![probe("a"), job(Kind::Training, "b"), event("c")]).await.unwrap();
    assert_eq!(published, [Published::Confirmed, Published::Unroutable, Published::Confirmed]);
    assert_eq!(broker.facts().unroutable, 1);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn without_its_exchange_a_message_is_refused_with_what_to_do() {
    let w = World::new().await;
    let broker = w.broker().await;
    let raw = w.raw().await;
    raw.channel.exchange_delete("ktrdr.jobs".into(), ExchangeDeleteOptions::default()).await.unwrap();
    let refused = broker.publish(vec![probe("a")]).await.unwrap_err();
    assert!(
        matches!(&refused, BrokerError::Topology(why) if why.contains("ktrdr topology apply")),
        "{refused}"
    );
    w.apply().await;
    publish(&broker, &[probe("a")]).await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_full_queue_refuses_and_the_rest_of_the_batch_arrives() {
    let w = World::new().await;
    let broker = w.broker().await;
    let definition = json!({"max-length": 1, "overflow": "reject-publish"});
    let policy = json!({"pattern": "probe$", "priority": 99, "apply-to": "queues", "definition": definition});
    w.manage(reqwest::Method::PUT, &format!("policies/{}/small", w.vhost.name), policy).await;
    // The queue learns of its length a little later than of its messages.
    until("a full queue", async || broker.publish(vec![probe("a")]).await.unwrap() == [Published::Unknown])
        .await;
    let published = broker.publish(vec![probe("b"), job(Kind::Training, "c")]).await.unwrap();
    assert_eq!(published, [Published::Unknown, Published::Confirmed]);
    assert!(broker.facts().unknown >= 2);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_batch_of_any_size_arrives_in_order() {
    let w = World::new().await;
    let broker = w.broker().await;
    let messages: Vec<Message> = (0..700).map(|n| probe(&format!("{n:04}"))).collect();
    publish(&broker, &messages).await;
    let mut deliveries = broker.consume(PROBES, 50).await.unwrap();
    for message in &messages {
        expect(&mut deliveries, message).await.receipt.ack().await;
    }
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_message_says_on_the_outside_what_it_is() {
    let w = World::new().await;
    publish(&w.broker().await, &[event("a")]).await;
    let (properties, body) = w.raw().await.take("ktrdr.events.orchestrator").await;
    let text = |part: &Option<lapin::types::ShortString>| part.as_ref().unwrap().to_string();
    assert_eq!(*properties.delivery_mode(), Some(2));
    assert_eq!(*properties.priority(), Some(4));
    assert_eq!(text(properties.message_id()), "op_a");
    assert_eq!(text(properties.correlation_id()), "op_root");
    assert_eq!(text(properties.kind()), "ktrdr.training.v1");
    assert_eq!(text(properties.content_type()), "application/json");
    assert!(text(properties.app_id()).starts_with("ktrdr/"));
    assert!(properties.timestamp().is_some());
    assert!(properties.expiration().is_none());
    let headers = properties.headers().as_ref().unwrap().inner();
    assert_eq!(headers["x-ktrdr-schema"], AMQPValue::LongInt(1));
    assert_eq!(headers["x-ktrdr-fence-hint"], AMQPValue::LongLongInt(3));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap()["operation"], "op_a");
}
