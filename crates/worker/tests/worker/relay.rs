//! The relay against brokers that do not take everything.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use ktrdr_domain::{Kind, OperationId};
use ktrdr_fabric::broker::{Broker, BrokerError, Deliveries, Message, Published, Queue};
use ktrdr_fabric::store::OperationReader;
use ktrdr_worker::Relay;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// Answers as scripted, one answer per publish and message; then confirms.
struct Scripted {
    answers: Mutex<Vec<Result<Published, ()>>>,
    seen: Mutex<Vec<(OperationId, Published)>>,
}

#[async_trait]
impl Broker for Scripted {
    async fn publish(&self, messages: Vec<Message>) -> Result<Vec<Published>, BrokerError> {
        let mut published = vec![];
        for message in messages {
            let Message::Job { job, .. } = message else { panic!("only jobs here") };
            let answer = self.answers.lock().unwrap().pop().unwrap_or(Ok(Published::Confirmed));
            let answer = answer.map_err(|()| BrokerError::Unavailable("down".into()))?;
            self.seen.lock().unwrap().push((job.operation, answer));
            published.push(answer);
        }
        Ok(published)
    }
    async fn consume(&self, _: Queue, _: u16) -> Result<Box<dyn Deliveries>, BrokerError> {
        Err(BrokerError::Unavailable("publishes only".into()))
    }
    async fn depth(&self, _: Queue) -> Result<u64, BrokerError> {
        Ok(0)
    }
}

#[tokio::test]
async fn what_is_not_confirmed_stays_and_is_published_again_in_order() {
    let world = World::without_relay();
    let ids = [world.probe().await, world.probe().await, world.probe().await];
    // The first publish is taken in part, the second dies on the way.
    let mut answers =
        vec![Ok(Published::Confirmed), Ok(Published::Unroutable), Ok(Published::Unknown), Err(())];
    answers.reverse();
    let broker = Arc::new(Scripted { answers: Mutex::new(answers), seen: Mutex::new(vec![]) });
    let store = world.engine.store.clone();
    let stop = CancellationToken::new();
    let relay = tokio::spawn(Relay::new(store.clone(), broker.clone()).run(stop.clone()));
    while !store.outbox(None, 10).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    relay.await.unwrap();
    let seen = broker.seen.lock().unwrap().clone();
    let order: Vec<&OperationId> = seen.iter().map(|(id, _)| id).collect();
    assert_eq!(order, [&ids[0], &ids[1], &ids[2], &ids[1], &ids[2]]);
}

#[tokio::test]
async fn a_relay_that_is_stopped_empties_the_outbox_first() {
    let world = World::without_relay();
    for _ in 0..600 {
        world.probe().await;
    }
    let stop = CancellationToken::new();
    stop.cancel();
    Relay::new(world.engine.store.clone(), world.broker.clone()).run(stop).await;
    assert_eq!(world.depth(Kind::Probe).await, 600);
    assert!(world.engine.store.outbox(None, 10).await.unwrap().is_empty());
}
