//! Where a bar stands in its trading day, and where price stands since then.

use chrono::{DateTime, Offset as _, TimeZone as _};
use chrono_tz::America::New_York;

use crate::Bars;

const DAY_S: i64 = 86_400;
const HOUR_S: f64 = 3_600.0;

/// New York's 17:00 is midnight on this clock: markets of currencies end their day and their week then, and every
/// exchange in the Americas has closed.
const AHEAD_OF_NEW_YORK_S: i64 = 7 * 3_600;

/// Change over the last `days` whole trading days in percent, change since the last of them ended in percent, and hours
/// from the start of the trading day to the bar's close (24 at most). A trading day ends at 17:00 in New York, whatever
/// the season; a day without bars is none. Both changes are 0 until the days they need have ended. First valid: 0.
pub(super) fn trading_day(bars: &Bars, days: usize) -> [Vec<f64>; 3] {
    let room = || Vec::with_capacity(bars.len());
    let (mut previous, mut today, mut hour) = (room(), room(), room());
    let mut ends: Vec<f64> = Vec::new();
    let mut day = None;
    for (i, (time, close)) in bars.time.iter().zip(&bars.close).enumerate() {
        let clock = time.saturating_add(offset_s(*time));
        let own = clock.div_euclid(DAY_S);
        if day.is_some_and(|day| day != own) {
            ends.push(bars.close[i - 1]);
        }
        day = Some(own);
        let last = ends.last();
        let earlier = ends.len().checked_sub(days + 1).and_then(|index| ends.get(index));
        previous.push(percent_change(earlier, last));
        today.push(percent_change(last, Some(close)));
        let passed = clock.rem_euclid(DAY_S) + bars.timeframe.seconds();
        hour.push(passed.min(DAY_S) as f64 / HOUR_S);
    }
    [previous, today, hour]
}

/// 0 while one of them is not known.
fn percent_change(from: Option<&f64>, to: Option<&f64>) -> f64 {
    from.zip(to).map_or(0.0, |(from, to)| 100.0 * (to / from - 1.0))
}

/// How far the clock of trading days is ahead of UTC; New York's winter where no calendar reaches.
fn offset_s(time: i64) -> i64 {
    let winter = -5 * 3_600;
    let new_york = DateTime::from_timestamp(time, 0).map_or(winter, |utc| {
        i64::from(New_York.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
    });
    new_york + AHEAD_OF_NEW_YORK_S
}
