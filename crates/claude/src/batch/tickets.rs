//! What was asked in batches, and what was answered, as artefacts: `batches/<operation>/<attempt>/asked.json` and
//! `…/answered.json`. Each is written once and never changed, so that an attempt that was taken for dead can spoil nothing.

use ktrdr_agent::Cost;
use ktrdr_agent::models::{Lane, Model};
use ktrdr_agent::purse::{Intent, Spent};
use ktrdr_domain::OperationId;
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};
use ktrdr_fabric::clock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::contract::BatchId;
use crate::contract::{Message, Reply};
use crate::sse::STREAM_BYTES_MAX;

/// The form that is written.
const SCHEMA: u32 = 1;

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// A turn that was handed over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    schema: u32,
    /// Its number in the conversation, from 0.
    pub(crate) turn: u32,
    /// What it may cost, and under which name that is set aside.
    pub(crate) intent: Intent,
    /// The request's name in the batch.
    pub(crate) custom_id: String,
    /// The batch.
    pub(crate) batch: BatchId,
    /// When, in Unix milliseconds of the machine that handed it over.
    pub(crate) at_ms: u64,
    /// The conversation up to it.
    pub(crate) messages: Vec<Message>,
}

impl Asked {
    pub(crate) fn now(
        turn: u32,
        intent: Intent,
        custom_id: String,
        batch: BatchId,
        messages: Vec<Message>,
    ) -> Self {
        let at_ms = u64::try_from(clock::since_1970().as_millis()).unwrap_or(u64::MAX);
        Self { schema: SCHEMA, turn, intent, custom_id, batch, at_ms, messages }
    }
}

/// What a batch came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Answer {
    /// An answer.
    Reply {
        /// The answer.
        reply: Reply,
    },
    /// None, and nothing is charged.
    Nothing {
        /// Why.
        why: String,
        /// Whether asking again may help.
        passes: bool,
    },
    /// Nobody can tell what it came to.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Answer {
    /// What it cost.
    pub(crate) fn spent(&self, model: &Model) -> Spent {
        match self {
            Self::Reply { reply } => Spent::Counted(reply.usage, model.cost(&reply.usage, Lane::Batch)),
            Self::Nothing { .. } => Spent::Counted(ktrdr_agent::Usage::default(), Cost::default()),
            Self::Unknown { .. } => Spent::Unknown,
        }
    }
}

/// What was asked, with its answer once that is known.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) asked: Asked,
    pub(crate) answer: Option<Answer>,
}

/// The tickets of one operation.
pub(crate) struct Tickets<'a> {
    pub(crate) artifacts: &'a dyn Artifacts,
    pub(crate) operation: &'a OperationId,
}

impl Tickets<'_> {
    /// All of them, in the order of their attempts.
    pub(crate) async fn all(&self) -> Result<Vec<Ticket>, Trouble> {
        let folder = format!("batches/{}", self.operation).parse()?;
        let keys = self.artifacts.list(&folder).await?;
        let attempt = |key: &Key| key.as_str().strip_suffix("/asked.json")?.rsplit('/').next()?.parse().ok();
        let mut attempts: Vec<u64> = keys.iter().filter_map(attempt).collect();
        attempts.sort_unstable();
        let mut tickets = Vec::new();
        for attempt in attempts {
            tickets.extend(self.of(attempt).await?);
        }
        Ok(tickets)
    }

    /// That of an attempt, if it handed anything over.
    pub(crate) async fn of(&self, attempt: u64) -> Result<Option<Ticket>, Trouble> {
        let Some(asked) = self.read::<Asked>(attempt, "asked").await? else { return Ok(None) };
        if asked.schema != SCHEMA || asked.intent.attempt != attempt {
            return Err(format!("{} is of another version of ktrdr", self.key(attempt, "asked")?).into());
        }
        Ok(Some(Ticket { asked, answer: self.read(attempt, "answered").await? }))
    }

    /// Writes down what was asked.
    pub(crate) async fn ask(&self, asked: &Asked) -> Result<(), Trouble> {
        self.write(asked.intent.attempt, "asked", asked).await
    }

    /// Writes down what was answered; what somebody else wrote before says the same.
    pub(crate) async fn answer(&self, asked: &Asked, answer: &Answer) -> Result<(), Trouble> {
        self.write(asked.intent.attempt, "answered", answer).await
    }

    async fn write(&self, attempt: u64, what: &str, value: &impl Serialize) -> Result<(), Trouble> {
        let bytes = serde_json::to_vec_pretty(value)?;
        match self.artifacts.create(&self.key(attempt, what)?, &bytes).await {
            Ok(()) | Err(ArtifactError::Exists(_)) => Ok(()),
            Err(why) => Err(why.into()),
        }
    }

    async fn read<T: DeserializeOwned>(&self, attempt: u64, what: &str) -> Result<Option<T>, Trouble> {
        let key = self.key(attempt, what)?;
        match self.artifacts.get(&key).await {
            Ok(bytes) if bytes.len() <= 2 * STREAM_BYTES_MAX => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|e| format!("{key} can not be read: {e}").into()),
            Ok(_) => Err(format!("{key} is larger than anything that was written there").into()),
            Err(ArtifactError::NotFound { .. }) => Ok(None),
            Err(why) => Err(why.into()),
        }
    }

    fn key(&self, attempt: u64, what: &str) -> Result<Key, Trouble> {
        Ok(format!("batches/{}/{attempt}/{what}.json", self.operation).parse()?)
    }
}
