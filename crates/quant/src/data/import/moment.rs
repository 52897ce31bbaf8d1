//! A time as other programs write it.

use ktrdr_domain::job::DateOrder;

use super::written_date::{Date, DateForm, compact_day, number};
use super::zone_name::zone_of;
use crate::data::fault::{Problem, shown};
use crate::data::zone::TimeZone;

const DAY_S: i64 = 86_400;

/// How a file writes times, where one time alone does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TimeStyle {
    /// Of dates that are numbers only and do not begin with a year of four digits.
    pub(super) order: Option<DateOrder>,
    /// Whether 90000 and 500 are 09:00:00 and 00:05:00, not hours and minutes.
    pub(super) clocks_have_seconds: bool,
}

/// What a text says about time: a reading on a wall clock, and perhaps which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// The reading, in seconds since the epoch as that clock counts.
    pub(super) wall_s: i64,
    /// Which clock.
    pub(super) clock: Clock,
    /// How the date is written.
    pub(super) form: DateForm,
}

/// Which clock was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// One that is this many seconds ahead of UTC.
    Ahead(i64),
    /// One that may be set forward and back.
    Zone(TimeZone),
    /// The text does not say.
    Unknown,
}

impl Moment {
    /// Reads epochs (seconds to nanoseconds), `YYYYMMDD[ HHMMSS]`, and dates with `-`, `.` or `/` or a month's name, which
    /// may be followed by a time of day and a zone.
    pub(super) fn read(text: &[u8], style: TimeStyle) -> Result<Self, Problem> {
        let bad = || Problem::Time { text: shown(text) };
        let digits = text.strip_suffix(b".0").unwrap_or(text);
        if digits.iter().all(u8::is_ascii_digit) {
            return Self::from_digits(digits, style).ok_or_else(bad);
        }
        let parts = Parts::of(text);
        let (day, form) = match Date::of(parts.date).ok_or_else(bad)? {
            Date::Day(day, form) => (day, form),
            Date::Ordered(date) => (date.day(style.order, text)?, date.form()),
        };
        let (zone, afternoon) = without_half_of_day(parts.zone);
        let second = second_of_day(parts.clock, style.clocks_have_seconds, afternoon).ok_or_else(bad)?;
        let clock =
            zone_of(zone).ok_or_else(|| Problem::UnknownZone { text: shown(text), zone: shown(zone) })?;
        Ok(Self { wall_s: day * DAY_S + second, clock, form })
    }

    /// Digits alone: a compact date by its length, or time since the epoch by its size.
    fn from_digits(text: &[u8], style: TimeStyle) -> Option<Self> {
        let compact = |text: &[u8]| {
            let second = second_of_day(&text[8..], style.clocks_have_seconds, None)?;
            let wall_s = compact_day(&text[..8])? * DAY_S + second;
            Some(Self { wall_s, clock: Clock::Unknown, form: DateForm::Compact })
        };
        let epoch = |per_second: i64| {
            let count = number(text, 19)?;
            let (wall_s, clock) = (count / per_second, Clock::Ahead(0));
            (count % per_second == 0).then_some(Self { wall_s, clock, form: DateForm::Epoch })
        };
        match text.len() {
            8 | 14 => compact(text),
            9 | 10 => epoch(1),
            12 => compact(text).or_else(|| epoch(1_000)),
            13 => epoch(1_000),
            15 | 16 => epoch(1_000_000),
            18 | 19 => epoch(1_000_000_000),
            _ => None,
        }
    }
}

/// A time in its parts, each perhaps empty: `31.01.2020`, `12:00:00.000`, `GMT+0100`.
pub(super) struct Parts<'a> {
    pub(super) date: &'a [u8],
    pub(super) clock: &'a [u8],
    pub(super) zone: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        let (date, rest) = Date::split_off(text);
        let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        let rest = rest.strip_prefix(b"T").unwrap_or(rest).trim_ascii();
        let is_clock = |b: &u8| matches!(b, b'0'..=b'9' | b':' | b'.');
        let clock_end = rest.iter().position(|b| !is_clock(b)).unwrap_or(rest.len());
        let (clock, zone) = rest.split_at(clock_end);
        Self { date, clock, zone: zone.trim_ascii() }
    }
}

/// Takes `AM` or `PM` off the front; `Some(true)` is the afternoon.
fn without_half_of_day(text: &[u8]) -> (&[u8], Option<bool>) {
    let (word, rest) = text.split_at(text.iter().position(|b| *b == b' ').unwrap_or(text.len()));
    if word.eq_ignore_ascii_case(b"AM") {
        (rest.trim_ascii(), Some(false))
    } else if word.eq_ignore_ascii_case(b"PM") {
        (rest.trim_ascii(), Some(true))
    } else {
        (text, None)
    }
}

/// `HH:MM`, `HH:MM:SS`, or the same as a number, with a fraction if it is zero; nothing is midnight.
fn second_of_day(text: &[u8], has_seconds: bool, afternoon: Option<bool>) -> Option<i64> {
    if text.is_empty() {
        return afternoon.is_none().then_some(0);
    }
    let (clock, fraction) = match text.iter().position(|b| *b == b'.') {
        Some(dot) => (&text[..dot], &text[dot + 1..]),
        None => (text, &[][..]),
    };
    if !fraction.iter().all(|b| *b == b'0') {
        return None;
    }
    let (hour, minute, second) = if clock.contains(&b':') {
        let mut parts = clock.split(|b| *b == b':');
        let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
        let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
        parts.next().is_none().then_some((hour, minute, second))?
    } else {
        let count = number(clock, 6)?;
        let count = if has_seconds || clock.len() > 4 { count } else { count * 100 };
        (count / 10_000, count / 100 % 100, count % 100)
    };
    let hour = match afternoon {
        None => hour,
        Some(afternoon) => (1..=12).contains(&hour).then_some(hour % 12 + i64::from(afternoon) * 12)?,
    };
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::date::day_of;

    const NOON: i64 = 1_580_472_000;

    fn read(text: &str) -> Result<Moment, Problem> {
        Moment::read(text.as_bytes(), TimeStyle::default())
    }

    fn shown_clock(moment: Moment) -> (i64, Clock) {
        (moment.wall_s, moment.clock)
    }

    fn day_first() -> TimeStyle {
        TimeStyle { order: Some(DateOrder::DayFirst), ..TimeStyle::default() }
    }

    #[test]
    fn times_are_read_in_the_spellings_of_many_programs() {
        for text in [
            "20200131 120000",
            "20200131  12:00:00",
            "2020.01.31 12:00",
            "31.01.2020 12:00:00.000",
            "31/01/2020 12:00",
            "31/01/2020 12:00 PM",
            "31/01/20 12:00",
            "31/1/20, 12:00 PM",
            "31-Jan-20 12:00 PM",
            "Jan 31, 2020 12:00:00",
            "202001311200",
        ] {
            let read = Moment::read(text.as_bytes(), day_first());
            assert_eq!(read.map(shown_clock), Ok((NOON, Clock::Unknown)), "{text}");
        }
        for text in [
            "1580472000",
            "1580472000.0",
            "1580472000000",
            "1580472000000000",
            "1580472000000000000",
            "2020-01-31T12:00:00Z",
            "2020-01-31 12:00 UTC",
            "Fri, 31 Jan 2020 12:00:00 GMT",
        ] {
            assert_eq!(read(text).map(shown_clock), Ok((NOON, Clock::Ahead(0))), "{text}");
        }
        for text in ["31.01.2020 12:00:00.000 GMT+0100", "2020-01-31 12:00:00+01:00", "2020-01-31T12:00+01"] {
            assert_eq!(read(text).map(shown_clock), Ok((NOON, Clock::Ahead(3_600))), "{text}");
        }
        let eastern = Clock::Zone("US/Eastern".parse().unwrap());
        for text in ["20200131 12:00:00 US/Eastern", "2020-01-31 12:00:00  US/Eastern"] {
            assert_eq!(read(text).map(shown_clock), Ok((NOON, eastern)), "{text}");
        }
    }

    #[test]
    fn a_date_that_reads_two_ways_needs_an_order_and_keeps_to_it() {
        assert!(matches!(read("02/01/2020"), Err(Problem::DateOrder { .. })));
        let with = |text: &str, order| {
            let style = TimeStyle { order: Some(order), ..TimeStyle::default() };
            Moment::read(text.as_bytes(), style).map(|m| m.wall_s / DAY_S)
        };
        assert_eq!(with("02/01/2020", DateOrder::DayFirst), Ok(day_of(2020, 1, 2).unwrap()));
        assert_eq!(with("02/01/2020", DateOrder::MonthFirst), Ok(day_of(2020, 2, 1).unwrap()));
        for (text, order) in [("16/04/2024", DateOrder::MonthFirst), ("04/16/2024", DateOrder::DayFirst)] {
            assert!(matches!(with(text, order), Err(Problem::AgainstDateOrder { .. })), "{text}");
        }
        assert!(matches!(with("16.04.2024", DateOrder::MonthFirst), Err(Problem::AgainstDateOrder { .. })));
        assert!(matches!(with("31/31/2024", DateOrder::DayFirst), Err(Problem::Time { .. })));
    }

    #[test]
    fn clocks_without_colons_are_read_by_the_habit_of_the_file() {
        let second = |clock: &str, clocks_have_seconds| {
            let style = TimeStyle { clocks_have_seconds, ..TimeStyle::default() };
            Moment::read(format!("20200131 {clock}").as_bytes(), style).map(|m| m.wall_s % DAY_S).ok()
        };
        assert_eq!(second("90000", true), Some(9 * 3_600));
        assert_eq!((second("500", true), second("500", false)), (Some(300), Some(5 * 3_600)));
        assert_eq!((second("0", true), second("0930", false)), (Some(0), Some(9 * 3_600 + 1_800)));
        assert_eq!((second("2400", false), second("1234567", true)), (None, None));
    }

    #[test]
    fn half_days_are_counted_from_twelve() {
        let hour = |clock: &str| read(&format!("2020-01-31 {clock}")).map(|m| m.wall_s % DAY_S / 3_600).ok();
        assert_eq!((hour("12:30 AM"), hour("9:30 am"), hour("9:30:00 PM")), (Some(0), Some(9), Some(21)));
        assert_eq!((hour("13:00 PM"), hour("AM"), hour("0:30 AM")), (None, None, None));
    }

    #[test]
    fn half_times_are_refused() {
        let bad = [
            "",
            "1580472000500",
            "2020-01-31 24:00",
            "2020-02-30",
            "1.2.2",
            "31 Jan 2020 24:00",
            "2020-01-31 12:00:00.5",
            "2020-01-31 12:00:00:00",
            "1",
        ];
        for text in bad {
            assert!(matches!(read(text), Err(Problem::Time { .. })), "{text}");
        }
        for text in ["2020-01-31 12:00 Mars/Olympus", "2020-01-31 12:00 +99", "2020-01-31 12:00 GMT+"] {
            assert!(matches!(read(text), Err(Problem::UnknownZone { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_time_or_a_refusal(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (read(&String::from_utf8_lossy(&text)), Moment::read(&text, day_first()));
        }

        #[test]
        fn what_looks_like_a_time_is_one_or_a_refusal(text in "[0-9]{1,4}[-./ T:0-9]{0,14}[ APM+UTCGZ:0-9]{0,8}") {
            let _ = (read(&text), Moment::read(text.as_bytes(), day_first()));
        }
    }
}
