//! Replies by the hash of their requests, as artefacts: a night can be gone through once more at no cost, and every design comes
//! out the same, bit for bit. A request holds no key, no campaign and no time of day, so that the same question is the same
//! request wherever and whenever it is asked; what is stored is the answer and nothing of how it was got.

use std::sync::Arc;

use ktrdr_domain::Sha256;
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};
use serde::{Deserialize, Serialize};

use crate::contract::Reply;
use crate::error::CallError;
use crate::sse::STREAM_BYTES_MAX;

/// The form that is written.
const SCHEMA: u32 = 1;

/// What is done with recorded replies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recording {
    /// Nothing is recorded, every question is asked.
    #[default]
    Off,
    /// A question that was asked before is answered as then; others are asked, and their answers recorded.
    Reuse,
    /// Only recorded answers are given: nothing is asked, nothing is spent, no key is needed.
    Replay,
}

/// Recorded replies of a workspace.
#[derive(Clone)]
pub struct Recorded {
    pub(crate) artifacts: Arc<dyn Artifacts>,
    recording: Recording,
}

#[derive(Serialize, Deserialize)]
struct Record {
    schema: u32,
    request_sha256: Sha256,
    reply: Reply,
}

impl Recorded {
    /// Those among these artefacts.
    #[must_use]
    pub fn new(artifacts: Arc<dyn Artifacts>, recording: Recording) -> Self {
        Self { artifacts, recording }
    }

    /// What was answered to this request.
    ///
    /// # Errors
    /// When only recorded replies are taken and there is none, or what is there is no reply to this request.
    pub(crate) async fn find(&self, request: &Sha256) -> Result<Option<Reply>, CallError> {
        if self.recording == Recording::Off {
            return Ok(None);
        }
        let key = key(request)?;
        let bytes = match self.artifacts.get(&key).await {
            Ok(bytes) => bytes,
            Err(ArtifactError::NotFound { .. }) if self.recording == Recording::Reuse => return Ok(None),
            Err(why) => {
                let what = format!("only recorded replies are taken (agent.replies = \"replay\"), and {why}");
                return Err(CallError::NotRecorded(what));
            }
        };
        let record = (bytes.len() <= STREAM_BYTES_MAX).then(|| serde_json::from_slice::<Record>(&bytes));
        match record {
            Some(Ok(record)) if record.schema == SCHEMA && record.request_sha256 == *request => {
                Ok(Some(record.reply))
            }
            _ => Err(CallError::NotRecorded(format!("{key} holds no reply to this request: remove it"))),
        }
    }

    /// Keeps an answer. What can not be kept is asked again another time.
    pub(crate) async fn keep(&self, request: &Sha256, reply: &Reply) {
        if self.recording != Recording::Reuse {
            return;
        }
        let record = Record { schema: SCHEMA, request_sha256: *request, reply: reply.clone() };
        let kept = match (key(request), serde_json::to_vec_pretty(&record)) {
            (Ok(key), Ok(bytes)) => self.artifacts.put(&key, &bytes).await.map_err(|e| e.to_string()),
            (Err(why), _) => Err(why.to_string()),
            (_, Err(why)) => Err(why.to_string()),
        };
        if let Err(why) = kept {
            tracing::warn!("a reply could not be recorded: {why}");
        }
    }
}

fn key(request: &Sha256) -> Result<Key, CallError> {
    format!("replies/{request}.json").parse().map_err(|e| CallError::NotRecorded(format!("{e}")))
}
