//! From equity to simple returns, per bar and per trading day.

use std::ops::Range;

use ktrdr_domain::Timestamp;

use crate::Bars;
use crate::data::calendar::{Calendar, TradingWeek};
use crate::simulate::Run;

/// Simple returns from each point of `equity` to the next, the first one from `start`. After ruin nothing is
/// earned or lost any more: 0.
#[must_use]
pub fn of(start: f64, equity: &[f64]) -> Vec<f64> {
    let before = std::iter::once(&start).chain(equity);
    before.zip(equity).map(|(before, now)| if *before > 0.0 { now / before - 1.0 } else { 0.0 }).collect()
}

/// Returns of `run` per trading day, which may be fewer than calendar days: a day without bars does not count.
///
/// A bar belongs to the trading day on which it opens, by the same rule as [`Calendar`] counts the days of a year: its
/// date in UTC, or the Monday after for instruments that open on Sunday evening. A day's return goes from the last
/// close before it (the first day: from `initial_capital`) to its own last close. Days without a position stay in.
#[must_use]
pub fn daily(
    run: &Run,
    bars: &Bars,
    range: Range<usize>,
    initial_capital: f64,
    calendar: Option<&Calendar>,
) -> Vec<f64> {
    let time = bars.time.get(range).unwrap_or_default();
    of(initial_capital, &closes_of_days(time, &run.equity, calendar))
}

/// Returns of the instrument itself on the same days; the first one from the range's first open.
#[must_use]
pub fn daily_of_market(bars: &Bars, range: Range<usize>, calendar: Option<&Calendar>) -> Vec<f64> {
    let of_range = |field: &[f64]| field.get(range.clone()).unwrap_or_default().to_vec();
    let time = bars.time.get(range.clone()).unwrap_or_default();
    let start = of_range(&bars.open).first().copied().unwrap_or_default();
    of(start, &closes_of_days(time, &of_range(&bars.close), calendar))
}

/// The last value of each trading day.
fn closes_of_days(time: &[i64], values: &[f64], calendar: Option<&Calendar>) -> Vec<f64> {
    let week = calendar.map_or(TradingWeek::Other, |calendar| calendar.week);
    let mut closes: Vec<f64> = Vec::new();
    let mut today = None;
    for (time, value) in time.iter().zip(values) {
        let day = Some(week.trading_day(Timestamp(*time)));
        match closes.last_mut() {
            Some(close) if day == today => *close = *value,
            _ => closes.push(*value),
        }
        today = day;
    }
    closes
}
