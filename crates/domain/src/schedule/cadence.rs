//! When the ticks of a schedule are: a cron text of five fields, on a wall clock somewhere.
//!
//! A wall clock skips an hour in spring and shows one twice in autumn. **Where the hour is named**, `30 2 * * *` or `0 1,2 * * *`,
//! a tick is a reading of the clock that comes once a day: one that is skipped is due at the first instant behind the gap, one
//! that is shown twice is due the first time. **Where any hour will do**, `0 * * * *` or `*/15 */2 * * *`, a tick is an interval:
//! what the clock skips is not there, what it shows twice comes twice. Readings that fall on one instant are one tick.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;
use crate::time::Timestamp;

/// Longest cron text, in bytes.
const BYTES_MAX: usize = 100;

/// The longest stretch that any clock shows twice. A gap may be longer: whole days were skipped where the date line moved.
const REPEATED_MAX: TimeDelta = TimeDelta::hours(3);

/// The longest gap: the day that Samoa and others skipped, and some.
const GAP_MINUTES_MAX: i64 = 2 * 24 * 60;

/// Years in which a text comes true that ever does: after 28 of them, the days of the week and the leap years are as before.
const SEARCHED_FROM: &str = "2000-01-01T00:00:00";
const SEARCHED_YEARS: &str = "2000-2028";

/// Ticks on a wall clock.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Cadence {
    text: String,
    cron: Cron,
    zone: Tz,
}

/// As it is written: `{"cron": "30 1 * * *", "zone": "America/New_York"}`.
#[derive(Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Minute, hour, day of the month, month, day of the week.
    cron: String,
    /// By whose clock: a name of the IANA database.
    zone: String,
}

/// Text that is no cadence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCadence {
    /// The cron text can not be read.
    #[error(
        "{0:?} is no cron text of five fields (minute, hour, day of the month, month, day of the week), such as `30 1 * * *`: {1}"
    )]
    Cron(String, String),
    /// It names a day that no year has.
    #[error("{0:?} never comes true: no year has such a day")]
    Never(String),
    /// There is no such zone.
    #[error("{0:?} is not a time zone: use UTC or a name of the IANA database such as America/New_York")]
    Zone(String),
}

impl Cadence {
    /// A cron text on the clock of a zone of the IANA database.
    ///
    /// # Errors
    /// See [`BadCadence`].
    pub fn new(cron: &str, zone: &str) -> Result<Self, BadCadence> {
        let text = cron.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let refuse = |why: &str| BadCadence::Cron(excerpt(cron), why.to_owned());
        if cron.len() > BYTES_MAX || !cron.is_ascii() {
            return Err(refuse(&format!("it has at most {BYTES_MAX} bytes of ASCII")));
        }
        if text.split(' ').count() != 5 {
            return Err(refuse("it has five fields"));
        }
        let read = |text: &str, seconds, year| {
            let parser = CronParser::builder().seconds(seconds).year(year).build();
            parser.parse(text).map_err(|why| refuse(&why.to_string()))
        };
        let cron = read(&text, Seconds::Disallowed, Year::Disallowed)?;
        let zone = Tz::from_str(zone).map_err(|_| BadCadence::Zone(excerpt(zone)))?;
        let searched_from = SEARCHED_FROM.parse().unwrap_or(NaiveDateTime::MIN);
        // A search without an end would take seconds for a text that never does.
        let in_years = read(&format!("0 {text} {SEARCHED_YEARS}"), Seconds::Required, Year::Required)?;
        if in_years.find_next_occurrence(&searched_from, true).is_err() {
            return Err(BadCadence::Never(text));
        }
        Ok(Self { text, cron, zone })
    }

    /// The cron text.
    #[must_use]
    pub fn cron(&self) -> &str {
        &self.text
    }

    /// The clock.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The first tick after an instant; `None` only beyond the years that calendars are made for.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after = after.to_datetime()?;
        let mut nearest: Option<DateTime<Utc>> = None;
        for instants in self.readings(after).map_while(|reading| self.due(reading)) {
            // Readings come in order, and so does the first instant of each: nothing behind this one is nearer.
            if nearest.is_some() && instants.first() >= nearest.as_ref() {
                break;
            }
            nearest = instants.into_iter().find(|at| *at > after).into_iter().chain(nearest).min();
        }
        nearest.map(|at| Timestamp(at.timestamp()))
    }

    /// Every tick after an instant, in order.
    pub fn ticks_after(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        std::iter::successors(self.next_after(after), |tick| self.next_after(*tick))
    }

    /// What the clock shows at an instant: `2026-03-08T03:00:00-04:00`.
    #[must_use]
    pub fn shown(&self, at: Timestamp) -> String {
        at.to_datetime().map_or_else(|| at.to_string(), |at| at.with_timezone(&self.zone).to_rfc3339())
    }

    /// By how many seconds the clock is set forward on the day of an instant; back, where it is negative. `None`: not at all.
    #[must_use]
    pub fn clock_change_s(&self, at: Timestamp) -> Option<i32> {
        let local = at.to_datetime()?.with_timezone(&self.zone).naive_local();
        let midnight = local.date().and_hms_opt(0, 0, 0)?;
        let ends = [midnight, midnight + TimeDelta::days(1)].map(|reading| self.behind_gap(reading));
        let [begin, end] = ends.map(|at| at.map(|at| self.offset_s(at)));
        Some(end? - begin?).filter(|change| *change != 0)
    }

    /// Whether the hour field says which hours: a star stands for any.
    fn names_hours(&self) -> bool {
        self.text.split(' ').nth(1).is_some_and(|hours| !hours.contains('*'))
    }

    /// Readings of the clock that the text means, from one on whose instant may still be due after this one.
    fn readings(&self, after: DateTime<Utc>) -> impl Iterator<Item = NaiveDateTime> + '_ {
        let now = after.with_timezone(&self.zone).naive_local();
        let is_set_back_soon = self.offset_s(after + REPEATED_MAX) < self.offset_s(after);
        let from = if is_set_back_soon && !self.names_hours() { now - REPEATED_MAX } else { now };
        let next = |reading: &NaiveDateTime| self.cron.find_next_occurrence(reading, false).ok();
        std::iter::successors(next(&from), next)
    }

    /// The instants at which a reading is due, in order.
    fn due(&self, reading: NaiveDateTime) -> Option<Vec<DateTime<Utc>>> {
        Some(match self.zone.from_local_datetime(&reading) {
            MappedLocalTime::Single(at) => vec![at.to_utc()],
            MappedLocalTime::Ambiguous(first, _) if self.names_hours() => vec![first.to_utc()],
            MappedLocalTime::Ambiguous(first, second) => vec![first.to_utc(), second.to_utc()],
            MappedLocalTime::None if self.names_hours() => vec![self.behind_gap(reading)?],
            MappedLocalTime::None => Vec::new(),
        })
    }

    /// The first instant at which the clock shows a reading, or what comes behind it where it skips that.
    fn behind_gap(&self, reading: NaiveDateTime) -> Option<DateTime<Utc>> {
        let mut readings = (0..GAP_MINUTES_MAX).map(|minutes| reading + TimeDelta::minutes(minutes));
        readings.find_map(|reading| self.zone.from_local_datetime(&reading).earliest()).map(|at| at.to_utc())
    }

    fn offset_s(&self, at: DateTime<Utc>) -> i32 {
        self.zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
    }
}

impl fmt::Debug for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cadence({self})")
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, self.zone.name())
    }
}

impl TryFrom<Written> for Cadence {
    type Error = BadCadence;
    fn try_from(written: Written) -> Result<Self, BadCadence> {
        Self::new(&written.cron, &written.zone)
    }
}

impl From<Cadence> for Written {
    fn from(cadence: Cadence) -> Self {
        Self { zone: cadence.zone.name().to_owned(), cron: cadence.text }
    }
}
