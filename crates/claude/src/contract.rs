//! The Messages API as far as it is spoken here; its batches stand in `batch`. Looked up on 2026-11-28 at
//! <https://platform.claude.com/docs/en/api/messages>, `…/api/streaming`, `…/api/errors` and the pages on tool use, prompt
//! caching, structured outputs and effort beside them.
//!
//! | what | as it is |
//! |---|---|
//! | request | `POST /v1/messages` with `x-api-key`, `anthropic-version: 2023-06-01`, `content-type: application/json` |
//! | refused with 400 by the newest models | `thinking: disabled`, `budget_tokens`, sampling parameters, a prefilled answer, a forced `tool_choice`: none of them is ever sent |
//! | thinking | blocks go back unchanged within a conversation; they count toward `max_tokens` |
//! | structured answers | `output_config.format`: no recursion, no bounds of numbers and lengths, `additionalProperties: false` |
//! | cache | a prefix in the order tools, system, messages; at most four marks; silently nothing when the prefix is short |
//! | events | `message_start`, `content_block_start`, `…_delta`, `…_stop`, `message_delta`, `message_stop`, `ping`, and `error`, which may follow a 200; unknown ones are passed over |
//! | errors | 400 (also a spending limit), 401, 402, 403, 404, 409, 413, 429, 500, 504, 529; `retry-after` in seconds |
//! | ends | `end_turn`, `tool_use`, `max_tokens`, `refusal`, and others |

use ktrdr_agent::Usage;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the vendor is.
pub const VENDOR_URL: &str = "https://api.anthropic.com";

/// The path of a call.
pub(crate) const MESSAGES_PATH: &str = "/v1/messages";

/// Where batches are, behind that.
pub(crate) const BATCHES: &str = "/batches";

/// Carries the key.
pub(crate) const KEY_HEADER: &str = "x-api-key";

/// Carries the version of the contract.
pub(crate) const VERSION_HEADER: (&str, &str) = ("anthropic-version", "2023-06-01");

/// Names a request to the vendor's support.
pub(crate) const REQUEST_ID_HEADER: &str = "request-id";

/// One call.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// The model.
    pub model: String,
    /// Most tokens of the answer, thinking included.
    pub max_tokens: u64,
    /// Always as a stream: a long answer is not cut by a proxy, and one that nobody wants any more is given up at once.
    pub stream: bool,
    /// How hard to think, and the form of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_config: Option<OutputConfig>,
    /// What the model may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolDefinition>,
    /// What it is told before the conversation.
    pub system: Vec<Block>,
    /// The conversation.
    pub messages: Vec<Message>,
}

/// How hard to think, and the form of the answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OutputConfig {
    /// Of models that take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// A schema that the answer must follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<OutputFormat>,
}

/// How hard to think.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// Least tokens.
    Low,
    /// In between.
    #[default]
    Medium,
    /// As much as it takes.
    High,
}

/// The form of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutputFormat {
    /// JSON of this schema.
    JsonSchema {
        /// The schema.
        schema: Value,
    },
}

/// Something that the model may call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolDefinition {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: String,
    /// What it takes.
    pub input_schema: Value,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Whose.
    pub role: Role,
    /// What was said.
    pub content: Vec<Block>,
}

/// Whose turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Ours.
    User,
    /// The model's.
    Assistant,
}

/// One piece of what was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Words.
    Text {
        /// The words.
        text: String,
        /// Whether the prefix up to here is kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    /// Thinking, signed by the vendor.
    Thinking {
        /// What was thought; may be empty.
        thinking: String,
        /// By which the vendor knows it again.
        #[serde(default)]
        signature: String,
    },
    /// Thinking that is not shown.
    RedactedThinking {
        /// What the vendor reads.
        data: String,
    },
    /// The model calls a tool.
    ToolUse {
        /// The call's name.
        id: String,
        /// The tool's.
        name: String,
        /// What it is called with.
        input: Value,
    },
    /// What became of a call.
    ToolResult {
        /// The call's name.
        tool_use_id: String,
        /// The answer.
        content: String,
        /// Whether it could not be done.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        /// Whether the prefix up to here is kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
}

impl Block {
    /// Words, not kept.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), cache_control: None }
    }

    /// Words, up to which the prefix is kept.
    pub fn kept_text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), cache_control: Some(CacheControl::default()) }
    }

    /// Sets or removes the mark up to which the prefix is kept, where a block can carry one.
    pub(crate) fn keep(&mut self, kept: bool) {
        if let Self::Text { cache_control, .. } | Self::ToolResult { cache_control, .. } = self {
            *cache_control = kept.then(CacheControl::default);
        }
    }
}

/// Keeps the prefix up to here for five minutes after its last use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheControl {
    #[serde(rename = "type")]
    kind: CacheKind,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CacheKind {
    #[default]
    Ephemeral,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// It waits for the answers to its calls.
    ToolUse,
    /// It was longer than allowed.
    MaxTokens,
    /// The model will not.
    Refusal,
    /// Something else.
    #[serde(other)]
    Other,
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The model that answered.
    pub model: String,
    /// What it said.
    pub content: Vec<Block>,
    /// Why it ended.
    pub stop: StopReason,
    /// Tokens.
    pub usage: Usage,
}

impl Reply {
    /// Its words, one after the other.
    #[must_use]
    pub fn text(&self) -> String {
        let words = self.content.iter().filter_map(|block| match block {
            Block::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        words.collect()
    }
}

/// One event of a stream.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event {
    MessageStart {
        message: Opening,
    },
    ContentBlockStart {
        index: usize,
        content_block: Value,
    },
    ContentBlockDelta {
        index: usize,
        delta: Delta,
    },
    ContentBlockStop {
        index: usize,
    },
    MessageDelta {
        delta: Closing,
        #[serde(default)]
        usage: UsageCounts,
    },
    MessageStop,
    Error {
        error: ErrorWords,
    },
    #[serde(other)]
    Unknown,
}

/// What is known when an answer begins.
#[derive(Debug, Deserialize)]
pub(crate) struct Opening {
    pub(crate) model: String,
    #[serde(default)]
    pub(crate) usage: UsageCounts,
}

/// What is known when it ends.
#[derive(Debug, Deserialize)]
pub(crate) struct Closing {
    pub(crate) stop_reason: Option<StopReason>,
}

/// A piece of a block.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(other)]
    Unknown,
}

/// Tokens as the vendor counts them: running totals, of which later ones replace earlier ones.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UsageCounts {
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) cache_read_input_tokens: Option<u64>,
    pub(crate) cache_creation_input_tokens: Option<u64>,
    pub(crate) cache_creation: Option<CacheCreation>,
}

/// What was written into the cache, by how long it is kept.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CacheCreation {
    pub(crate) ephemeral_5m_input_tokens: u64,
    pub(crate) ephemeral_1h_input_tokens: u64,
}

impl UsageCounts {
    /// Takes what is said here into the account.
    pub(crate) fn take_into(self, usage: &mut Usage) {
        usage.input = self.input_tokens.unwrap_or(usage.input);
        usage.output = self.output_tokens.unwrap_or(usage.output);
        usage.cache_read = self.cache_read_input_tokens.unwrap_or(usage.cache_read);
        match (self.cache_creation, self.cache_creation_input_tokens) {
            (Some(split), _) => {
                usage.cache_write_5m = split.ephemeral_5m_input_tokens;
                usage.cache_write_1h = split.ephemeral_1h_input_tokens;
            }
            (None, Some(all)) => usage.cache_write_5m = all,
            (None, None) => {}
        }
    }
}

/// The body of an error.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) error: ErrorWords,
}

/// What an error says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorWords {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) message: String,
}
