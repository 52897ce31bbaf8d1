//! One finding: what was looked at, how it stands, what to do about it.

use std::fmt;

use ktrdr_domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnosis::{Cause, Reason, State};

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Check {
    /// How it stands.
    pub state: State,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub action: Option<String>,
    /// The cause as a stable word, where it is one that the lists and `explain` tell, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Since when, by the store's clock; as far as it is known.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "since",
        alias = "since_ms",
        with = "ktrdr_domain::instant::option"
    )]
    #[schemars(with = "Option<ktrdr_domain::instant::Instant>")]
    pub since_ms: Option<i64>,
}

impl Check {
    pub(in crate::engine) fn ok(what: &str, found: impl fmt::Display) -> Self {
        let (what, found) = (what.into(), found.to_string());
        Self { state: State::Ok, what, found, action: None, why: None, since_ms: None }
    }

    pub(in crate::engine) fn warning(what: &str, found: impl fmt::Display, action: &str) -> Self {
        Self { state: State::Warning, action: Some(action.into()), ..Self::ok(what, found) }
    }

    pub(in crate::engine) fn fault(what: &str, found: impl fmt::Display, action: &str) -> Self {
        Self { state: State::Fault, ..Self::warning(what, found, action) }
    }

    /// A cause in its own words, behind what else was found there.
    pub(super) fn of(what: &str, cause: &Cause, found: Option<&str>) -> Self {
        let Reason { why, message, run, since_ms, .. } = Reason::from(cause);
        let since = since_ms.map(|ms| format!(", since {}", Timestamp::of_ms(ms))).unwrap_or_default();
        let found = found.map(|found| format!("{found}: ")).unwrap_or_default();
        let check = Self::warning(what, format!("{found}{message}{since}"), &run);
        Self { state: cause.state(), why: Some(why.into_owned()), since_ms, ..check }
    }

    /// The same as one of the causes that are told elsewhere, too.
    pub(super) fn because(self, why: &str) -> Self {
        Self { why: Some(why.to_owned()), ..self }
    }

    /// Something did not answer; its words say what to do.
    pub(in crate::engine) fn unreachable(what: &str, why: impl fmt::Display) -> Self {
        Self { state: State::Fault, ..Self::ok(what, why) }
    }
}
