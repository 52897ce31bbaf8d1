//! Deliveries: as many as asked for, again when they were lost, and an end that is noticed.

use std::time::Duration;

use ktrdr_fabric::broker::{Broker, BrokerError, Published, Queue};
use ktrdr_fabric::store::BootId;
use ktrdr_fleet::amqp::AmqpBroker;
use tokio::time::timeout;

use crate::outages::proxy::Proxy;
use crate::world::{
    PROBES, World, expect, expect_end, expect_nothing, next, probe, publish, settings, until,
};

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_consumer_holds_no_more_than_its_prefetch() {
    let w = World::new().await;
    let broker = w.broker().await;
    publish(&broker, &[probe("a"), probe("b"), probe("c")]).await;
    let mut deliveries = broker.consume(PROBES, 2).await.unwrap();
    let first = expect(&mut deliveries, &probe("a")).await;
    let _second = expect(&mut deliveries, &probe("b")).await;
    expect_nothing(&mut deliveries).await;
    first.receipt.ack().await;
    expect(&mut deliveries, &probe("c")).await.receipt.ack().await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn consumers_of_higher_priority_are_served_first() {
    let w = World::new().await;
    let mut eager = settings(&w.url());
    eager.consumer_priority = 5;
    let (plain, eager) = (w.broker().await, AmqpBroker::connect(eager).await.unwrap());
    let mut by_plain = plain.consume(PROBES, 1).await.unwrap();
    let mut by_eager = eager.consume(PROBES, 1).await.unwrap();
    publish(&plain, &[probe("a")]).await;
    let first = expect(&mut by_eager, &probe("a")).await;
    publish(&plain, &[probe("b")]).await;
    expect(&mut by_plain, &probe("b")).await.receipt.ack().await;
    first.receipt.ack().await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn consumers_are_known_by_their_boot_id_and_connections_by_their_role() {
    let w = World::new().await;
    let mut named = settings(&w.url());
    (named.role, named.boot) = ("worker/probe".into(), BootId("host-7-abc".into()));
    let broker = AmqpBroker::connect(named).await.unwrap();
    let _deliveries = broker.consume(PROBES, 3).await.unwrap();
    let path = format!("consumers/{}", w.vhost.name);
    until("the consumer", async || {
        let consumers = w.manage(reqwest::Method::GET, &path, ().into()).await;
        let first = &consumers[0];
        first["consumer_tag"] == "host-7-abc" && first["prefetch_count"] == 3
    })
    .await;
    until("the connection", async || {
        let connections = w.manage(reqwest::Method::GET, "connections", ().into()).await;
        connections.to_string().contains("ktrdr worker/probe host-7-abc consume")
    })
    .await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn what_was_held_on_a_broken_connection_is_delivered_again_and_its_late_ack_does_no_harm() {
    let w = World::new().await;
    let proxy = Proxy::to(w.authority()).await;
    let broker = AmqpBroker::connect(settings(&proxy.instead_of(&w))).await.unwrap();
    publish(&w.broker().await, &[probe("a"), probe("b")]).await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    let held = expect(&mut deliveries, &probe("a")).await;
    proxy.cut();
    expect_end(&mut deliveries).await;

    let mut again = broker.consume(PROBES, 1).await.unwrap();
    let redelivered = expect(&mut again, &probe("a")).await;
    assert!((held.is_redelivered, redelivered.is_redelivered) == (false, true));
    // Its delivery tag is 1, as that of the new delivery: only the channel tells them apart.
    held.receipt.ack().await;
    until("the lost acknowledgement is counted", async || broker.facts().acks_lost == 1).await;
    expect_nothing(&mut again).await;
    redelivered.receipt.ack().await;
    expect(&mut again, &probe("b")).await.receipt.ack().await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_connection_that_hangs_is_noticed_and_left() {
    let w = World::new().await;
    let proxy = Proxy::to(w.authority()).await;
    let mut impatient = settings(&proxy.instead_of(&w));
    impatient.silence = Duration::from_millis(200);
    let broker = AmqpBroker::connect(impatient).await.unwrap();
    publish(&broker, &[probe("a")]).await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    // Held, or the broker would go on delivering into the void until it misses our heartbeat.
    let _held = expect(&mut deliveries, &probe("a")).await;
    // Asked several times, and known.
    assert!(timeout(Duration::from_secs(1), deliveries.next()).await.is_err());
    proxy.hang();
    let ((), published) = tokio::join!(expect_end(&mut deliveries), broker.publish(vec![probe("b")]));
    assert_eq!(published.unwrap(), [Published::Unknown]);
    publish(&broker, &[probe("c")]).await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    expect(&mut deliveries, &probe("c")).await.receipt.ack().await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_consumer_that_gets_nothing_while_messages_wait_ends_also_when_its_waits_are_abandoned() {
    let w = World::new().await;
    let mut impatient = settings(&w.url());
    impatient.silence = Duration::from_millis(300);
    let broker = AmqpBroker::connect(impatient).await.unwrap();
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    publish(&broker, &[probe("a"), probe("b")]).await;
    // To the consumer it looks as if the broker had forgotten it: there is a message, and it does not come.
    let _held = expect(&mut deliveries, &probe("a")).await;
    let ended = async { while timeout(Duration::from_millis(50), deliveries.next()).await.is_err() {} };
    timeout(Duration::from_secs(10), ended).await.expect("noticed in time");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_deleted_queue_ends_the_consumer_and_a_new_one_works_when_it_is_back() {
    let w = World::new().await;
    let broker = w.broker().await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    w.delete(PROBES).await;
    expect_end(&mut deliveries).await;
    assert!(matches!(broker.consume(PROBES, 1).await.err(), Some(BrokerError::Topology(_))));
    w.apply().await;
    publish(&broker, &[probe("a")]).await;
    let mut deliveries = broker.consume(PROBES, 1).await.unwrap();
    next(&mut deliveries).await.receipt.ack().await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn connecting_without_the_queues_it_needs_says_what_to_do() {
    let w = World::bare().await;
    let refused = AmqpBroker::connect(settings(&w.url())).await.err().unwrap();
    let BrokerError::Topology(why) = refused else { panic!("{refused}") };
    assert!(why.contains("ktrdr topology apply"), "{why}");
    w.apply().await;
    w.delete(PROBES).await;
    let refused = AmqpBroker::connect(settings(&w.url())).await.err().unwrap();
    assert!(refused.to_string().contains("ktrdr.jobs.probe"), "{refused}");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn the_queues_of_the_fleet_are_seen_with_messages_and_consumers() {
    let w = World::new().await;
    let broker = w.broker().await;
    publish(&broker, &[probe("a"), probe("b")]).await;
    let _deliveries = broker.consume(Queue::OrchestratorEvents, 1).await.unwrap();
    let queues = broker.queues().await.unwrap();
    let of = |name: &str| queues.iter().find(|q| q.name == name).map(|q| (q.ready, q.consumers));
    assert_eq!(of("ktrdr.jobs.probe"), Some((2, 0)));
    assert_eq!(of("ktrdr.events.orchestrator"), Some((0, 1)));
    assert_eq!(of("ktrdr.dlq"), Some((0, 0)));
    assert_eq!(of("ktrdr.jobs.training.gpu"), Some((0, 0)));
    assert_eq!(queues.len(), Queue::all().len() + 1);
}
