//! Dates as days since the epoch, in the proleptic Gregorian calendar.

use chrono::{Datelike, NaiveDate};

/// Days since 1970-01-01 of a date; `None` where the calendar has no such date.
pub(super) fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)?;
    (0..=9_999).contains(&year).then(|| i64::from(date.to_epoch_days()))
}

/// Year, month and day of a day since 1970-01-01; the inverse of [`day_of`]. Days of no year that a series has are
/// the epoch's.
pub(super) fn date_of(day: i64) -> (i64, i64, i64) {
    let date = i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days).unwrap_or_default();
    (date.year().into(), date.month().into(), date.day().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970_in_both_directions() {
        for (date, day) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((1800, 1, 1), -62_091),
            ((2000, 2, 29), 11_016),
            ((2199, 12, 31), 84_005),
        ] {
            let (y, m, d) = date;
            assert_eq!((day_of(y, m, d), date_of(day)), (Some(day), date), "{date:?}");
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_none() {
        for (y, m, d) in [
            (2019, 2, 29),
            (2100, 2, 29),
            (2020, 13, 1),
            (2020, 0, 1),
            (2020, 4, 31),
            (2020, 1, 0),
            (-1, 1, 1),
            (10_000, 1, 1),
            (i64::MAX, i64::MAX, i64::MIN),
        ] {
            assert_eq!(day_of(y, m, d), None, "{y}-{m}-{d}");
        }
    }
}
