//! Instants and spans. Seconds since the epoch, UTC; nothing here reads a clock.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;

/// An instant in whole seconds since 1970-01-01T00:00:00Z. Written as RFC 3339 (`2018-12-31T21:00:00Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(pub i64);

/// Text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time: use 2020-01-31, 2020-01-31T13:00:00Z or an RFC 3339 time with an offset")]
pub struct BadTime(pub String);

impl Timestamp {
    /// The second in which a moment of the store's clock lies, from Unix milliseconds.
    #[must_use]
    pub fn of_ms(ms: i64) -> Self {
        Self(ms.div_euclid(1_000))
    }

    /// Midnight UTC of this instant's day.
    #[must_use]
    pub fn day_start(self) -> Self {
        Self(self.0.div_euclid(86_400) * 86_400)
    }

    /// The instant as a calendar date and time; `None` outside the years chrono can show.
    #[must_use]
    pub fn to_datetime(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.0, 0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_datetime() {
            Some(t) => write!(f, "{}", t.format("%Y-%m-%dT%H:%M:%SZ")),
            None => write!(f, "@{}", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = BadTime;
    /// Reads a date (midnight UTC), a date and time without offset (taken as UTC), or RFC 3339.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let text = text.trim();
        if let Ok(t) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self(t.timestamp()));
        }
        for format in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"] {
            if let Ok(t) = NaiveDateTime::parse_from_str(text, format) {
                return Ok(Self(t.and_utc().timestamp()));
            }
        }
        match NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|d| d.and_hms_opt(0, 0, 0)) {
            Some(t) => Ok(Self(t.and_utc().timestamp())),
            None => Err(BadTime(excerpt(text))),
        }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = BadTime;
    fn try_from(text: String) -> Result<Self, BadTime> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(t: Timestamp) -> String {
        t.to_string()
    }
}

/// A half-open span of time: `start` belongs to it, `end` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Span {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
}

impl Span {
    /// Whether `t` lies inside.
    #[must_use]
    pub fn contains(&self, t: Timestamp) -> bool {
        self.start <= t && t < self.end
    }

    /// Whether the whole of `other` lies inside.
    #[must_use]
    pub fn covers(&self, other: &Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share at least one instant.
    #[must_use]
    pub fn overlaps(&self, other: &Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The part both share, or `None`.
    #[must_use]
    pub fn intersection(&self, other: &Span) -> Option<Span> {
        let both = Span { start: self.start.max(other.start), end: self.end.min(other.end) };
        (both.start < both.end).then_some(both)
    }

    /// Length in calendar years of 365.25 days.
    #[must_use]
    pub fn years(&self) -> f64 {
        (self.end.0 - self.start.0) as f64 / (365.25 * 86_400.0)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} … {}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_usual_spellings() {
        let noon: Timestamp = "2020-01-31T12:00:00Z".parse().unwrap();
        for same in ["2020-01-31 12:00:00", "2020-01-31T13:00:00+01:00", "2020-01-31 12:00"] {
            assert_eq!(same.parse::<Timestamp>().unwrap(), noon, "{same}");
        }
        assert_eq!("2020-01-31".parse::<Timestamp>().unwrap(), noon.day_start());
        assert!("31/01/2020".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_span_is_half_open() {
        let span = Span { start: Timestamp(10), end: Timestamp(20) };
        let next = Span { start: Timestamp(20), end: Timestamp(30) };
        assert!(span.contains(Timestamp(10)) && !span.contains(Timestamp(20)));
        assert!(!span.overlaps(&next) && span.intersection(&next).is_none());
    }
}
