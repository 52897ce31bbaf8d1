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

/// The bars that close the trading days of a stretch, which may be fewer than its calendar days: a day without bars
/// does not count.
///
/// A bar belongs to the trading day on which it opens, by the same rule as [`Calendar`] counts the days of a year: its
/// date in UTC, or the Monday after for instruments that open on Sunday evening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// The last bar of each day, counted from the first of the stretch.
    last: Vec<usize>,
}

impl Days {
    /// Those of bars that open at `time`.
    #[must_use]
    pub fn of(time: &[i64], calendar: Option<&Calendar>) -> Self {
        let week = calendar.map_or(TradingWeek::Other, |calendar| calendar.week);
        let day = |bar: usize| week.trading_day(Timestamp(time[bar]));
        let last = (0..time.len()).filter(|&bar| bar + 1 == time.len() || day(bar) != day(bar + 1)).collect();
        Self { last }
    }

    /// Simple returns per day of what is worth `values` at the bars' closes. A day's return goes from the last close
    /// before it (the first day: from `start`) to its own last close. Days on which nothing moved stay in.
    #[must_use]
    pub fn returns(&self, start: f64, values: &[f64]) -> Vec<f64> {
        let closes: Vec<f64> = self.last.iter().filter_map(|&bar| values.get(bar).copied()).collect();
        of(start, &closes)
    }
}

/// Returns of `run` per trading day; see [`Days`].
#[must_use]
pub fn daily(
    run: &Run,
    bars: &Bars,
    range: Range<usize>,
    initial_capital: f64,
    calendar: Option<&Calendar>,
) -> Vec<f64> {
    let time = bars.time.get(range).unwrap_or_default();
    Days::of(time, calendar).returns(initial_capital, &run.equity)
}
