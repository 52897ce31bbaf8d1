//! The broker: job and event messages on their way. Delivery is at least once, and a message is only a hint.
//!
//! Before this: the outbox ([`crate::store`]). After this: a worker claims, or the orchestrator advances.

use async_trait::async_trait;
use ktrdr_domain::{DeviceClass, DeviceRequest, Event, JobMessage, Kind, Priority};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cause::Cause;

/// Anything that travels.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// An operation may be claimed.
    Job {
        /// Which of two waiting jobs is taken first.
        priority: Priority,
        /// What it says.
        job: JobMessage,
    },
    /// An operation ended.
    Event(Event),
}

/// A queue that can be consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// `ktrdr.jobs.<kind>`: jobs that run on anything.
    Jobs(Kind),
    /// `ktrdr.jobs.<kind>.<device>`: jobs that wait for this class of worker. Only kinds that have devices have these.
    Pinned(Kind, DeviceClass),
    /// `ktrdr.events.orchestrator`: every end of every operation.
    OrchestratorEvents,
}

impl Queue {
    /// Every queue there is. Cycles have none: they have no job message.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let kinds = Kind::with_jobs();
        let jobs = kinds.flat_map(|kind| {
            let pinned = DeviceClass::ALL.into_iter().filter(move |_| kind.has_devices());
            std::iter::once(Self::Jobs(kind)).chain(pinned.map(move |class| Self::Pinned(kind, class)))
        });
        jobs.chain([Self::OrchestratorEvents]).collect()
    }

    /// What its jobs do; events are no jobs.
    #[must_use]
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Jobs(kind) | Self::Pinned(kind, _) => Some(kind),
            Self::OrchestratorEvents => None,
        }
    }

    /// Where jobs of a kind with this specification belong: what they ask to run on stands in it, so every message of
    /// one goes the same way.
    #[must_use]
    pub fn of_job(kind: Kind, spec: &Value) -> Self {
        let request = DeviceRequest::of(spec).pinned().filter(|_| kind.has_devices());
        request.map_or(Self::Jobs(kind), |class| Self::Pinned(kind, class))
    }

    /// Where a worker of this class finds jobs of a kind.
    #[must_use]
    pub fn of_worker(kind: Kind, class: DeviceClass) -> Vec<Self> {
        let pinned = kind.has_devices().then_some(Self::Pinned(kind, class));
        pinned.into_iter().chain([Self::Jobs(kind)]).collect()
    }
}

impl Message {
    /// The queue it belongs into.
    #[must_use]
    pub fn queue(&self) -> Queue {
        match self {
            Self::Job { job, .. } => Queue::of_job(job.kind, &job.spec),
            Self::Event(_) => Queue::OrchestratorEvents,
        }
    }
}

/// What became of a published message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The broker has it.
    Confirmed,
    /// No queue wanted it: the topology is incomplete. Keep the outbox entry.
    Unroutable,
    /// No answer in time; it may or may not arrive. Keep the outbox entry, publish again later.
    Unknown,
}

/// Why the broker could not do its part.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BrokerError {
    /// It can not be reached; try again.
    #[error("the broker is unavailable: {0}")]
    Unavailable(#[source] Cause),
    /// Something is missing or different there.
    #[error("the broker is not set up for this: {0}")]
    Topology(#[source] Cause),
}

/// How a process finds its broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerState {
    /// It takes messages and hands them out.
    Answers,
    /// It takes nothing from publishers at present: it is low on memory or disk.
    Blocked,
    /// It can not be reached.
    Gone,
}

/// A message that nobody could read, or that the broker gave up delivering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct DeadLetter {
    /// What it is dropped by: 16 hex digits, from what it says. Copies of one message share it, and nothing else does.
    pub id: String,
    /// What its sender called it: of ours, the operation.
    pub message_id: Option<String>,
    /// The queue it lay in before.
    pub queue: Option<String>,
    /// Why it is here: what could not be read of it, or the broker's word, such as `delivery_limit` or `rejected`.
    pub reason: Option<String>,
    /// Since when, to the second.
    #[serde(default, rename = "at", alias = "at_ms", with = "ktrdr_domain::instant::option")]
    #[schemars(with = "Option<ktrdr_domain::instant::Instant>")]
    pub at_ms: Option<i64>,
    /// How it begins, as text; what can not be printed is escaped.
    pub body: String,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// A message in our hands until it is acknowledged. Dropping it unacknowledged gives it back.
pub struct Delivery {
    /// What it says.
    pub message: Message,
    /// The broker had handed it out before. Whoever got it then gave it back, or is lost to the broker.
    pub is_redelivered: bool,
    /// How to acknowledge it.
    pub receipt: Box<dyn Receipt>,
}

/// The right to acknowledge one delivery.
#[async_trait]
pub trait Receipt: Send + Sync {
    /// Tells the broker to forget the message. Losing this is harmless: the next claim finds the row ended.
    async fn ack(self: Box<Self>);
}

/// A running consumer. Dropping it stops it and gives back what it had not handed out yet; a [`Delivery`] that was
/// handed out is its holder's until acknowledged or dropped.
#[async_trait]
pub trait Deliveries: Send {
    /// The next message; `None` when the consumer ended and must be built anew.
    async fn next(&mut self) -> Option<Delivery>;
}

/// The broker.
///
/// # Errors
/// Every method: [`BrokerError::Unavailable`] passes, [`BrokerError::Topology`] waits for a person.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Publishes in order; the answer has one entry per message.
    async fn publish(&self, messages: Vec<Message>) -> Result<Vec<Published>, BrokerError>;
    /// Starts a consumer that holds at most `prefetch` unacknowledged messages.
    async fn consume(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Deliveries>, BrokerError>;
    /// Messages ready in a queue.
    async fn depth(&self, queue: Queue) -> Result<u64, BrokerError>;
    /// How it stands, within a second or two. Whoever finds it gone has tried to reach it again. One that lives in this
    /// process always answers.
    async fn look(&self) -> BrokerState {
        BrokerState::Answers
    }
    /// Until somebody of this process has reached it again, from now on: whoever waits for the end of a back-off need not sit
    /// it out. Nobody has to come back to one that lives in this process.
    async fn returned(&self) {
        std::future::pending::<()>().await;
    }
}
