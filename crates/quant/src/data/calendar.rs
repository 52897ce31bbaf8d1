//! How often an instrument trades, measured from its own bars.

use ktrdr_domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Bars;

const DAY_S: i64 = 86_400;
const WEEK_DAYS: i64 = 7;
const WEEKS_PER_YEAR: f64 = 365.25 / 7.0;

/// Periods per year in the data's own calendar, for annualising. Never a constant: hours of currencies come
/// out near 6,240 a year, days of shares near 252, days of crypto at 365.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Calendar {
    /// Trading days per year of 365.25 days.
    pub days_per_year: f64,
    /// Bars per year of 365.25 days.
    pub bars_per_year: f64,
    /// Which days of the week are trading days.
    pub week: TradingWeek,
}

/// Which days of the week an instrument trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingWeek {
    /// Saturdays too, as crypto does.
    EveryDay,
    /// Five days. Bars on Saturday or Sunday (the opening of the currency week) belong to Monday.
    MondayToFriday,
    /// Anything else, such as Sunday to Thursday or one bar per week: each date with a bar is a trading day.
    Other,
}

impl Calendar {
    /// Measures the calendar of `bars` over its whole weeks; `None` where there is no whole week of bars.
    ///
    /// A week without any bar is a hole in the data and does not count, so holes do not dilute the figures.
    #[must_use]
    pub fn of(bars: &Bars) -> Option<Self> {
        let week = TradingWeek::of(bars);
        let day = |t: &i64| week.trading_day(Timestamp(*t));
        let first = day(bars.time.first()?);
        let whole_weeks = (week.next_day(day(bars.time.last()?)) - first) / WEEK_DAYS;
        let end = first + whole_weeks * WEEK_DAYS;
        let (mut bar_count, mut days, mut weeks) = (0_u64, 0_u64, 0_u64);
        let (mut last_day, mut last_week) = (i64::MIN, i64::MIN);
        for day in bars.time.iter().map(day).take_while(|day| *day < end) {
            let week = (day - first) / WEEK_DAYS;
            bar_count += 1;
            days += u64::from(day != last_day);
            weeks += u64::from(week != last_week);
            (last_day, last_week) = (day, week);
        }
        let per_year = |count: u64| count as f64 / weeks as f64 * WEEKS_PER_YEAR;
        (weeks > 0).then(|| Self { days_per_year: per_year(days), bars_per_year: per_year(bar_count), week })
    }

    /// The trading day that `t` belongs to, in days since the epoch; see [`TradingWeek::trading_day`].
    #[must_use]
    pub fn trading_day(&self, t: Timestamp) -> i64 {
        self.week.trading_day(t)
    }
}

impl TradingWeek {
    /// Learns the week from the bars: a day of the week counts when at least half of the weeks trade on it.
    #[must_use]
    pub fn of(bars: &Bars) -> Self {
        let first = bars.time.first().map_or(0, |t| t.div_euclid(DAY_S));
        let (mut weeks, mut fridays, mut saturdays) = (0_u64, 0_u64, 0_u64);
        let (mut last_day, mut last_week) = (i64::MIN, i64::MIN);
        for day in bars.time.iter().map(|t| t.div_euclid(DAY_S)) {
            if day == last_day {
                continue;
            }
            let week = (day - first).div_euclid(WEEK_DAYS);
            weeks += u64::from(week != last_week);
            fridays += u64::from(weekday(day) == FRIDAY);
            saturdays += u64::from(weekday(day) == SATURDAY);
            (last_day, last_week) = (day, week);
        }
        if weeks > 0 && saturdays * 2 >= weeks {
            Self::EveryDay
        } else if weeks > 0 && fridays * 2 >= weeks {
            Self::MondayToFriday
        } else {
            Self::Other
        }
    }

    /// The trading day that `t` belongs to, in days since the epoch: its date in UTC, or the Monday after.
    ///
    /// Resampling to days with this and annualising with [`Calendar::days_per_year`] count the same days.
    #[must_use]
    pub fn trading_day(self, t: Timestamp) -> i64 {
        let day = t.0.div_euclid(DAY_S);
        match (self, weekday(day)) {
            (Self::MondayToFriday, SATURDAY) => day + 2,
            (Self::MondayToFriday, SUNDAY) => day + 1,
            _ => day,
        }
    }

    /// The trading day after `day`.
    fn next_day(self, day: i64) -> i64 {
        self.trading_day(Timestamp((day + 1) * DAY_S))
    }
}

pub(super) const SUNDAY: i64 = 0;
pub(super) const MONDAY: i64 = 1;
pub(super) const FRIDAY: i64 = 5;
pub(super) const SATURDAY: i64 = 6;

/// Day of the week of a day since the epoch: 0 is Sunday. The epoch was a Thursday.
pub(super) fn weekday(day: i64) -> i64 {
    (day + 4).rem_euclid(WEEK_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours of `weeks` weeks from Monday 2018-01-01, of which `open` picks those that trade (hour of the week).
    fn hours(weeks: i64, open: impl Fn(i64) -> bool) -> Bars {
        let monday = 1_514_764_800;
        let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), 0);
        bars.time = (0..weeks * 168).filter(|h| open(h % 168)).map(|h| monday + h * 3_600).collect();
        bars
    }

    #[test]
    fn currency_hours_give_260_days_though_they_trade_on_sunday_evening() {
        let fx = Calendar::of(&hours(60, |hour| !(4 * 24 + 22..6 * 24 + 22).contains(&hour))).unwrap();
        assert_eq!(fx.week, TradingWeek::MondayToFriday);
        assert!((fx.days_per_year - 260.9).abs() < 0.1, "{fx:?}");
        assert!((fx.bars_per_year - 6_261.4).abs() < 3.0, "{fx:?}");
    }

    #[test]
    fn crypto_hours_give_365_days() {
        let crypto = Calendar::of(&hours(10, |_| true)).unwrap();
        assert_eq!(crypto.week, TradingWeek::EveryDay);
        assert!((crypto.bars_per_year - 8_766.0).abs() < 1e-6, "{crypto:?}");
    }

    #[test]
    fn one_working_week_is_enough_and_less_is_not() {
        let days = |count: usize| {
            let mut bars = hours(1, |hour| hour % 24 == 0 && hour < 120).slice(0..0);
            bars.time = hours(1, |hour| hour % 24 == 0 && hour < 120).time[..count].to_vec();
            Calendar::of(&bars).map(|c| c.days_per_year.round())
        };
        assert_eq!((days(5), days(4), days(0)), (Some(261.0), None, None));
    }

    #[test]
    fn a_hole_of_months_does_not_dilute_the_year() {
        let mut bars = hours(104, |hour| hour < 120);
        bars.time.retain(|t| !(1_530_000_000..1_550_000_000).contains(t));
        let calendar = Calendar::of(&bars).unwrap();
        assert!((calendar.days_per_year - 260.0).abs() < 3.0, "{calendar:?}");
    }
}
