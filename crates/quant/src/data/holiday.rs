//! Days on which western markets rest, near enough to tell a holiday from a hole in the data.

use super::calendar::{FRIDAY, MONDAY, SATURDAY, SUNDAY, weekday};
use super::date::{date_of, day_of};

const THURSDAY: i64 = 4;

/// Whether `day` (since the epoch) is Dec 24–26, 31, Jan 1–2, Good Friday, Easter Monday, the day after
/// Thanksgiving, or a federal holiday of the United States on its date or the day it is observed.
pub(super) fn is_holiday(day: i64) -> bool {
    let (year, month, date) = date_of(day);
    let turn_of_year = matches!((month, date), (12, 24..=26 | 31) | (1, 1 | 2));
    let (easter_month, easter_date) = easter_sunday(year);
    let easter = day_of(year, easter_month, easter_date);
    turn_of_year
        || easter.is_some_and(|sunday| day == sunday - 2 || day == sunday + 1)
        || is_floating(month, date, weekday(day))
        || is_fixed(day)
        || (weekday(day) == FRIDAY && is_fixed(day + 1))
        || (weekday(day) == MONDAY && is_fixed(day - 1))
}

/// Holidays on a date, which are observed on the nearest working day when they fall on a weekend.
fn is_fixed(day: i64) -> bool {
    let (_, month, date) = date_of(day);
    matches!((month, date), (1, 1) | (6, 19) | (7, 4) | (11, 11) | (12, 25))
}

/// Holidays on a day of the week: King, Presidents, Memorial, Labor, Columbus, Thanksgiving and the day after.
fn is_floating(month: i64, date: i64, weekday: i64) -> bool {
    match (month, weekday) {
        (1 | 2, MONDAY) => (15..=21).contains(&date),
        (5, MONDAY) => date >= 25,
        (9, MONDAY) => date <= 7,
        (10, MONDAY) => (8..=14).contains(&date),
        (11, THURSDAY) => (22..=28).contains(&date),
        (11, FRIDAY) => (23..=29).contains(&date),
        _ => false,
    }
}

/// Month and date of Easter Sunday by the anonymous Gregorian algorithm (Nature, 20 April 1876).
fn easter_sunday(year: i64) -> (i64, i64) {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    (n / 31, n % 31 + 1)
}

/// Whether `day` is a Saturday or a Sunday.
pub(super) fn is_weekend(day: i64) -> bool {
    matches!(weekday(day), SATURDAY | SUNDAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_almanacs_say() {
        for (year, month, date) in [(1998, 4, 12), (2008, 3, 23), (2011, 4, 24), (2019, 4, 21), (2038, 4, 25)]
        {
            assert_eq!(easter_sunday(year), (month, date), "{year}");
        }
    }

    #[test]
    fn every_full_closing_of_new_york_in_2017_and_2018_but_one_is_a_holiday() {
        let closed = [
            (2017, 1, 2),
            (2017, 1, 16),
            (2017, 2, 20),
            (2017, 4, 14),
            (2017, 5, 29),
            (2017, 7, 4),
            (2017, 9, 4),
            (2017, 11, 23),
            (2017, 12, 25),
            (2018, 1, 1),
            (2018, 1, 15),
            (2018, 2, 19),
            (2018, 3, 30),
            (2018, 5, 28),
            (2018, 7, 4),
            (2018, 9, 3),
            (2018, 11, 22),
            (2018, 12, 25),
            (2010, 12, 31),
            (2015, 7, 3),
        ];
        for (year, month, date) in closed {
            assert!(is_holiday(day_of(year, month, date).unwrap()), "{year}-{month}-{date}");
        }
        // A day of mourning, which no calendar foresees, and ordinary days.
        for (year, month, date) in [(2018, 12, 5), (2018, 3, 15), (2018, 11, 1), (2018, 10, 15)] {
            assert!(!is_holiday(day_of(year, month, date).unwrap()), "{year}-{month}-{date}");
        }
    }
}
