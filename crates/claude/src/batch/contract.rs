//! The Message Batches API as far as it is spoken here. Looked up on 2026-11-29 at
//! <https://platform.claude.com/docs/en/api/messages/batches> (create, retrieve, results, cancel) and
//! <https://platform.claude.com/docs/en/build-with-claude/batch-processing>.
//!
//! | what | as it is |
//! |---|---|
//! | create | `POST /v1/messages/batches` with `requests: [{custom_id, params}]`, at most 100,000 of them or 256 MB; `params` as of a message, checked later and not at the door. Here each batch holds one |
//! | `custom_id` | 1 to 64 letters, digits, `_` and `-`, unique in its batch; results come in any order and are found by it |
//! | look | `GET …/{id}`: `processing_status` is `in_progress`, `canceling` or `ended`; asking again costs nothing |
//! | results | `GET …/{id}/results` once it ended: a line of JSON for each request, kept for 29 days. `results_url` names the same place, and is not followed: the key goes nowhere on a server's word |
//! | a result | `succeeded` with a message, `errored` with an error, `canceled`, `expired`; only the first is charged |
//! | cancel | `POST …/{id}/cancel`, any time before it ends; what is under way may still succeed, and is charged then |
//! | time | mostly within an hour; what has not begun after 24 hours is `expired` |
//! | price | half of everything, the cache included, which is kept as well as may be |
//! | not in a batch | `stream`, and a `max_tokens` of 0 |

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contract::{Block, ErrorBody, Reply, StopReason, UsageCounts};
use crate::error::CallError;
use crate::words::harmless;

/// Longest name of a batch.
const ID_CHARS_MAX: usize = 128;

/// A batch's name, fit to stand in an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct BatchId(String);

impl TryFrom<String> for BatchId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        let fits = (1..=ID_CHARS_MAX).contains(&text.len());
        if is_plain && fits {
            Ok(Self(text))
        } else {
            Err("the name of a batch is 1 to 128 letters, digits, _ or -")
        }
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is handed over.
#[derive(Serialize)]
pub(crate) struct Create<'a> {
    pub(crate) requests: [Entry<'a>; 1],
}

/// One request of a batch.
#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    pub(crate) custom_id: &'a str,
    pub(crate) params: &'a Value,
}

/// A batch as it stands.
#[derive(Debug, Deserialize)]
pub(crate) struct Batch {
    pub(crate) id: BatchId,
    pub(crate) processing_status: Processing,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Processing {
    InProgress,
    Canceling,
    Ended,
    /// Something new: not ended, as far as is known.
    #[serde(other)]
    Unknown,
}

/// One line of the results.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) custom_id: String,
    pub(crate) result: Outcome,
}

/// What became of a request.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Outcome {
    Succeeded {
        message: Whole,
    },
    Errored {
        error: ErrorBody,
    },
    Canceled,
    Expired,
    #[serde(other)]
    Unknown,
}

/// A message that did not come as a stream.
#[derive(Debug, Deserialize)]
pub(crate) struct Whole {
    model: String,
    content: Vec<Value>,
    stop_reason: Option<StopReason>,
    #[serde(default)]
    usage: UsageCounts,
}

impl TryFrom<Whole> for Reply {
    type Error = CallError;
    fn try_from(message: Whole) -> Result<Self, CallError> {
        let Some(stop) = message.stop_reason else {
            return Err(CallError::Nonsense("a message of a batch does not say why it ended".to_owned()));
        };
        let mut usage = ktrdr_agent::Usage::default();
        message.usage.take_into(&mut usage);
        // Blocks of a sort that is not known here are passed over, as those of a stream.
        let known = |block| serde_json::from_value::<Block>(block).ok();
        let content = message.content.into_iter().filter_map(known).collect();
        Ok(Self { model: harmless(&message.model, 100), content, stop, usage })
    }
}
