//! Why an operation failed, as a stable word beside the words for people.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// Why an operation failed. The words are stable: programs and people select by them.
///
/// A row that a newer version wrote may hold a word that is not known here. It is read as [`Self::Other`], shown as it stands,
/// and matches nothing else: no row becomes unreadable because of its reason.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    JsonSchema,
    Deserialize,
    EnumString,
    EnumIter,
    IntoStaticStr,
)]
#[serde(from = "String", into = "String")]
#[strum(serialize_all = "snake_case")]
pub enum FailureReason {
    /// Every try failed, or its worker was lost too often. It is among the dead letters.
    AttemptsExhausted,
    /// It ran longer than its kind may.
    TimeLimit,
    /// What it was told can not be done: no such bars, a specification that makes no sense.
    BadInput,
    /// What it was told must not be done: another window, another policy.
    Refused,
    /// It would have looked into a vault that was not opened for it.
    VaultClosed,
    /// The gate window it would have been examined on was looked at too often.
    WindowBurnt,
    /// A limit of what may be spent would be passed.
    BudgetExhausted,
    /// An exam of a design that repeats what was examined before: it was not looked at.
    Repetition,
    /// Something of ours went wrong.
    Error,
    /// A cycle: a gate said no.
    Gate,
    /// A cycle: its job was cancelled.
    Cancelled,
    /// A cycle: its job returned something unreadable.
    UnreadableResult,
    /// A cycle: its own row holds something unreadable.
    UnreadableCycle,
    /// A cycle: the designed strategy decides on other bars.
    WrongTimeframe,
    /// A cycle: the designed strategy wants to learn outside the dev window.
    OutsideDev,
    /// A cycle: the designed strategy reads a series that the cycle was not given.
    MissingData,
    /// A word of a newer version.
    #[strum(disabled)]
    Other(String),
}

impl FailureReason {
    /// What a row says.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::from_str(word).unwrap_or_else(|_| Self::Other(word.to_owned()))
    }

    /// The stable word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(word) => word,
            known => known.into(),
        }
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<String> for FailureReason {
    fn from(word: String) -> Self {
        Self::of(&word)
    }
}

impl From<FailureReason> for String {
    fn from(reason: FailureReason) -> Self {
        reason.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn a_reason_is_printed_and_read_by_one_word_and_a_newer_ones_word_is_kept() {
        for reason in FailureReason::iter().chain([FailureReason::Other("eclipse".into())]) {
            assert_eq!(FailureReason::from(reason.to_string()), reason);
            let json = serde_json::to_value(&reason).unwrap();
            assert_eq!(json, reason.as_str());
            assert_eq!(serde_json::from_value::<FailureReason>(json).unwrap(), reason);
        }
        assert_eq!(FailureReason::AttemptsExhausted.as_str(), "attempts_exhausted");
        assert_eq!(FailureReason::of("eclipse"), FailureReason::Other("eclipse".into()));
    }
}
