//! The broker.

use std::time::Duration;

use ktrdr_domain::job::SCHEMA;
use ktrdr_domain::{DeviceClass, EndStatus, Event, JobMessage, Kind, Priority};
use ktrdr_fabric::broker::{BrokerError, Deliveries, Delivery, Message, Published, Queue};
use serde_json::json;

use crate::world::{World, id};

const PROBES: Queue = Queue::Jobs(Kind::Probe);

fn job(name: &str, priority: Priority) -> Message {
    let job =
        JobMessage { schema: SCHEMA, operation: id(name), kind: Kind::Probe, root: None, spec: json!({}) };
    Message::Job { priority, job }
}

/// A probe that asks for a device.
fn asking(name: &str, kind: Kind, request: &str) -> Message {
    let (operation, spec) = (id(name), json!({ "device": request }));
    Message::Job {
        priority: Priority::Normal,
        job: JobMessage { schema: SCHEMA, operation, kind, root: None, spec },
    }
}

fn event(name: &str) -> Message {
    Message::Event(Event {
        operation: id(name),
        kind: Kind::Probe,
        root: None,
        status: EndStatus::Completed,
        fence: 1,
        again: false,
    })
}

async fn publish(w: &World, messages: &[Message]) {
    let published = w.broker.publish(messages.to_vec()).await.unwrap();
    assert_eq!(published, vec![Published::Confirmed; messages.len()]);
}

/// The next delivery, which must be this one.
async fn expect(deliveries: &mut Box<dyn Deliveries>, message: &Message) -> Delivery {
    let delivery = deliveries.next().await.unwrap();
    assert_eq!(&delivery.message, message);
    delivery
}

/// Nothing comes, although there was time.
async fn expect_nothing(deliveries: &mut Box<dyn Deliveries>) {
    let next = tokio::time::timeout(Duration::from_millis(20), deliveries.next()).await;
    assert!(next.is_err(), "a delivery came");
}

pub(crate) async fn messages_come_in_order_of_priority_then_age(w: World) {
    let (low, first, second, high) = (
        job("low", Priority::Low),
        job("first", Priority::Normal),
        job("second", Priority::Normal),
        job("high", Priority::High),
    );
    publish(&w, &[low.clone(), first.clone(), second.clone(), high.clone()]).await;
    assert_eq!(w.broker.depth(PROBES).await.unwrap(), 4);
    let mut deliveries = w.broker.consume(PROBES, 1).await.unwrap();
    for message in [high, first, second, low] {
        expect(&mut deliveries, &message).await.receipt.ack().await;
    }
    assert_eq!(w.broker.depth(PROBES).await.unwrap(), 0);
}

pub(crate) async fn a_consumer_holds_no_more_than_its_prefetch(w: World) {
    let (a, b, c) = (job("a", Priority::Normal), job("b", Priority::Normal), job("c", Priority::Normal));
    publish(&w, &[a.clone(), b.clone(), c.clone()]).await;
    let mut deliveries = w.broker.consume(PROBES, 2).await.unwrap();
    let first = expect(&mut deliveries, &a).await;
    let _second = expect(&mut deliveries, &b).await;
    expect_nothing(&mut deliveries).await;
    first.receipt.ack().await;
    expect(&mut deliveries, &c).await.receipt.ack().await;
}

pub(crate) async fn an_unacknowledged_message_is_delivered_again(w: World) {
    let (a, b) = (job("a", Priority::Normal), job("b", Priority::Normal));
    publish(&w, &[a.clone(), b.clone()]).await;
    let mut deliveries = w.broker.consume(PROBES, 1).await.unwrap();
    let first = expect(&mut deliveries, &a).await;
    assert!(!first.is_redelivered);
    drop(first);
    let again = expect(&mut deliveries, &a).await;
    assert!(again.is_redelivered);
    again.receipt.ack().await;
    let other = expect(&mut deliveries, &b).await;
    assert!(!other.is_redelivered);
    other.receipt.ack().await;
    expect_nothing(&mut deliveries).await;
}

pub(crate) async fn acknowledgements_in_any_order_forget_those_messages_and_no_others(w: World) {
    let names: Vec<String> = (0..60).map(|i| format!("m{i:02}")).collect();
    let messages: Vec<Message> = names.iter().map(|name| job(name, Priority::Normal)).collect();
    publish(&w, &messages).await;
    let mut deliveries = w.broker.consume(PROBES, 60).await.unwrap();
    let mut held = Vec::new();
    for message in &messages {
        held.push(Some(expect(&mut deliveries, message).await));
    }
    // Latest first, in steps that leave gaps behind them; every seventh is given back in between.
    let order = (0..4).flat_map(|step| (0..60).rev().filter(move |i| i % 4 == step));
    for i in order {
        let delivery = held[i].take().unwrap();
        match i % 7 {
            0 => drop(delivery),
            _ => delivery.receipt.ack().await,
        }
        tokio::task::yield_now().await;
    }
    let mut again = Vec::new();
    for _ in (0..60).step_by(7) {
        let delivery = deliveries.next().await.unwrap();
        assert!(delivery.is_redelivered);
        again.push(delivery.message.clone());
        delivery.receipt.ack().await;
    }
    again.sort_by_key(|message| messages.iter().position(|m| m == message));
    let given_back: Vec<Message> = messages.iter().step_by(7).cloned().collect();
    assert_eq!(again, given_back);
    expect_nothing(&mut deliveries).await;
    drop(deliveries);
    let mut other = w.broker.consume(PROBES, 60).await.unwrap();
    expect_nothing(&mut other).await;
}

pub(crate) async fn a_dropped_consumer_gives_back_what_it_had_not_handed_out(w: World) {
    let (a, b, c) = (job("a", Priority::Normal), job("b", Priority::Normal), job("c", Priority::Normal));
    publish(&w, &[a.clone(), b.clone(), c.clone()]).await;
    let mut first = w.broker.consume(PROBES, 5).await.unwrap();
    let held = expect(&mut first, &a).await;
    drop(first);
    let mut second = w.broker.consume(PROBES, 5).await.unwrap();
    expect(&mut second, &b).await.receipt.ack().await;
    expect(&mut second, &c).await.receipt.ack().await;
    expect_nothing(&mut second).await;
    drop(held);
    expect(&mut second, &a).await.receipt.ack().await;
}

pub(crate) async fn what_a_dropped_consumer_handed_out_can_still_be_acknowledged(w: World) {
    let (a, b) = (job("a", Priority::Normal), job("b", Priority::Normal));
    publish(&w, &[a.clone(), b.clone()]).await;
    let mut first = w.broker.consume(PROBES, 5).await.unwrap();
    let held = expect(&mut first, &a).await;
    let also_held = expect(&mut first, &b).await;
    drop(first);
    held.receipt.ack().await;
    drop(also_held);
    let mut second = w.broker.consume(PROBES, 5).await.unwrap();
    expect(&mut second, &b).await.receipt.ack().await;
    expect_nothing(&mut second).await;
}

pub(crate) async fn a_message_wakes_a_waiting_consumer(w: World) {
    let mut deliveries = w.broker.consume(PROBES, 1).await.unwrap();
    let waiting = tokio::spawn(async move { deliveries.next().await.unwrap().message });
    tokio::task::yield_now().await;
    publish(&w, &[job("a", Priority::Normal)]).await;
    assert_eq!(waiting.await.unwrap(), job("a", Priority::Normal));
}

pub(crate) async fn an_abandoned_wait_loses_nothing(w: World) {
    let mut deliveries = w.broker.consume(PROBES, 1).await.unwrap();
    expect_nothing(&mut deliveries).await;
    publish(&w, &[job("a", Priority::Normal)]).await;
    expect(&mut deliveries, &job("a", Priority::Normal)).await.receipt.ack().await;
}

pub(crate) async fn a_cycle_has_no_queue(w: World) {
    let Message::Job { priority, job } = job("r", Priority::Normal) else { unreachable!() };
    let of_a_cycle = Message::Job { priority, job: JobMessage { kind: Kind::AgentResearch, ..job } };
    let published = w.broker.publish(vec![of_a_cycle, event("a")]).await.unwrap();
    assert_eq!(published, [Published::Unroutable, Published::Confirmed]);
    let consumed = w.broker.consume(Queue::Jobs(Kind::AgentResearch), 1).await;
    assert!(matches!(consumed.err(), Some(BrokerError::Topology(_))));
}

pub(crate) async fn jobs_that_ask_for_a_device_wait_where_its_workers_find_them(w: World) {
    let [any, gpu, cpu] = ["any", "gpu", "cpu"].map(|request| asking(request, Kind::Probe, request));
    publish(&w, &[any.clone(), gpu.clone(), cpu.clone()]).await;
    let pinned = |class| Queue::Pinned(Kind::Probe, class);
    for (queue, message) in [(PROBES, any), (pinned(DeviceClass::Gpu), gpu), (pinned(DeviceClass::Cpu), cpu)]
    {
        let mut deliveries = w.broker.consume(queue, 5).await.unwrap();
        expect(&mut deliveries, &message).await.receipt.ack().await;
        expect_nothing(&mut deliveries).await;
    }
}

pub(crate) async fn a_wish_that_its_kind_does_not_know_changes_nothing(w: World) {
    let messages = [asking("load", Kind::DataLoad, "gpu"), asking("odd", Kind::Probe, "abacus")];
    publish(&w, &messages).await;
    for (queue, message) in [Queue::Jobs(Kind::DataLoad), PROBES].into_iter().zip(&messages) {
        let mut deliveries = w.broker.consume(queue, 1).await.unwrap();
        expect(&mut deliveries, message).await.receipt.ack().await;
    }
    let consumed = w.broker.consume(Queue::Pinned(Kind::DataLoad, DeviceClass::Gpu), 1).await;
    assert!(matches!(consumed.err(), Some(BrokerError::Topology(_))));
}

pub(crate) async fn events_go_to_the_orchestrator(w: World) {
    publish(&w, &[event("a"), event("a"), event("b")]).await;
    let mut deliveries = w.broker.consume(Queue::OrchestratorEvents, 10).await.unwrap();
    for expected in ["a", "a", "b"] {
        expect(&mut deliveries, &event(expected)).await.receipt.ack().await;
    }
}
