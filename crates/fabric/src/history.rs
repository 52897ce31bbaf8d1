//! The history of an operation: what its row went through, for people and for the oracle of the chaos tests.
//!
//! Every entry is written in the same atomic step as the change it tells of, so it is neither early nor missing. The
//! first one, the creation, is read from the row itself. No decision hangs on a history: a long one lacks what came
//! after the creation, and that of a row which is older than histories lacks what came before them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Most entries of one operation: its creation and the latest. One that is tried five times has about twenty.
pub const ENTRIES_MAX: u32 = 200;

/// Longest note, in bytes. The whole error of the last attempt stands in the row.
pub const NOTE_BYTES_MAX: usize = 200;

/// One change of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When, in Unix milliseconds of the store's clock.
    pub at_ms: i64,
    /// What happened.
    pub what: Change,
    /// The row's attempt number: of a claim the new one, 0 before the first and of every root.
    pub fence: u64,
    /// Who held the row: of a claim who does from now on.
    pub worker: Option<String>,
    /// What there is to say of it, see [`Change`]; cut to [`NOTE_BYTES_MAX`].
    pub note: Option<String>,
}

impl Transition {
    /// How every history begins.
    #[must_use]
    pub fn created(at_ms: i64) -> Self {
        Self { at_ms, what: Change::Created, fence: 0, worker: None, note: None }
    }
}

macro_rules! changes {
    ($($(#[$doc:meta])+ $change:ident = $name:literal,)+) => {
        /// What may happen to an operation. The names are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Change {
            $($(#[$doc])+ #[serde(rename = $name)] $change,)+
        }

        impl Change {
            /// Every change, in the order of an operation's life.
            pub const ALL: &'static [Self] = &[$(Self::$change,)+];

            /// The stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$change => $name,)+
                }
            }
        }
    };
}

changes! {
    /// The row was written: by a submit, or by the root whose child it is.
    Created = "created",
    /// A root left its lane; its first child was created. Note: the child.
    Started = "started",
    /// A worker took it: the try is counted, the fence has grown.
    Claimed = "claimed",
    /// As [`Self::Claimed`], from a worker whose lease had lapsed. Note: that worker.
    TakenOver = "taken_over",
    /// The broker lost its worker, which has to beat soon to keep it. Note: who noticed.
    Suspected = "suspected",
    /// Its worker gave it back undone; the try does not count.
    Released = "released",
    /// An attempt failed and another follows. Note: the error.
    RetryScheduled = "retry_scheduled",
    /// The wait for a retry is over: its message was written.
    Due = "due",
    /// A sweep took it from a worker whose lease had lapsed.
    LeaseLapsed = "lease_lapsed",
    /// Its message, or the event of its end, was published again, because it may have been lost. Several in a row are
    /// one entry, the latest: what happens every minute must not push out the rest.
    PublishedAgain = "published_again",
    /// A root entered its next phase. Note: the phase.
    Advanced = "advanced",
    /// Someone asked for a stop, for the first time. Note: who, and why.
    CancelRequested = "cancel_requested",
    /// Ended with a result.
    Completed = "completed",
    /// Ended without. Note: the reason, and the error.
    Failed = "failed",
    /// Ended because someone asked. Note: the error of the attempt that was given up, should there be one.
    Cancelled = "cancelled",
    /// Someone took it out of the dead letters. Note: who.
    Dismissed = "dismissed",
}

impl Change {
    /// Whether the operation ended with it: exactly one of these stands in the history of one that has.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether an attempt began with it: their fences only grow.
    #[must_use]
    pub fn is_claim(self) -> bool {
        matches!(self, Self::Claimed | Self::TakenOver)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Text that is no change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no change of an operation that this version knows; was it written by a newer one?")]
pub struct BadChange(pub String);

impl FromStr for Change {
    type Err = BadChange;
    fn from_str(text: &str) -> Result<Self, BadChange> {
        // Histories in Redis outlive the program that wrote them.
        let text = if text == "doubted" { Self::Suspected.as_str() } else { text };
        let known = Self::ALL.iter().find(|change| change.as_str() == text);
        known.copied().ok_or_else(|| BadChange(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Transition};

    #[test]
    fn a_change_is_printed_and_read_by_one_name() {
        for change in Change::ALL {
            assert_eq!(serde_json::to_value(change).unwrap(), change.as_str());
            assert_eq!(change.as_str().parse(), Ok(*change));
        }
        let unknown = "exploded".parse::<Change>().unwrap_err();
        assert!(unknown.to_string().contains("written by a newer one"), "{unknown}");
    }

    #[test]
    fn a_transition_is_printed_as_json() {
        let taken = Transition {
            at_ms: 7,
            what: Change::TakenOver,
            fence: 2,
            worker: Some("box-2".into()),
            note: Some("box-1".into()),
        };
        let json = serde_json::json!(taken);
        assert_eq!(json["what"], "taken_over");
        assert_eq!(serde_json::from_value::<Transition>(json).unwrap(), taken);
    }
}
