//! Dead letters are looked at without being lost, and dropped one by one.

use ktrdr_fabric::broker::DeadLetter;
use ktrdr_fabric::broker::{Broker, BrokerError};
use ktrdr_fleet::amqp::AmqpBroker;
use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicRejectOptions};
use reqwest::Method;
use serde_json::json;

use crate::world::{PROBES, World, expect, id, probe, publish, until};

/// Twice as often as the broker gives any other message back before it drops it.
const LOOKS: usize = 40;

/// Puts things that nobody can read among the dead letters, as a worker does.
async fn bury(w: &World, broker: &AmqpBroker, bodies: &[&str]) {
    let raw = w.raw().await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    for (n, body) in bodies.iter().enumerate() {
        let named = BasicProperties::default().with_message_id(format!("letter-{n}").into());
        raw.publish("ktrdr.jobs", "probe", named, body.as_bytes()).await;
    }
    publish(broker, &[probe("after")]).await;
    expect(&mut deliveries, &probe("after")).await.receipt.ack().await;
}

async fn look(broker: &AmqpBroker) -> Vec<DeadLetter> {
    broker.dead_letters(100).await.unwrap()
}

fn bodies(letters: &[DeadLetter]) -> Vec<&str> {
    letters.iter().map(|letter| letter.body.as_str()).collect()
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn looking_at_dead_letters_loses_none_however_often() {
    let w = World::new().await;
    let broker = w.broker().await;
    bury(&w, &broker, &["first", "second", "third"]).await;
    for _ in 0..LOOKS {
        assert_eq!(bodies(&look(&broker).await), ["first", "second", "third"]);
    }
    assert_eq!(bodies(&broker.dead_letters(2).await.unwrap()), ["first", "second"]);
    // What was looked at goes back when its channel closes, and the broker counts it a moment later.
    let counted = async || {
        let facts = broker.queues().await.unwrap();
        facts.last().is_some_and(|queue| (queue.name.as_str(), queue.ready) == ("ktrdr.dlq", 3))
    };
    until("three dead letters", counted).await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_dead_letter_says_where_it_lay_why_and_since_when() {
    let w = World::new().await;
    let broker = w.broker().await;
    let long = format!("\u{1b}[31m{}", "x".repeat(70_000));
    bury(&w, &broker, &["no json", &long]).await;
    let letters = look(&broker).await;
    let (short, long) = (&letters[0], &letters[1]);
    assert_eq!(short.message_id.as_deref(), Some("letter-0"));
    assert_eq!(short.queue.as_deref(), Some("ktrdr.jobs.probe"));
    assert!(short.reason.as_ref().unwrap().contains("not readable: expected"), "{short:?}");
    assert!(short.at_ms.unwrap() > 1_700_000_000_000 && short.bytes == 7, "{short:?}");
    assert!(long.reason.as_ref().unwrap().contains("bytes: at most"), "{:?}", long.reason);
    assert!(long.body.starts_with(r"\u{1b}[31mxxx") && long.body.len() < 2100, "{}", long.body);
    assert_eq!(long.bytes, 70_005);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn exactly_the_named_letters_are_dropped_with_their_copies() {
    let w = World::new().await;
    let broker = w.broker().await;
    let raw = w.raw().await;
    bury(&w, &broker, &["a", "b", "c"]).await;
    let copy = BasicProperties::default().with_message_id("letter-1".into());
    raw.publish("ktrdr.dlx", "", copy, b"b").await;
    let letters = look(&broker).await;
    assert_eq!(bodies(&letters), ["a", "b", "c", "b"]);
    assert_eq!(letters[1].id, letters[3].id);
    let dropped = broker.drop_dead_letters(&[letters[1].id.clone(), "unknown".into()]).await.unwrap();
    assert_eq!(bodies(&dropped), ["b", "b"]);
    assert_eq!(bodies(&look(&broker).await), ["a", "c"]);
    assert!(broker.drop_dead_letters(&[letters[1].id.clone()]).await.unwrap().is_empty());
    let rest: Vec<String> = look(&broker).await.into_iter().map(|letter| letter.id).collect();
    broker.drop_dead_letters(&rest).await.unwrap();
    assert!(look(&broker).await.is_empty());
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn what_the_broker_gave_up_delivering_says_so_in_its_words() {
    let w = World::new().await;
    let broker = w.broker().await;
    publish(&broker, &[probe("a")]).await;
    let raw = w.raw().await;
    // RabbitMQ 4.3 counts this, and no longer a nack.
    let again = BasicRejectOptions { requeue: true };
    until("the end of its deliveries", async || {
        let got = raw.channel.basic_get("ktrdr.jobs.probe".into(), BasicGetOptions::default()).await.unwrap();
        match got {
            Some(got) => {
                got.delivery.reject(again).await.unwrap();
                false
            }
            None => !look(&broker).await.is_empty(),
        }
    })
    .await;
    let letters = look(&broker).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].message_id.as_deref(), Some(id("a").as_str()));
    assert_eq!(letters[0].queue.as_deref(), Some("ktrdr.jobs.probe"));
    assert_eq!(letters[0].reason.as_deref(), Some("delivery_limit"));
    assert!(letters[0].at_ms.is_some() && letters[0].body.contains(r#""operation":"op_a""#), "{letters:?}");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn who_is_no_administrator_is_told_who_may() {
    let w = World::new().await;
    let permissions = json!({"configure": "^$", "write": r"^ktrdr\.dlq$", "read": r"^ktrdr\.events"});
    let administrator = w.vhost.place.amqp.split("//").nth(1).unwrap().split(':').next().unwrap().to_owned();
    let broker = w.broker().await;
    w.manage(Method::PUT, &format!("permissions/{}/{administrator}", w.vhost.name), permissions).await;
    match broker.dead_letters(1).await {
        Err(BrokerError::Topology(why)) => {
            assert!(
                why.contains("only the broker's administrator may") && why.contains("ACCESS_REFUSED"),
                "{why}"
            );
        }
        other => panic!("{other:?}"),
    }
}
