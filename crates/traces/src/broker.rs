//! A broker whose messages are told of: that they were published, and, of the end of an operation, what it went through.
//!
//! Every end of every operation, however it came about, is one event in the outbox, so whoever relays it knows of them all.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use ktrdr_domain::job::JobMessage;
use ktrdr_domain::{Kind, OperationId, SpanId};
use ktrdr_fabric::broker::{Broker, BrokerError, BrokerState, Deliveries, Message, Published, Queue};

use crate::job::destination;
use crate::names;
use crate::part::{Nanos, Part, SpanKind, nanos_of};
use crate::queue;

pub(crate) struct TracedBroker {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) queue: Arc<queue::Queue>,
    /// What is behind it, as the messaging conventions call it.
    pub(crate) system: &'static str,
}

/// What there is to tell of a message, should the broker take it.
enum Told {
    Nothing,
    Job { id: OperationId, kind: Kind, queue: Queue },
    End(OperationId),
}

impl Told {
    fn of(message: &Message, queue: &queue::Queue) -> Self {
        match message {
            Message::Job { job: JobMessage { operation, kind, .. }, .. } if queue.wants(operation) => {
                Self::Job { id: operation.clone(), kind: *kind, queue: message.queue() }
            }
            // What is said again was told the first time.
            Message::Event(event) if !event.again && queue.wants(&event.operation) => {
                Self::End(event.operation.clone())
            }
            Message::Job { .. } | Message::Event(_) => Self::Nothing,
        }
    }
}

impl TracedBroker {
    fn tell(&self, told: Told, answer: Published, from: Nanos, until: Nanos) {
        match told {
            Told::Job { id, kind, queue } => {
                let sent = Sent { id, kind, queue, from, until, system: self.system };
                self.queue.tell(move || sent.told(answer));
            }
            Told::End(id) if answer == Published::Confirmed => self.queue.end(id),
            Told::End(_) | Told::Nothing => {}
        }
    }
}

/// A message that was given to the broker.
struct Sent {
    id: OperationId,
    kind: Kind,
    queue: Queue,
    from: Nanos,
    until: Nanos,
    system: &'static str,
}

impl Sent {
    fn told(self, answer: Published) -> Part {
        let Self { id, kind, queue, from, until, system } = self;
        let span = SpanId::of(&id, &format!("publish/{from}"));
        let part = Part::new(&id, span, format!("{} {kind}", names::PUBLISH), from, until)
            .kind(SpanKind::Producer)
            .within(SpanId::whole(&id))
            .say(names::OPERATION_ID, id.as_str())
            .say(names::MESSAGING_SYSTEM, system)
            .say(names::MESSAGING_OPERATION, names::PUBLISH)
            .say(names::MESSAGING_OPERATION_TYPE, "send")
            .say(names::MESSAGING_DESTINATION, destination(queue).as_str())
            .say(names::MESSAGING_MESSAGE, id.as_str());
        match answer {
            Published::Confirmed => part,
            Published::Unroutable => failed(part, "unroutable", "no queue wanted it"),
            Published::Unknown => failed(part, "unknown", "the broker did not answer"),
        }
    }
}

fn failed(part: Part, class: &str, words: &str) -> Part {
    part.say(names::ERROR_TYPE, class).failed(words)
}

#[async_trait]
impl Broker for TracedBroker {
    async fn publish(&self, messages: Vec<Message>) -> Result<Vec<Published>, BrokerError> {
        let told: Vec<Told> = messages.iter().map(|message| Told::of(message, &self.queue)).collect();
        let from = nanos_of(SystemTime::now());
        let answers = self.broker.publish(messages).await?;
        let until = nanos_of(SystemTime::now());
        told.into_iter().zip(&answers).for_each(|(told, answer)| self.tell(told, *answer, from, until));
        Ok(answers)
    }

    async fn consume(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Deliveries>, BrokerError> {
        self.broker.consume(queue, prefetch).await
    }

    async fn depth(&self, queue: Queue) -> Result<u64, BrokerError> {
        self.broker.depth(queue).await
    }

    async fn look(&self) -> BrokerState {
        self.broker.look().await
    }

    async fn returned(&self) {
        self.broker.returned().await;
    }
}
