//! Where a bar stands in its trading day, and where price stands since then.

use chrono::{DateTime, Offset as _, TimeZone as _};
use chrono_tz::America::New_York;

use crate::Bars;

const DAY_S: i64 = 86_400;
const HOUR_S: f64 = 3_600.0;

/// New York's 17:00 is midnight on this clock: markets of currencies end their day and their week then, and every
/// exchange in the Americas has closed.
const AHEAD_OF_NEW_YORK_S: i64 = 7 * 3_600;

/// The few hours of a Sunday evening, or after a clock's midnight, are part of the day that follows.
const SHORTEST_DAY_S: i64 = DAY_S / 4;

/// When a trading day ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayEnd {
    /// 17:00 in New York, whatever the season.
    NewYork,
    /// Midnight UTC.
    Utc,
}

/// Hours of the trading day at which something is heard: of bars that close after `from` and by `until`, over the day's end
/// where `until` is not later than `from`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hours {
    pub(super) from: f64,
    pub(super) until: f64,
}

impl Hours {
    fn hold(self, hour: f64) -> bool {
        let (after, by) = (hour > self.from, hour <= self.until);
        if self.from < self.until { after && by } else { after || by }
    }
}

/// Changes in percent over the last `days` whole trading days, since the last of them ended and, fourth, since the last trading
/// week ended, on a Saturday or before; third, hours from the start of the trading day to the bar's close (24 at most).
/// Changes are 0 until the days they need have ended, and at other hours than those that are asked for. A day without bars is
/// none; one whose bars span less than six hours is part of the next. First valid: 0.
pub(super) fn trading_day(bars: &Bars, days: usize, end: DayEnd, hours: Hours) -> [Vec<f64>; 4] {
    let room = || Vec::with_capacity(bars.len());
    let (mut previous, mut today, mut hour, mut week) = (room(), room(), room(), room());
    let length = bars.timeframe.seconds();
    let mut ends: Vec<f64> = Vec::new();
    let (mut day, mut began, mut closed) = (None, 0, 0);
    let mut week_end = None;
    for (i, (time, close)) in bars.time.iter().zip(&bars.close).enumerate() {
        let clock = time.saturating_add(end.ahead_of_utc_s(*time));
        let own = clock.div_euclid(DAY_S);
        if day != Some(own) {
            let is_whole = day.is_some() && closed - began >= SHORTEST_DAY_S;
            if is_whole {
                ends.push(bars.close[i - 1]);
            }
            if day.is_some_and(|day| week_of(day) != week_of(own)) {
                week_end = i.checked_sub(1).map(|before| bars.close[before]);
            }
            began = *time;
            day = Some(own);
        }
        closed = time.saturating_add(length);
        let last = ends.last();
        let earlier = ends.len().checked_sub(days + 1).and_then(|index| ends.get(index));
        let now = (clock.rem_euclid(DAY_S) + length).min(DAY_S) as f64 / HOUR_S;
        let heard = |change: f64| if hours.hold(now) { change } else { 0.0 };
        previous.push(heard(percent_change(earlier, last)));
        today.push(heard(percent_change(last, Some(close))));
        hour.push(now);
        week.push(heard(percent_change(week_end.as_ref(), Some(close))));
    }
    [previous, today, hour, week]
}

/// The week of a day since the epoch, a Thursday. It begins on a Sunday: the few hours of a Sunday evening are the next week's.
fn week_of(day: i64) -> i64 {
    (day + 4).div_euclid(7)
}

/// 0 while one of them is not known.
fn percent_change(from: Option<&f64>, to: Option<&f64>) -> f64 {
    from.zip(to).map_or(0.0, |(from, to)| 100.0 * (to / from - 1.0))
}

impl DayEnd {
    /// How far the clock that shows midnight then is ahead of UTC; New York's winter where no calendar reaches.
    fn ahead_of_utc_s(self, time: i64) -> i64 {
        if self == Self::Utc {
            return 0;
        }
        let winter = -5 * 3_600;
        let new_york = DateTime::from_timestamp(time, 0).map_or(winter, |utc| {
            i64::from(New_York.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
        });
        new_york + AHEAD_OF_NEW_YORK_S
    }
}
