//! The broker breaks; nothing is lost, and nobody has to help.

mod own;
pub(crate) mod proxy;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_fabric::broker::{Broker, Message, Published};
use ktrdr_fleet::amqp::AmqpBroker;
use own::OwnBroker;
use reqwest::Method;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::world::{PROBES, World, expect, expect_end, next, probe, publish, settings, until};

/// Consumes as a worker does: builds its consumer anew whenever it ended. Tells what it acknowledged.
fn consume_for_ever(broker: Arc<AmqpBroker>) -> mpsc::UnboundedReceiver<Message> {
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while !tell.is_closed() {
            if let Ok(mut deliveries) = broker.consume(PROBES, 4).await {
                while let Some(delivery) = deliveries.next().await {
                    delivery.receipt.ack().await;
                    let _ = tell.send(delivery.message);
                }
            }
            sleep(Duration::from_millis(100)).await;
        }
    });
    told
}

/// Publishes as a relay does: until it is confirmed.
async fn relay(broker: &AmqpBroker, message: Message) {
    until("a confirmed message", async || {
        matches!(broker.publish(vec![message.clone()]).await.as_deref(), Ok([Published::Confirmed]))
    })
    .await;
}

async fn told(consumer: &mut mpsc::UnboundedReceiver<Message>, names: &[&str]) {
    let mut missing: BTreeSet<String> = names.iter().map(|name| format!("op_{name}")).collect();
    while !missing.is_empty() {
        let message = timeout(Duration::from_secs(60), consumer.recv()).await.expect("in time").unwrap();
        let Message::Job { job, .. } = message else { panic!("{message:?}") };
        missing.remove(job.operation.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services: RabbitMQ, starts its own"]
async fn a_restart_of_the_broker_loses_nothing_and_needs_no_help() {
    let own = OwnBroker::start();
    let w = World::at(own.place()).await;
    let broker = Arc::new(w.broker().await);
    let mut consumer = consume_for_ever(Arc::clone(&broker));
    relay(&broker, probe("before")).await;
    told(&mut consumer, &["before"]).await;
    let other = w.broker().await;
    let mut held = other.consume(PROBES, 1).await.unwrap();
    own.stop();
    expect_end(&mut held).await;
    assert!(broker.publish(vec![probe("during")]).await.is_err());
    own.start_again();
    relay(&broker, probe("after")).await;
    told(&mut consumer, &["after"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services: RabbitMQ, starts its own"]
async fn a_blocked_broker_is_unknown_and_visible_and_what_was_on_its_way_comes_at_most_twice() {
    let own = OwnBroker::start();
    let w = World::at(own.place()).await;
    let broker = w.broker().await;
    publish(&broker, &[probe("a")]).await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    own.ctl(&["set_vm_memory_high_watermark", "0.000001"]);
    // The alarm takes its time on a busy machine; what is published before it is confirmed.
    until("an alarm", async || broker.publish(vec![probe("early")]).await.unwrap() == [Published::Unknown])
        .await;
    assert!(broker.facts().blocked);
    let asked = tokio::time::Instant::now();
    assert_eq!(broker.publish(vec![probe("b"), probe("c")]).await.unwrap(), [Published::Unknown; 2]);
    assert!(asked.elapsed() < Duration::from_secs(1), "a broker known to be blocked is not waited for");
    // Acknowledging goes its own way.
    expect(&mut deliveries, &probe("a")).await.receipt.ack().await;
    assert_eq!(broker.facts().acks_lost, 0);

    own.ctl(&["set_vm_memory_high_watermark", "0.4"]);
    relay(&broker, probe("b")).await;
    relay(&broker, probe("end")).await;
    let mut times_b = 0;
    loop {
        let delivery = next(&mut deliveries).await;
        let message = delivery.message;
        delivery.receipt.ack().await;
        match message {
            m if m == probe("b") => times_b += 1,
            m if m == probe("end") => break,
            m if m == probe("early") => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((1..=2).contains(&times_b), "{times_b}");
    assert!(!broker.facts().blocked);
}

/// A consumer timeout of a second: for the node, and over our own policy where the version knows it as one.
async fn let_nothing_be_held_for_long(own: &OwnBroker, w: &World) {
    own.ctl(&[
        "eval",
        "[application:set_env(rabbit, K, 1000) || K <- [consumer_timeout, channel_tick_interval]].",
    ]);
    if !w.administration().version().await.unwrap().unwrap().has_consumer_timeout() {
        return;
    }
    let vhost = &w.vhost.name;
    let policy = json!({"pattern": "^ktrdr", "priority": 100, "definition": {"consumer-timeout": 1000}});
    w.manage(Method::PUT, &format!("policies/{vhost}/impatient"), policy).await;
    until("a policy in force", async || {
        let queue = w.manage(Method::GET, &format!("queues/{vhost}/ktrdr.jobs.probe"), json!({})).await;
        queue["effective_policy_definition"]["consumer-timeout"] == 1000
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services: RabbitMQ, starts its own"]
async fn a_consumer_that_holds_a_message_too_long_ends_and_the_message_comes_again() {
    let own = OwnBroker::start();
    let w = World::at(own.place()).await;
    let_nothing_be_held_for_long(&own, &w).await;
    let broker = AmqpBroker::connect(settings(&w.url())).await.unwrap();
    publish(&broker, &[probe("a")]).await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    let held = expect(&mut deliveries, &probe("a")).await;
    expect_end(&mut deliveries).await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    let again = expect(&mut deliveries, &probe("a")).await;
    held.receipt.ack().await;
    again.receipt.ack().await;
    // Brokers before 4.3 closed the channel, so the late acknowledgement is known to be lost; 4.3 takes no notice of it.
    assert!(broker.facts().acks_lost <= 1);
    until("an empty queue", async || broker.depth(PROBES).await.unwrap() == 0).await;
}

/// Where the broker believes the queue of probes to be led: an expression of its own language.
fn believe_led_by(own: &OwnBroker, w: &World, node: &str) {
    let vhost = &w.vhost.name;
    let believe = format!(
        r#"Name = rabbit_misc:r(<<"{vhost}">>, queue, <<"ktrdr.jobs.probe">>),
        Moved = fun(Queue) -> amqqueue:set_pid(Queue, {{element(1, amqqueue:get_pid(Queue)), {node}}}) end,
        rabbit_misc:execute_mnesia_transaction(fun() -> rabbit_amqqueue:update(Name, Moved) end)."#
    );
    own.ctl(&["eval", &believe]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services: RabbitMQ, starts its own"]
async fn what_was_refused_while_the_leader_of_a_queue_was_gone_is_taken_once_there_is_another() {
    let own = OwnBroker::start();
    let w = World::at(own.place()).await;
    if w.administration().version().await.unwrap().unwrap().major >= 4 {
        return; // Asks every member of the queue.
    }
    let broker = w.broker().await;
    // As for a moment after a node went down: what is known of the queue still names it.
    believe_led_by(&own, &w, "gone@localhost");
    assert_eq!(broker.publish(vec![probe("a")]).await.unwrap(), [Published::Unknown]);
    believe_led_by(&own, &w, "node()");
    relay(&broker, probe("a")).await;
    assert_eq!(broker.depth(PROBES).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services: RabbitMQ, starts its own"]
async fn when_a_node_of_a_cluster_goes_the_next_one_takes_over_with_every_message() {
    let own = OwnBroker::start_cluster();
    let w = World::at(own.place()).await;
    let of_node = |node: &String| w.url().replace(w.authority(), node);
    let urls: Vec<_> = own.nodes().iter().map(of_node).collect();
    let broker = AmqpBroker::connect(settings(&urls.join(","))).await.unwrap();
    let before: Vec<_> = (0..20).map(|n| probe(&format!("{n:02}"))).collect();
    publish(&broker, &before).await;
    // The first node: the one we are connected to, and the leader of every queue.
    own.ctl(&["stop"]);
    relay(&broker, probe("after")).await;
    let mut consumer = consume_for_ever(Arc::new(broker));
    let names: Vec<_> = (0..20).map(|n| format!("{n:02}")).collect();
    told(&mut consumer, &names.iter().map(String::as_str).chain(["after"]).collect::<Vec<_>>()).await;
}
