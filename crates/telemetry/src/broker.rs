//! A broker that is measured.

use std::sync::Arc;

use async_trait::async_trait;
use ktrdr_fabric::broker::{
    Broker, BrokerError, BrokerState, Deliveries, Delivery, Message, Published, Queue,
};

use crate::outside::Outside;

pub(crate) struct MeasuredBroker {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) outside: Arc<Outside>,
}

/// A consumer that says while it is there.
struct MeasuredDeliveries {
    deliveries: Box<dyn Deliveries>,
    queue: Queue,
    outside: Arc<Outside>,
}

#[async_trait]
impl Broker for MeasuredBroker {
    async fn publish(&self, messages: Vec<Message>) -> Result<Vec<Published>, BrokerError> {
        let answer = self.broker.publish(messages).await;
        self.outside.broker_answered(&answer);
        answer.iter().for_each(|answers| self.outside.published(answers));
        answer
    }

    async fn consume(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Deliveries>, BrokerError> {
        let answer = self.broker.consume(queue, prefetch).await;
        self.outside.broker_answered(&answer);
        let deliveries = answer?;
        self.outside.consumes(queue, true);
        Ok(Box::new(MeasuredDeliveries { deliveries, queue, outside: self.outside.clone() }))
    }

    async fn look(&self) -> BrokerState {
        let state = self.broker.look().await;
        self.outside.looked(state);
        state
    }

    async fn returned(&self) {
        self.broker.returned().await;
    }

    async fn depth(&self, queue: Queue) -> Result<u64, BrokerError> {
        let answer = self.broker.depth(queue).await;
        self.outside.broker_answered(&answer);
        answer
    }
}

#[async_trait]
impl Deliveries for MeasuredDeliveries {
    async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.next().await
    }
}

impl Drop for MeasuredDeliveries {
    fn drop(&mut self) {
        self.outside.consumes(self.queue, false);
    }
}
