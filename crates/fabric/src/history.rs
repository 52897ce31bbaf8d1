//! The history of an operation: what its row went through, for people and for the oracle of the chaos tests.
//!
//! Every entry is written in the same atomic step as the change it tells of, so it is neither early nor missing. The
//! first one, the creation, is read from the row itself. No decision hangs on a history: a long one lacks what came
//! after the creation, and that of a row which is older than histories lacks what came before them.

use ktrdr_domain::excerpt::excerpt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Most entries of one operation: its creation and the latest. One that is tried five times has about twenty.
pub const ENTRIES_MAX: u32 = 200;

/// Longest note, in bytes. The whole error of the last attempt stands in the row.
pub const NOTE_BYTES_MAX: usize = 200;

/// One change of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Transition {
    /// When, by the store's clock.
    #[serde(rename = "at", alias = "at_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
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

/// What may happen to an operation. The names are stable.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    JsonSchema,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", parse_err_ty = BadChange, parse_err_fn = BadChange::of)]
pub enum Change {
    /// The row was written: by a submit, or by the root whose child it is.
    Created,
    /// A root left its lane; its first child was created. Note: the child.
    Started,
    /// A worker took it: the try is counted, the fence has grown.
    Claimed,
    /// As [`Self::Claimed`], from a worker whose lease had lapsed. Note: that worker.
    TakenOver,
    /// The broker lost its worker, which has to beat soon to keep it. Note: who noticed.
    // Histories in Redis outlive the program that wrote them: an older one said so.
    #[strum(serialize = "doubted", to_string = "suspected")]
    #[serde(alias = "doubted")]
    Suspected,
    /// Its worker gave it back undone; the try does not count.
    Released,
    /// An attempt failed and another follows. Note: the error.
    RetryScheduled,
    /// An attempt ended in order to wait for something outside; the try does not count. Note: what for.
    Deferred,
    /// The wait for a retry, or after a deferral, is over: its message was written.
    Due,
    /// A sweep took it from a worker whose lease had lapsed.
    LeaseLapsed,
    /// Its message, or the event of its end, was published again, because it may have been lost. Several in a row are
    /// one entry, the latest: what happens every minute must not push out the rest.
    PublishedAgain,
    /// A root entered its next phase. Note: the phase.
    Advanced,
    /// Someone asked for a stop, for the first time. Note: who, and why.
    CancelRequested,
    /// Ended with a result.
    Completed,
    /// Ended without. Note: the reason, and the error.
    Failed,
    /// Ended because someone asked. Note: the error of the attempt that was given up, should there be one.
    Cancelled,
    /// Someone took it out of the dead letters. Note: who.
    Dismissed,
}

impl Change {
    /// Every change, in the order of an operation's life.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

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

/// Text that is not a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a change of an operation that this version knows; was it written by a newer one?")]
pub struct BadChange(pub String);

impl BadChange {
    fn of(text: &str) -> Self {
        Self(excerpt(text))
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
        assert_eq!("doubted".parse(), Ok(Change::Suspected));
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
