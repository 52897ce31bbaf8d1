//! Why a call gave no answer.

use std::time::Duration;

use crate::contract::ErrorWords;
use crate::words::harmless;

/// Most characters of what a server says that are repeated.
const WORDS_MAX: usize = 300;

/// What kept a call from giving an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The server said no.
    #[error(transparent)]
    Refused(Refusal),
    /// Nobody could be reached.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The connection was lost, or nothing came any more, while the answer was under way.
    #[error("the answer broke off: {0}")]
    Broke(String),
    /// The request or the answer is larger than anything of use.
    #[error("{0}")]
    TooLarge(String),
    /// What came is not of the contract.
    #[error("the server does not speak the Messages API: {0}")]
    Nonsense(String),
    /// There is no recorded reply, and only those are taken.
    #[error("{0}")]
    NotRecorded(String),
}

/// A server's no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} ({}{}): {words}{}", status.map_or("after 200".to_owned(), |s| s.to_string()),
    request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default(), kind.advice())]
pub struct Refusal {
    /// What sort of no.
    pub kind: RefusalKind,
    /// The status; `None` in the midst of an answer that began well.
    pub status: Option<u16>,
    /// What the server said, made harmless.
    pub words: String,
    /// What its support asks for.
    pub request_id: Option<String>,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// Sorts of no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// 400: the request, or a spending limit.
    InvalidRequest,
    /// 401: the key.
    Authentication,
    /// 402: the bill.
    Billing,
    /// 403: what the key may do.
    Permission,
    /// 404: the model or the address.
    NotFound,
    /// 409: something else at the same time.
    Conflict,
    /// 413: the size.
    TooLarge,
    /// 429: the pace.
    RateLimit,
    /// 500 and other troubles of the server.
    Server,
    /// 504: the time.
    Timeout,
    /// 529: the load.
    Overloaded,
    /// Any other status.
    Other,
}

impl RefusalKind {
    /// By the status.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            400 => Self::InvalidRequest,
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            504 => Self::Timeout,
            529 => Self::Overloaded,
            500..=599 => Self::Server,
            _ => Self::Other,
        }
    }

    /// By the word of an error in the midst of an answer.
    fn of_word(word: &str) -> Self {
        match word {
            "invalid_request_error" => Self::InvalidRequest,
            "authentication_error" => Self::Authentication,
            "billing_error" => Self::Billing,
            "permission_error" => Self::Permission,
            "not_found_error" => Self::NotFound,
            "request_too_large" => Self::TooLarge,
            "rate_limit_error" => Self::RateLimit,
            "timeout_error" => Self::Timeout,
            "overloaded_error" => Self::Overloaded,
            _ => Self::Server,
        }
    }

    /// Whether the same request may be answered a little later.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Conflict | Self::RateLimit | Self::Server | Self::Timeout | Self::Overloaded)
    }

    fn word(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid request",
            Self::Authentication => "the key is not accepted",
            Self::Billing => "billing",
            Self::Permission => "not permitted",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::TooLarge => "request too large",
            Self::RateLimit => "rate limit",
            Self::Server => "trouble of the server",
            Self::Timeout => "timeout of the server",
            Self::Overloaded => "overloaded",
            Self::Other => "unexpected status",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Authentication => {
                "; check ANTHROPIC_API_KEY, or KTRDR_AGENT__API_KEY where KTRDR_AGENT__BASE_URL is set"
            }
            Self::Billing => "; see the billing of the key's account",
            Self::Permission => "; use a key that may use this model",
            Self::NotFound => "; check the model (agent.model) and KTRDR_AGENT__BASE_URL",
            _ => "",
        }
    }
}

impl std::fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

impl CallError {
    /// An error in the midst of an answer that began well.
    pub(crate) fn after_success(words: &ErrorWords) -> Self {
        Self::Refused(Refusal {
            kind: RefusalKind::of_word(&words.kind),
            status: None,
            words: harmless(&words.message, WORDS_MAX),
            request_id: None,
            retry_after: None,
        })
    }

    /// An answer with another status than 200.
    pub(crate) fn of_status(
        status: u16,
        words: &str,
        request_id: Option<&str>,
        retry_after: Option<Duration>,
    ) -> Self {
        Self::Refused(Refusal {
            kind: RefusalKind::of_status(status),
            status: Some(status),
            words: harmless(words, WORDS_MAX),
            request_id: request_id.map(|id| harmless(id, 80)),
            retry_after,
        })
    }

    /// Whether the same request may be answered a little later.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.kind.passes(),
            Self::Unreachable(_) | Self::Broke(_) => true,
            Self::TooLarge(_) | Self::Nonsense(_) | Self::NotRecorded(_) => false,
        }
    }

    /// Whether nothing was read for it, and so nothing has to be paid: it was refused at the door.
    #[must_use]
    pub fn is_free(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.status.is_some(),
            Self::Unreachable(_) | Self::NotRecorded(_) => true,
            Self::TooLarge(_) | Self::Nonsense(_) | Self::Broke(_) => false,
        }
    }

    /// How long the server wants to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }
}

impl From<crate::sse::TooLarge> for CallError {
    fn from(_: crate::sse::TooLarge) -> Self {
        Self::TooLarge(format!(
            "the answer is larger than {} MiB, or one event of it than {} MiB: it was given up",
            crate::sse::STREAM_BYTES_MAX >> 20,
            crate::sse::EVENT_BYTES_MAX >> 20
        ))
    }
}
