//! A time as other programs write it.

use crate::data::date::day_of;
use crate::data::fault::{Problem, shown};

const DAY_S: i64 = 86_400;

/// The order of day and month where a date does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/01/2020.
    DayFirst,
    /// 01/31/2020.
    MonthFirst,
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
    Zone(i64),
    /// The text does not say.
    Unknown,
}

impl Moment {
    /// Reads epochs (seconds to nanoseconds), `YYYYMMDD[ HHMMSS]`, and dates with `-`, `.` or `/` that may be followed
    /// by a time of day and an offset.
    pub(super) fn read(text: &[u8], order: Option<DateOrder>) -> Result<Self, Problem> {
        let bad = || Problem::Time { text: shown(text) };
        if text.iter().all(u8::is_ascii_digit) {
            return Self::from_digits(text).ok_or_else(bad);
        }
        let date_end = text.iter().position(|b| matches!(b, b' ' | b'T')).unwrap_or(text.len());
        let (date, rest) = text.split_at(date_end);
        let day = date_day(date, order)?.ok_or_else(bad)?;
        let rest = rest.get(1..).unwrap_or_default();
        let clock_end =
            rest.iter().position(|b| !matches!(b, b'0'..=b'9' | b':' | b'.')).unwrap_or(rest.len());
        let (clock, zone) = rest.split_at(clock_end);
        let second = second_of_day(clock).ok_or_else(bad)?;
        let clock = zone_of(zone.trim_ascii()).ok_or_else(bad)?;
        Ok(Self { wall_s: day * DAY_S + second, clock })
    }

    /// Digits alone: a compact date by its length, or time since the epoch by its size.
    fn from_digits(text: &[u8]) -> Option<Self> {
        let compact = |text: &[u8]| {
            let wall_s = compact_day(&text[..8])? * DAY_S + second_of_day(&text[8..])?;
            Some(Self { wall_s, clock: Clock::Unknown })
        };
        let epoch = |per_second: i64| {
            let count = number(text, 19)?;
            (count % per_second == 0).then_some(Self { wall_s: count / per_second, clock: Clock::Zone(0) })
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

/// The day of a date; `None` if it is none.
fn date_day(text: &[u8], order: Option<DateOrder>) -> Result<Option<i64>, Problem> {
    if text.len() == 8 && text.iter().all(u8::is_ascii_digit) {
        return Ok(compact_day(text));
    }
    let Some(separator) = text.iter().copied().find(|b| matches!(b, b'-' | b'.' | b'/')) else {
        return Ok(None);
    };
    let parts: Vec<&[u8]> = text.split(|b| *b == separator).collect();
    let [first, second, third] = parts[..] else { return Ok(None) };
    let (Some(a), Some(b), Some(c)) = (number(first, 4), number(second, 2), number(third, 4)) else {
        return Ok(None);
    };
    if first.len() == 4 && third.len() <= 2 {
        return Ok(day_of(a, b, c));
    }
    if first.len() > 2 || third.len() != 4 {
        return Ok(None);
    }
    // Dots are written where the day comes first; an order that only one reading allows needs no option.
    let day_first = separator == b'.' || a > 12;
    match order {
        _ if day_first => Ok(day_of(c, b, a)),
        Some(DateOrder::DayFirst) => Ok(day_of(c, b, a)),
        Some(DateOrder::MonthFirst) => Ok(day_of(c, a, b)),
        None if b > 12 => Ok(day_of(c, a, b)),
        None => Err(Problem::DateOrder { text: shown(text) }),
    }
}

fn compact_day(text: &[u8]) -> Option<i64> {
    day_of(number(&text[..4], 4)?, number(&text[4..6], 2)?, number(&text[6..], 2)?)
}

/// `HH:MM`, `HH:MM:SS`, `HHMM`, `HHMMSS`, with a fraction if it is zero; nothing is midnight.
fn second_of_day(text: &[u8]) -> Option<i64> {
    let (clock, fraction) = match text.iter().position(|b| *b == b'.') {
        Some(dot) => (&text[..dot], &text[dot + 1..]),
        None => (text, &[][..]),
    };
    if !fraction.iter().all(|b| *b == b'0') {
        return None;
    }
    let parts: Vec<&[u8]> = match (clock.contains(&b':'), clock.len()) {
        (true, _) => clock.split(|b| *b == b':').collect(),
        (false, 0) => return fraction.is_empty().then_some(0),
        (false, 4 | 6) => clock.chunks(2).collect(),
        _ => return None,
    };
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, &b"0"[..]),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3_600 + minute * 60 + second)
}

/// `Z`, `UTC`, `GMT`, `+HH`, `+HHMM`, `+HH:MM`, `GMT+0100`; nothing is an unknown clock.
fn zone_of(text: &[u8]) -> Option<Clock> {
    if text.is_empty() {
        return Some(Clock::Unknown);
    }
    let offset = text.strip_prefix(b"GMT").or_else(|| text.strip_prefix(b"UTC")).unwrap_or(text);
    if offset.is_empty() || offset == b"Z" {
        return Some(Clock::Zone(0));
    }
    let (sign, digits) = match offset.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        2 => (digits, &b"0"[..]),
        4 => digits.split_at(2),
        5 if digits[2] == b':' => (&digits[..2], &digits[3..]),
        _ => return None,
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours <= 15 && minutes < 60).then_some(Clock::Zone(sign * (hours * 3_600 + minutes * 60)))
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
    use super::*;

    const NOON: i64 = 1_580_472_000;

    #[test]
    fn times_are_read_in_the_spellings_of_many_programs() {
        let unknown = [
            "20200131 120000",
            "2020.01.31 12:00",
            "31.01.2020 12:00:00.000",
            "31/01/2020 12:00",
            "202001311200",
        ];
        for text in unknown {
            let read = Moment::read(text.as_bytes(), None);
            assert_eq!(read, Ok(Moment { wall_s: NOON, clock: Clock::Unknown }), "{text}");
        }
        for text in [
            "1580472000",
            "1580472000000",
            "1580472000000000000",
            "2020-01-31T12:00:00Z",
            "2020-01-31 12:00 UTC",
        ] {
            let read = Moment::read(text.as_bytes(), None);
            assert_eq!(read, Ok(Moment { wall_s: NOON, clock: Clock::Zone(0) }), "{text}");
        }
        for text in ["31.01.2020 12:00:00.000 GMT+0100", "2020-01-31 12:00:00+01:00", "2020-01-31T12:00+01"] {
            let read = Moment::read(text.as_bytes(), None);
            assert_eq!(read, Ok(Moment { wall_s: NOON, clock: Clock::Zone(3_600) }), "{text}");
        }
    }

    #[test]
    fn a_date_that_reads_two_ways_needs_an_order() {
        assert!(matches!(Moment::read(b"02/01/2020", None), Err(Problem::DateOrder { .. })));
        let day = |order| Moment::read(b"02/01/2020", Some(order)).unwrap().wall_s / DAY_S;
        assert_eq!(day(DateOrder::DayFirst), day_of(2020, 1, 2).unwrap());
        assert_eq!(day(DateOrder::MonthFirst), day_of(2020, 2, 1).unwrap());
    }

    #[test]
    fn half_times_are_refused() {
        let bad = [
            "",
            "1580472000500",
            "2020-01-31 24:00",
            "2020-01-31 9:30 AM",
            "2020-02-30",
            "1.2.20",
            "2020-01-31 12:00:00.5",
            "1",
            "2020-01-31 1",
        ];
        for text in bad {
            assert!(matches!(Moment::read(text.as_bytes(), None), Err(Problem::Time { .. })), "{text}");
        }
    }
}
