//! A time as other programs write it.

use crate::data::date::day_of;
use crate::data::fault::{Problem, shown};
use crate::data::zone::TimeZone;

const DAY_S: i64 = 86_400;

/// The order of day and month in the dates of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/01/2020.
    DayFirst,
    /// 01/31/2020.
    MonthFirst,
}

impl DateOrder {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::DayFirst => Self::MonthFirst,
            Self::MonthFirst => Self::DayFirst,
        }
    }

    /// The word of `--date-order` for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::DayFirst => "day-first",
            Self::MonthFirst => "month-first",
        }
    }
}

/// How a file writes times, where one time alone does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TimeStyle {
    /// Of dates that end with the year.
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
    /// Reads epochs (seconds to nanoseconds), `YYYYMMDD[ HHMMSS]`, and dates with `-`, `.` or `/` that may be followed
    /// by a time of day and a zone.
    pub(super) fn read(text: &[u8], style: TimeStyle) -> Result<Self, Problem> {
        let bad = || Problem::Time { text: shown(text) };
        let digits = text.strip_suffix(b".0").unwrap_or(text);
        if digits.iter().all(u8::is_ascii_digit) {
            return Self::from_digits(digits, style).ok_or_else(bad);
        }
        let parts = Parts::of(text);
        let day = match Date::of(parts.date).ok_or_else(bad)? {
            Date::Day(day) => day,
            Date::YearLast(date) => date.day(style.order, text)?,
        };
        let (zone, afternoon) = without_half_of_day(parts.zone);
        let second = second_of_day(parts.clock, style.clocks_have_seconds, afternoon).ok_or_else(bad)?;
        let clock =
            zone_of(zone).ok_or_else(|| Problem::UnknownZone { text: shown(text), zone: shown(zone) })?;
        Ok(Self { wall_s: day * DAY_S + second, clock })
    }

    /// Digits alone: a compact date by its length, or time since the epoch by its size.
    fn from_digits(text: &[u8], style: TimeStyle) -> Option<Self> {
        let compact = |text: &[u8]| {
            let second = second_of_day(&text[8..], style.clocks_have_seconds, None)?;
            Some(Self { wall_s: compact_day(&text[..8])? * DAY_S + second, clock: Clock::Unknown })
        };
        let epoch = |per_second: i64| {
            let count = number(text, 19)?;
            (count % per_second == 0).then_some(Self { wall_s: count / per_second, clock: Clock::Ahead(0) })
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
        let date_end = text.iter().position(|b| matches!(b, b' ' | b'T')).unwrap_or(text.len());
        let (date, rest) = text.split_at(date_end);
        let rest = rest.strip_prefix(b"T").unwrap_or(rest).trim_ascii();
        let is_clock = |b: &u8| matches!(b, b'0'..=b'9' | b':' | b'.');
        let clock_end = rest.iter().position(|b| !is_clock(b)).unwrap_or(rest.len());
        let (clock, zone) = rest.split_at(clock_end);
        Self { date, clock, zone: zone.trim_ascii() }
    }
}

/// A date as it is written.
pub(super) enum Date {
    /// The year comes first, so the month is next.
    Day(i64),
    /// The year comes last.
    YearLast(YearLast),
}

/// A date whose order of day and month is a habit of the file.
pub(super) struct YearLast {
    first: i64,
    second: i64,
    year: i64,
    dots: bool,
}

impl Date {
    /// `None` where it is none.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        if text.len() == 8 && text.iter().all(u8::is_ascii_digit) {
            return compact_day(text).map(Self::Day);
        }
        let separator = text.iter().copied().find(|b| matches!(b, b'-' | b'.' | b'/'))?;
        let mut parts = text.split(|b| *b == separator);
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let (a, b, c) = (number(first, 4)?, number(second, 2)?, number(third, 4)?);
        match (first.len(), third.len()) {
            (4, 1 | 2) => day_of(a, b, c).map(Self::Day),
            (1 | 2, 4) => {
                Some(Self::YearLast(YearLast { first: a, second: b, year: c, dots: separator == b'.' }))
            }
            _ => None,
        }
    }
}

impl YearLast {
    /// The one order in which it is a date; `None` where both, or neither, will do.
    pub(super) fn order(&self) -> Option<DateOrder> {
        match (self.read(DateOrder::DayFirst), self.read(DateOrder::MonthFirst)) {
            (Some(_), None) => Some(DateOrder::DayFirst),
            (None, Some(_)) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    /// Dots are written where the day comes first.
    pub(super) fn usual_order(&self) -> Option<DateOrder> {
        self.dots.then_some(DateOrder::DayFirst)
    }

    fn read(&self, order: DateOrder) -> Option<i64> {
        match order {
            DateOrder::DayFirst => day_of(self.year, self.second, self.first),
            DateOrder::MonthFirst => day_of(self.year, self.first, self.second),
        }
    }

    fn day(&self, order: Option<DateOrder>, text: &[u8]) -> Result<i64, Problem> {
        let Some(order) = order.or_else(|| self.usual_order()) else {
            return Err(Problem::DateOrder { text: shown(text) });
        };
        self.read(order).ok_or_else(|| match self.read(order.other()) {
            Some(_) => Problem::AgainstDateOrder {
                text: shown(text),
                order: order.word(),
                other: order.other().word(),
            },
            None => Problem::Time { text: shown(text) },
        })
    }
}

fn compact_day(text: &[u8]) -> Option<i64> {
    day_of(number(&text[..4], 4)?, number(&text[4..6], 2)?, number(&text[6..], 2)?)
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

/// `Z`, `UTC`, `GMT`, `+H`, `+HH`, `+HHMM`, `+HH:MM`, `GMT+0100`, `US/Eastern`; nothing is an unknown clock.
pub(super) fn zone_of(text: &[u8]) -> Option<Clock> {
    if text.is_empty() {
        return Some(Clock::Unknown);
    }
    let offset = text.strip_prefix(b"GMT").or_else(|| text.strip_prefix(b"UTC")).unwrap_or(text);
    if offset.is_empty() || offset == b"Z" {
        return Some(Clock::Ahead(0));
    }
    let (sign, digits) = match offset.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return TimeZone::named(text).map(Clock::Zone),
    };
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits, &b"0"[..]),
        4 => digits.split_at(2),
        5 if digits[2] == b':' => (&digits[..2], &digits[3..]),
        _ => return None,
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours <= 15 && minutes < 60).then_some(Clock::Ahead(sign * (hours * 3_600 + minutes * 60)))
}

/// Up to `digits_max` decimal digits, at most 19 of them.
fn number(text: &[u8], digits_max: usize) -> Option<i64> {
    if text.is_empty() || text.len() > digits_max || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.iter().try_fold(0_i64, |n, b| n.checked_mul(10)?.checked_add(i64::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: i64 = 1_580_472_000;

    fn read(text: &str) -> Result<Moment, Problem> {
        Moment::read(text.as_bytes(), TimeStyle::default())
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
            "202001311200",
        ] {
            let read = Moment::read(text.as_bytes(), day_first());
            assert_eq!(read, Ok(Moment { wall_s: NOON, clock: Clock::Unknown }), "{text}");
        }
        for text in [
            "1580472000",
            "1580472000.0",
            "1580472000000",
            "1580472000000000",
            "1580472000000000000",
            "2020-01-31T12:00:00Z",
            "2020-01-31 12:00 UTC",
        ] {
            assert_eq!(read(text), Ok(Moment { wall_s: NOON, clock: Clock::Ahead(0) }), "{text}");
        }
        for text in ["31.01.2020 12:00:00.000 GMT+0100", "2020-01-31 12:00:00+01:00", "2020-01-31T12:00+01"] {
            assert_eq!(read(text), Ok(Moment { wall_s: NOON, clock: Clock::Ahead(3_600) }), "{text}");
        }
        let eastern = Clock::Zone("US/Eastern".parse().unwrap());
        for text in ["20200131 12:00:00 US/Eastern", "2020-01-31 12:00:00  US/Eastern"] {
            assert_eq!(read(text), Ok(Moment { wall_s: NOON, clock: eastern }), "{text}");
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
            "1.2.20",
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
