//! A language model that wrote a strategy, and until when it may know how markets went: results on bars from before that are
//! explained by memory as well as by skill.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Who wrote a strategy, where that was a language model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Author {
    /// Its id.
    pub model: String,
    /// The last month of which it may know anything, as its vendor says.
    pub training_cutoff: Month,
    /// Whether symbol, dates and price level were hidden from it.
    #[serde(default)]
    pub masked: bool,
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = if self.masked { ", masked" } else { "" };
        write!(f, "{} (knows until {}{masked})", self.model, self.training_cutoff)
    }
}

/// A calendar month. Written `2026-06`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(NaiveDate);

/// Text that is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a month: use 2026-06")]
pub struct BadMonth(pub String);

impl Month {
    /// The first instant after it, UTC.
    #[must_use]
    pub fn end(self) -> Timestamp {
        let next = self.0.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
        Timestamp(next.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
    }
}

impl FromStr for Month {
    type Err = BadMonth;
    fn from_str(text: &str) -> Result<Self, BadMonth> {
        let bad = || BadMonth(text.chars().take(80).collect());
        let is_written =
            |part: &str, digits| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        let parts = text.split_once('-').filter(|(year, month)| is_written(year, 4) && is_written(month, 2));
        let (year, month) = parts.ok_or_else(bad)?;
        let (year, month) = (year.parse().map_err(|_| bad())?, month.parse().map_err(|_| bad())?);
        NaiveDate::from_ymd_opt(year, month, 1).map(Self).ok_or_else(bad)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl TryFrom<String> for Month {
    type Error = BadMonth;
    fn try_from(text: String) -> Result<Self, BadMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_one_begins() {
        let ends = ["2026-06", "2025-12"].map(|month| month.parse::<Month>().unwrap().end().to_string());
        assert_eq!(ends, ["2026-07-01T00:00:00Z", "2026-01-01T00:00:00Z"]);
        for odd in ["2026-13", "2026-6", "26-06", "2026-06-01", "", "2026-+6"] {
            assert!(odd.parse::<Month>().is_err(), "{odd}");
        }
        assert_eq!(serde_json::to_string(&"2026-06".parse::<Month>().unwrap()).unwrap(), "\"2026-06\"");
    }
}
