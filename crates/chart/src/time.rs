//! Ticks where years, months, days and hours begin.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::scale::Scale;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Distances between ticks, the finest first.
#[derive(Debug, Clone, Copy)]
enum Every {
    Seconds(i64),
    Months(i32),
}

const STEPS: [Every; 16] = [
    Every::Seconds(60),
    Every::Seconds(15 * 60),
    Every::Seconds(HOUR),
    Every::Seconds(6 * HOUR),
    Every::Seconds(DAY),
    Every::Seconds(2 * DAY),
    Every::Seconds(7 * DAY),
    Every::Months(1),
    Every::Months(3),
    Every::Months(6),
    Every::Months(12),
    Every::Months(24),
    Every::Months(60),
    Every::Months(120),
    Every::Months(600),
    Every::Months(1_200),
];

/// At most so many instants of a scale of Unix seconds at which something begins, with their names in UTC.
#[must_use]
pub fn ticks(scale: Scale, most: usize) -> Vec<(f64, String)> {
    let length = scale.to - scale.from;
    let fits = |every: &Every| {
        let seconds = match every {
            Every::Seconds(seconds) => *seconds as f64,
            Every::Months(months) => f64::from(*months) * 30.4 * DAY as f64,
        };
        length / seconds < most as f64
    };
    match STEPS.into_iter().find(fits) {
        Some(Every::Seconds(seconds)) => by_seconds(scale, seconds, most),
        Some(Every::Months(months)) => by_months(scale, months, most),
        None => Vec::new(),
    }
}

fn at(seconds: f64) -> Option<DateTime<Utc>> {
    // No date of a market is further away than what fits.
    DateTime::from_timestamp(seconds as i64, 0)
}

fn by_seconds(scale: Scale, step: i64, most: usize) -> Vec<(f64, String)> {
    // Weeks begin on Mondays; the epoch was a Thursday.
    let origin = if step == 7 * DAY { 4 * DAY } else { 0 };
    let first = ((scale.from - origin as f64) / step as f64).ceil();
    let form = if step < DAY { "%H:%M" } else { "%b %-d" };
    let instants = (0..most + 2).map(|n| (first + n as f64) * step as f64 + origin as f64);
    let shown = instants.take_while(|x| *x <= scale.to);
    shown.filter_map(|x| Some((x, named(at(x)?, form, step)))).collect()
}

/// Where a year or, of hours, a day begins, that is said instead.
fn named(at: DateTime<Utc>, form: &str, step: i64) -> String {
    let begins_day = at.timestamp().rem_euclid(DAY) == 0;
    match step < DAY && begins_day {
        true => at.format("%b %-d").to_string(),
        false => at.format(form).to_string(),
    }
}

fn by_months(scale: Scale, step: i32, most: usize) -> Vec<(f64, String)> {
    let Some(from) = at(scale.from) else { return Vec::new() };
    let month = from.year() * 12 + from.month0() as i32;
    let first = month.div_euclid(step) * step;
    let instants = (0..most as i32 + 3).filter_map(|n| {
        let month = first + n * step;
        let date = NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, 1)?;
        let x = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() as f64;
        let form = if month % 12 == 0 { "%Y" } else { "%b" };
        Some((x, date.format(form).to_string()))
    });
    instants.filter(|(x, _)| (scale.from..=scale.to).contains(x)).collect()
}
