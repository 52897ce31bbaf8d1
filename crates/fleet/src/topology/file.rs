//! `queues/topology.toml` as types.

use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind};
use serde::{Deserialize, Deserializer};

use super::{JOBS, TopologyError};

/// Everything the fleet needs on the broker.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Where messages are published.
    #[serde(rename = "exchange")]
    pub exchanges: Vec<Exchange>,
    /// Where they wait.
    #[serde(rename = "queue")]
    pub queues: Vec<QueueRow>,
    /// What the broker does with queues by itself.
    #[serde(rename = "policy")]
    pub policies: Vec<Policy>,
    /// The users that are no workers.
    #[serde(rename = "user")]
    pub(super) users: Vec<super::User>,
}

/// An exchange; always durable.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Its name.
    pub name: String,
    /// How it routes.
    #[serde(rename = "type")]
    pub kind: ExchangeType,
}

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeType {
    /// By the whole routing key.
    Direct,
    /// By a pattern of its words.
    Topic,
    /// To every queue.
    Fanout,
}

impl ExchangeType {
    /// As the broker calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Topic => "topic",
            Self::Fanout => "fanout",
        }
    }
}

/// A queue; always durable, always a quorum queue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueRow {
    /// Its name.
    pub name: String,
    /// What its messages ask for; job queues only.
    pub kind: Option<Kind>,
    /// The class of worker its messages wait for; `None`: any.
    pub device: Option<DeviceClass>,
    /// The exchange it is bound to; job queues: [`JOBS`].
    exchange: Option<String>,
    /// The key it is bound with; job queues: kind and device; a fanout exchange: none.
    binding: Option<String>,
    /// Who takes its messages, such as `worker training`.
    pub consumers: String,
    /// Messages held unacknowledged by one consumer; `None`: as many as it runs at a time.
    #[serde(default, deserialize_with = "prefetch")]
    pub prefetch: Option<u16>,
    /// The longest a job may take; job queues only.
    #[serde(default, deserialize_with = "duration")]
    pub time_limit: Option<Duration>,
    /// Tries of a job, counted in its row; job queues only.
    pub tries: Option<u32>,
}

impl QueueRow {
    /// The exchange it is bound to.
    #[must_use]
    pub fn exchange(&self) -> &str {
        self.exchange.as_deref().unwrap_or(JOBS)
    }

    /// The routing key it is bound with.
    #[must_use]
    pub fn binding(&self) -> String {
        match (&self.binding, self.kind, self.device) {
            (Some(key), _, _) => key.clone(),
            (None, Some(kind), Some(device)) => format!("{kind}.{device}"),
            (None, Some(kind), None) => kind.to_string(),
            (None, None, _) => String::new(),
        }
    }
}

/// What the broker does by itself with the queues whose names match.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Regular expression over names of queues.
    pub pattern: String,
    /// Deliveries of one message before it is a dead letter; −1: without end.
    pub delivery_limit: i64,
    /// Where dead letters go.
    pub dead_letter_exchange: Option<String>,
    /// Messages that fit; a full queue refuses more.
    pub max_length: u64,
    /// Bytes of messages that fit.
    pub max_length_bytes: Option<u64>,
    /// How long a consumer may hold a message.
    #[serde(default, deserialize_with = "duration")]
    pub consumer_timeout: Option<Duration>,
}

impl Topology {
    /// The topology this program was built with.
    ///
    /// # Errors
    /// When the file it was built from can not be read as one.
    pub fn built_in() -> Result<Self, TopologyError> {
        toml::from_str(include_str!("../../../../queues/topology.toml"))
            .map_err(|why| TopologyError::File(why.to_string()))
    }

    /// The policy a queue is under.
    #[must_use]
    pub fn policy_of(&self, queue: &QueueRow) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.covers(&queue.name))
    }
}

impl Policy {
    /// Whether the pattern, a prefix or a whole name of ours, takes in this queue.
    fn covers(&self, queue: &str) -> bool {
        let literal = self.pattern.trim_start_matches('^').replace(r"\.", ".");
        match literal.strip_suffix('$') {
            Some(whole) => queue == whole,
            None => queue.starts_with(&literal),
        }
    }
}

/// `"slots"`, or a number.
fn prefetch<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Prefetch {
        Messages(u16),
        Word(Slots),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Slots {
        Slots,
    }
    Ok(match Prefetch::deserialize(from)? {
        Prefetch::Messages(messages) => Some(messages),
        Prefetch::Word(Slots::Slots) => None,
    })
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}
