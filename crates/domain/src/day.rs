//! Days on a wall calendar somewhere: what daily limits are counted by.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

const DAY_S: i64 = 86_400;

/// A date, as days since 1970-01-01. Written `2026-11-29`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(pub i32);

/// Text that is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date: use 2026-11-29")]
pub struct BadDay(pub String);

impl Day {
    /// The date where a clock is so many seconds ahead of UTC.
    #[must_use]
    pub fn of(unix_ms: i64, utc_offset_s: i32) -> Self {
        let days = unix_ms.div_euclid(1_000).saturating_add(i64::from(utc_offset_s)).div_euclid(DAY_S);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    fn date(self) -> Option<NaiveDate> {
        NaiveDate::from_epoch_days(self.0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => f.pad(&date.format("%Y-%m-%d").to_string()),
            None => write!(f, "@{}", self.0),
        }
    }
}

impl FromStr for Day {
    type Err = BadDay;
    fn from_str(text: &str) -> Result<Self, BadDay> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d");
        let date = date.map_err(|_| BadDay(text.chars().take(80).collect()))?;
        Ok(Self(date.num_days_from_ce() - EPOCH_FROM_CE))
    }
}

/// Days from the first of the year 1 to 1970-01-01, as chrono counts them.
const EPOCH_FROM_CE: i32 = 719_163;

impl TryFrom<String> for Day {
    type Error = BadDay;
    fn try_from(text: String) -> Result<Self, BadDay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// A time zone by whose midnight days begin. Written by its name in the IANA database, such as `Europe/Athens`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayZone(Tz);

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone: use UTC or a name of the IANA database such as Europe/Athens")]
pub struct BadZone(pub String);

impl Default for DayZone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl DayZone {
    /// How many seconds its clocks are ahead of UTC at this moment.
    #[must_use]
    pub fn utc_offset_s(&self, at: Timestamp) -> i32 {
        let utc = DateTime::<Utc>::from_timestamp(at.0, 0).unwrap_or_default();
        self.0.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()
    }

    /// When the day after this one begins. Where clocks are set forward over midnight, that is when they were.
    #[must_use]
    pub fn end_of(&self, day: Day) -> Option<Timestamp> {
        let midnight = day.date()?.checked_add_days(Days::new(1))?.and_hms_opt(0, 0, 0)?;
        let local =
            |hours| self.0.from_local_datetime(&(midnight + chrono::Duration::hours(hours))).earliest();
        local(0).or_else(|| local(1)).map(|at| Timestamp(at.timestamp()))
    }
}

impl FromStr for DayZone {
    type Err = BadZone;
    fn from_str(text: &str) -> Result<Self, BadZone> {
        text.parse().map(Self).map_err(|_| BadZone(text.chars().take(80).collect()))
    }
}

impl TryFrom<String> for DayZone {
    type Error = BadZone;
    fn try_from(text: String) -> Result<Self, BadZone> {
        text.parse()
    }
}

impl From<DayZone> for String {
    fn from(zone: DayZone) -> Self {
        zone.to_string()
    }
}

impl fmt::Display for DayZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_written_and_read_as_a_date() {
        for (day, text) in [(0, "1970-01-01"), (-1, "1969-12-31"), (20_786, "2026-11-29")] {
            assert_eq!(Day(day).to_string(), text);
            assert_eq!(text.parse(), Ok(Day(day)));
        }
        assert!("29.11.2026".parse::<Day>().is_err());
    }

    #[test]
    fn a_day_begins_at_the_zones_own_midnight_also_when_its_clocks_change() {
        let athens: DayZone = "Europe/Athens".parse().unwrap();
        let day = |text: &str| Day::of(at(text).0 * 1_000, athens.utc_offset_s(at(text)));
        assert_eq!(day("2026-11-29T21:59:59Z").to_string(), "2026-11-29");
        assert_eq!(day("2026-11-29T22:00:00Z").to_string(), "2026-11-30");
        // Clocks go back on 2026-10-25 at 01:00 UTC: that day has 25 hours.
        assert_eq!(day("2026-10-24T21:00:00Z").to_string(), "2026-10-25");
        assert_eq!(day("2026-10-25T21:30:00Z").to_string(), "2026-10-25");
        assert_eq!(athens.end_of("2026-10-25".parse().unwrap()), Some(at("2026-10-25T22:00:00Z")));
        assert_eq!(athens.end_of("2026-10-24".parse().unwrap()), Some(at("2026-10-24T21:00:00Z")));
        assert_eq!(DayZone::default().end_of(Day(0)), Some(Timestamp(DAY_S)));
    }

    #[test]
    fn a_zone_that_nobody_knows_is_refused() {
        assert!("Mars/Olympus".parse::<DayZone>().is_err());
    }
}
