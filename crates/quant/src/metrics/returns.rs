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

    /// The last bar of each day, counted from the first of the stretch.
    #[must_use]
    pub fn closing_bars(&self) -> &[usize] {
        &self.last
    }

    /// How many days begin before a bar of the stretch, and how many bars they have.
    #[must_use]
    pub fn beginning_before(&self, bar: usize) -> (usize, usize) {
        let begun = self.last.iter().filter(|last| **last + 1 < bar).count() + usize::from(bar > 0);
        let days = begun.min(self.last.len());
        (days, days.checked_sub(1).map_or(0, |day| self.last[day] + 1))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_has_begun_is_counted_whole() {
        let time: Vec<i64> = (0..60).map(|hour| hour * 3_600).collect();
        let days = Days::of(&time, None);
        let cuts = [0, 1, 24, 25, 48, 60].map(|bar| days.beginning_before(bar));
        assert_eq!(cuts, [(0, 0), (1, 24), (1, 24), (2, 48), (2, 48), (3, 60)]);
        assert_eq!(Days::of(&[], None).beginning_before(0), (0, 0));
    }
}
