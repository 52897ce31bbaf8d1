//! A date as other programs write it, and which of its numbers may be the day, the month and the year.

use chrono::{Month, Weekday};
use ktrdr_domain::job::DateOrder;

use crate::data::date::day_of;
use crate::data::fault::{Problem, shown};

/// Where the name of a month begins at the latest: `2024-Jan`.
const MONTH_NAME_BY: usize = 6;
/// Years of two digits up to this one are of this century, as in POSIX.
const YEAR_OF_THIS_CENTURY_MAX: i64 = 68;

/// How dates are written: two forms in one file come from two sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateForm {
    /// Time since the epoch.
    Epoch,
    /// 20240131.
    Compact,
    /// 2024-01-31, with this separator.
    YearFirst(u8),
    /// 31.01.2024, with this separator.
    YearLast(u8),
    /// 31.01.24, with this separator.
    ShortYear(u8),
    /// 31 Jan 2024.
    MonthName,
}

/// A date as it is written.
pub(super) enum Date {
    /// It has one reading only.
    Day(i64, DateForm),
    /// The order of its numbers is a habit of the file.
    Ordered(OrderedDate),
}

/// Three numbers and no word which is which.
pub(super) struct OrderedDate {
    numbers: [i64; 3],
    short_year: bool,
    separator: u8,
}

impl Date {
    /// `None` where it is none.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        if text.len() == 8 && text.iter().all(u8::is_ascii_digit) {
            return compact_day(text).map(|day| Self::Day(day, DateForm::Compact));
        }
        if let Some((day, _)) = named_month(text).filter(|(_, end)| *end == text.len()) {
            return Some(Self::Day(day, DateForm::MonthName));
        }
        let separator = text.iter().copied().find(|b| matches!(b, b'-' | b'.' | b'/'))?;
        let mut parts = text.split(|b| *b == separator);
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let numbers = [number(first, 4)?, number(second, 2)?, number(third, 4)?];
        match (first.len(), third.len()) {
            (4, 1 | 2) => {
                let [year, month, day] = numbers;
                day_of(year, month, day).map(|day| Self::Day(day, DateForm::YearFirst(separator)))
            }
            (1 | 2, 4) => Some(Self::Ordered(OrderedDate { numbers, short_year: false, separator })),
            (1 | 2, 2) | (2, 1) => Some(Self::Ordered(OrderedDate { numbers, short_year: true, separator })),
            _ => None,
        }
    }

    /// Parts a text behind its date.
    pub(super) fn split_off(text: &[u8]) -> (&[u8], &[u8]) {
        let end_of_digits =
            || text.iter().position(|b| matches!(b, b' ' | b',' | b'T')).unwrap_or(text.len());
        text.split_at(named_month(text).map_or_else(end_of_digits, |(_, end)| end))
    }
}

impl OrderedDate {
    pub(super) const fn form(&self) -> DateForm {
        if self.short_year { DateForm::ShortYear(self.separator) } else { DateForm::YearLast(self.separator) }
    }

    /// Dots are written where the day comes first.
    pub(super) fn usual_order(&self) -> Option<DateOrder> {
        (self.separator == b'.').then_some(DateOrder::DayFirst)
    }

    /// The day in this order; `None` where that is no date.
    pub(super) fn day_in(&self, order: DateOrder) -> Option<i64> {
        let [a, b, c] = self.numbers;
        let (year, month, day) = match order {
            DateOrder::DayFirst => (c, b, a),
            DateOrder::MonthFirst => (c, a, b),
            DateOrder::YearFirst if self.short_year => (a, b, c),
            DateOrder::YearFirst => return None,
        };
        day_of(if self.short_year { of_century(year) } else { year }, month, day)
    }

    /// The orders in which this is a date.
    pub(super) fn orders(&self) -> impl Iterator<Item = DateOrder> {
        DateOrder::ALL.into_iter().filter(|order| self.day_in(*order).is_some())
    }

    /// The day in the order of the file; `text` is the cell.
    pub(super) fn day(&self, order: Option<DateOrder>, text: &[u8]) -> Result<i64, Problem> {
        let Some(order) = order.or_else(|| self.usual_order()) else {
            let orders = self.orders().map(DateOrder::name).collect();
            return Err(Problem::DateOrder { text: shown(text), orders });
        };
        self.day_in(order).ok_or_else(|| match self.orders().next() {
            Some(other) => {
                Problem::AgainstDateOrder { text: shown(text), order: order.name(), other: other.name() }
            }
            None => Problem::Time { text: shown(text) },
        })
    }
}

/// `YYYYMMDD`.
pub(super) fn compact_day(text: &[u8]) -> Option<i64> {
    day_of(number(text.get(..4)?, 4)?, number(text.get(4..6)?, 2)?, number(text.get(6..)?, 2)?)
}

/// Up to `digits_max` decimal digits, at most 19 of them.
pub(super) fn number(text: &[u8], digits_max: usize) -> Option<i64> {
    if text.is_empty() || text.len() > digits_max || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.iter().try_fold(0_i64, |n, b| n.checked_mul(10)?.checked_add(i64::from(b - b'0')))
}

fn of_century(year: i64) -> i64 {
    year + if year <= YEAR_OF_THIS_CENTURY_MAX { 2_000 } else { 1_900 }
}

/// The day of `31 Jan 2024`, `Wed, January 31, 2024`, `31-Jan-24` or `2024-Jan-31`, and where that ends.
fn named_month(text: &[u8]) -> Option<(i64, usize)> {
    if !text.iter().take(MONTH_NAME_BY).any(u8::is_ascii_alphabetic) {
        return None;
    }
    let mut words = Words { text, at: 0 };
    let mut first = words.next()?;
    if parsed::<Weekday>(first).is_some() {
        first = words.next()?;
    }
    let (second, third) = (words.next()?, words.next()?);
    let (year, month, day) = match (month(first), month(second)) {
        (Some(month), None) => (third, month, second),
        (None, Some(month)) if first.len() == 4 => (first, month, third),
        (None, Some(month)) => (third, month, first),
        _ => return None,
    };
    let year = match year.len() {
        2 => of_century(number(year, 2)?),
        4 => number(year, 4)?,
        _ => return None,
    };
    Some((day_of(year, month, number(day, 2)?)?, words.at))
}

fn month(word: &[u8]) -> Option<i64> {
    // The British abbreviate September so.
    let word = if word.eq_ignore_ascii_case(b"sept") { b"sep" } else { word };
    parsed::<Month>(word).map(|month| i64::from(month.number_from_month()))
}

fn parsed<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// Walks over words and numbers, with whatever separates the parts of a date between them.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = &self.text[self.at..];
        let start = rest.iter().position(|b| !matches!(b, b' ' | b',' | b'-' | b'/' | b'.'))?;
        let word = &rest[start..];
        let is_same = |b: &u8| b.is_ascii_digit() == word[0].is_ascii_digit() && b.is_ascii_alphanumeric();
        let length = word.iter().position(|b| !is_same(b)).unwrap_or(word.len());
        self.at += start + length;
        (length > 0).then_some(&word[..length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<i64> {
        match Date::of(text.as_bytes())? {
            Date::Day(day, DateForm::MonthName) => Some(day),
            _ => None,
        }
    }

    #[test]
    fn months_by_name_leave_no_order_open() {
        let expected = day_of(2024, 1, 31);
        for text in [
            "31 Jan 2024",
            "31-Jan-2024",
            "31-JAN-24",
            "Jan 31, 2024",
            "January 31 2024",
            "Wed, 31 Jan 2024",
            "Wednesday January 31, 2024",
            "2024-Jan-31",
            "31.jan.2024",
            "31Jan2024",
        ] {
            assert_eq!(day(text), expected, "{text}");
        }
        assert_eq!((day("1 Sept 1999"), day("1-May-70")), (day_of(1999, 9, 1), day_of(1970, 5, 1)));
        for text in ["Jan 2024", "31 Jan", "Feb 30, 2024", "31 Mär 2024", "Jan Jan 2024", "31 Jan 024", "Jan"]
        {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_ends_where_its_clock_begins() {
        for (text, date, rest) in [
            ("31 Jan 2024 09:00", "31 Jan 2024", " 09:00"),
            ("Jan 31, 2024T09:00", "Jan 31, 2024", "T09:00"),
            ("2024-01-31T09:00", "2024-01-31", "T09:00"),
            ("1/2/24 09:00", "1/2/24", " 09:00"),
            ("", "", ""),
        ] {
            assert_eq!(Date::split_off(text.as_bytes()), (date.as_bytes(), rest.as_bytes()), "{text}");
        }
    }

    #[test]
    fn years_of_two_digits_leave_up_to_three_orders() {
        let orders = |text: &str| match Date::of(text.as_bytes()) {
            Some(Date::Ordered(date)) => date.orders().collect(),
            _ => Vec::new(),
        };
        use DateOrder::{DayFirst, MonthFirst, YearFirst};
        assert_eq!(orders("02/01/24"), [DayFirst, MonthFirst, YearFirst]);
        assert_eq!(orders("01/31/24"), [MonthFirst]);
        assert_eq!(orders("24/01/31"), [DayFirst, YearFirst]);
        assert_eq!(orders("02/01/2024"), [DayFirst, MonthFirst]);
        assert_eq!(orders("31/31/2024"), []);
    }
}
