//! The five statuses of an operation, and who moves it out of each.
//!
//! | status | moves to | who moves it | if that mover dies |
//! |---|---|---|---|
//! | `pending` | `running` | a worker's claim | the message is redelivered, or the sweep publishes it again |
//! | | `cancelled` | a cancel request | the request is one atomic step: it happened or it did not |
//! | | `failed` | a claim that finds the tries used up | the next claim or sweep does the same |
//! | `running` | `completed`, `failed`, `cancelled` | the worker's finish; for a root, `advance` | the lease lapses and the sweep decides |
//! | | `pending` | a finish that asks for a retry, a deferral or a release; the sweep, or another claim, when the lease lapsed | the sweep is run by every process |
//! | `completed`, `failed`, `cancelled` | – | nobody: a terminal status never changes | – |
//!
//! "Cancelling" (running with a cancel flag) and "stale" (running with a lapsed lease) are views, not statuses.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

use crate::excerpt::excerpt;

/// Where an operation stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    JsonSchema,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = BadStatus, parse_err_fn = BadStatus::of)]
pub enum Status {
    /// Waiting for a worker, for the due time of a retry or a deferral, or (a root) for its lane.
    Pending,
    /// Claimed by a worker, or (a root) moving through its phases.
    Running,
    /// Ended with a result.
    Completed,
    /// Ended with a reason.
    Failed,
    /// Ended because someone asked.
    Cancelled,
}

/// The three statuses that never change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndStatus {
    /// See [`Status::Completed`].
    Completed,
    /// See [`Status::Failed`].
    Failed,
    /// See [`Status::Cancelled`].
    Cancelled,
}

impl Status {
    /// Every status, in the order of an operation's life.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// The terminal status this is, if it is one.
    #[must_use]
    pub fn end(self) -> Option<EndStatus> {
        match self {
            Self::Pending | Self::Running => None,
            Self::Completed => Some(EndStatus::Completed),
            Self::Failed => Some(EndStatus::Failed),
            Self::Cancelled => Some(EndStatus::Cancelled),
        }
    }

    /// Whether nothing can change it any more.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self.end().is_some()
    }

    /// The transition table above, as data.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => matches!(next, Self::Running | Self::Failed | Self::Cancelled),
            Self::Running => next != Self::Running,
            Self::Completed | Self::Failed | Self::Cancelled => false,
        }
    }

    /// The status in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl From<EndStatus> for Status {
    fn from(end: EndStatus) -> Self {
        match end {
            EndStatus::Completed => Self::Completed,
            EndStatus::Failed => Self::Failed,
            EndStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl fmt::Display for EndStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Status::from(*self).fmt(f)
    }
}

/// Text that is not a status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a status: use pending, running, completed, failed or cancelled")]
pub struct BadStatus(pub String);

impl BadStatus {
    fn of(text: &str) -> Self {
        Self(excerpt(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_for_all_pairs() {
        let allowed: Vec<(Status, Status)> = Status::ALL
            .into_iter()
            .flat_map(|from| Status::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from.may_become(*to))
            .collect();
        use Status::{Cancelled, Completed, Failed, Pending, Running};
        assert_eq!(
            allowed,
            [
                (Pending, Running),
                (Pending, Failed),
                (Pending, Cancelled),
                (Running, Pending),
                (Running, Completed),
                (Running, Failed),
                (Running, Cancelled),
            ]
        );
    }

    #[test]
    fn names_round_trip() {
        for status in Status::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{status}\""));
        }
    }
}
