//! Time zones whose clocks change in spring and autumn.

use ktrdr_domain::excerpt::excerpt;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeZone as _};
use chrono_tz::{America, TZ_VARIANTS, Tz};

const HOUR_S: i64 = 3_600;

/// The brokers' clock: it shows midnight when New York closes at 17:00, so their day ends with the market's.
const BROKERS: (&str, i64) = ("new-york+7", 7 * HOUR_S);

/// A clock on a wall somewhere: a zone of the IANA database, or the clock that brokers of currencies keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone {
    tz: Tz,
    /// Seconds that this clock is ahead of the zone's.
    ahead_s: i64,
}

/// The instants at which a clock shows a reading, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instants {
    /// None: the clock was set forward over it.
    Never,
    /// One, as nearly always.
    Once(i64),
    /// Two: the clock was set back. First in summer time, then in winter time.
    Twice(i64, i64),
}

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no time zone is called {0:?}; write a name of the IANA database such as Europe/Athens or America/New_York, or new-york+7 for the brokers' clock"
)]
pub struct UnknownZone(String);

impl TimeZone {
    /// A zone by its exact name in the IANA database.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let tz = std::str::from_utf8(name).ok()?.parse().ok()?;
        Some(Self { tz, ahead_s: 0 })
    }

    /// When this clock shows `wall_s`, a reading in seconds since the epoch as the clock counts.
    pub(super) fn instants(self, wall_s: i64) -> Instants {
        let Some(local) = reading(wall_s.saturating_sub(self.ahead_s)) else { return Instants::Never };
        let utc = |offset: &<Tz as chrono::TimeZone>::Offset| {
            wall_s - self.ahead_s - i64::from(offset.fix().local_minus_utc())
        };
        match self.tz.offset_from_local_datetime(&local) {
            MappedLocalTime::None => Instants::Never,
            MappedLocalTime::Single(offset) => Instants::Once(utc(&offset)),
            MappedLocalTime::Ambiguous(a, b) => Instants::Twice(utc(&a).min(utc(&b)), utc(&a).max(utc(&b))),
        }
    }
}

fn reading(wall_s: i64) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp(wall_s, 0)?.naive_utc())
}

impl FromStr for TimeZone {
    type Err = UnknownZone;

    /// Upper and lower case are the same.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if name.eq_ignore_ascii_case(BROKERS.0) {
            return Ok(Self { tz: America::New_York, ahead_s: BROKERS.1 });
        }
        let tz = TZ_VARIANTS.iter().find(|tz| tz.name().eq_ignore_ascii_case(name));
        let shown = || UnknownZone(excerpt(name));
        tz.map(|tz| Self { tz: *tz, ahead_s: 0 }).ok_or_else(shown)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ahead_s == BROKERS.1 { BROKERS.0 } else { self.tz.name() })
    }
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::Timestamp;

    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().0
    }

    fn instants(zone: &str, wall: &str) -> Instants {
        zone.parse::<TimeZone>().unwrap().instants(at(wall))
    }

    #[test]
    fn brokers_are_two_hours_ahead_in_winter_and_three_in_summer_by_new_yorks_dates() {
        for (wall, utc) in [
            ("2024-01-08T00:00:00Z", "2024-01-07T22:00:00Z"),
            // New York changed on the 10th of March, Europe only on the 31st.
            ("2024-03-11T00:00:00Z", "2024-03-10T21:00:00Z"),
            ("2024-07-08T00:00:00Z", "2024-07-07T21:00:00Z"),
            // Europe changed back on the 27th of October, New York on the 3rd of November.
            ("2024-10-28T00:00:00Z", "2024-10-27T21:00:00Z"),
            ("2024-11-04T00:00:00Z", "2024-11-03T22:00:00Z"),
        ] {
            assert_eq!(instants("new-york+7", wall), Instants::Once(at(utc)), "{wall}");
        }
    }

    #[test]
    fn the_hour_of_autumn_comes_twice_and_the_hour_of_spring_never() {
        let (summer, winter) = (at("2024-11-03T05:30:00Z"), at("2024-11-03T06:30:00Z"));
        assert_eq!(instants("america/new_york", "2024-11-03T01:30:00Z"), Instants::Twice(summer, winter));
        assert_eq!(instants("US/Eastern", "2024-03-10T02:30:00Z"), Instants::Never);
        assert_eq!(
            instants("Europe/Athens", "2024-07-01T03:00:00Z"),
            Instants::Once(at("2024-07-01T00:00:00Z"))
        );
        assert_eq!(instants("UTC", "2024-07-01T03:00:00Z"), Instants::Once(at("2024-07-01T03:00:00Z")));
    }

    #[test]
    fn names_read_back_and_unknown_ones_are_told() {
        for name in ["new-york+7", "Europe/Athens", "EET", "Asia/Kolkata"] {
            assert_eq!(name.parse::<TimeZone>().unwrap().to_string(), name);
        }
        let said = "Europe/Atlantis".parse::<TimeZone>().unwrap_err().to_string();
        assert!(said.contains("Atlantis") && said.contains("Europe/Athens"), "{said}");
    }

    #[test]
    fn readings_of_every_century_have_an_answer() {
        for year in [1800, 1900, 1969, 2100, 2199] {
            let wall = at(&format!("{year:04}-06-15T12:00:00Z"));
            assert!(!matches!(
                instants("America/New_York", &format!("{}", Timestamp(wall))),
                Instants::Never
            ));
        }
        let zone: TimeZone = "Europe/London".parse().unwrap();
        assert_eq!(
            (zone.instants(i64::MAX), zone.instants(i64::MIN / 2)),
            (Instants::Never, Instants::Never)
        );
    }
}
