//! Why a person did something that is kept for ever, in their own words.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A sentence or two, on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);

/// Text that is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason is a sentence of at most {} bytes on one line", Reason::BYTES_MAX)]
pub struct BadReason;

impl Reason {
    /// Longest reason, in bytes.
    pub const BYTES_MAX: usize = 1000;

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = BadReason;
    fn from_str(text: &str) -> Result<Self, BadReason> {
        let text = text.trim();
        let fine = !text.is_empty() && text.len() <= Self::BYTES_MAX && !text.chars().any(char::is_control);
        if fine { Ok(Self(text.to_owned())) } else { Err(BadReason) }
    }
}

impl TryFrom<String> for Reason {
    type Error = BadReason;
    fn try_from(text: String) -> Result<Self, BadReason> {
        text.parse()
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_is_one_line_of_text() {
        assert_eq!(" last check ".parse::<Reason>().unwrap().as_str(), "last check");
        for nothing in ["", "  ", "two\nlines", "\u{1b}[2J", &"x".repeat(Reason::BYTES_MAX + 1)] {
            assert_eq!(nothing.parse::<Reason>(), Err(BadReason), "{nothing:?}");
        }
    }
}
