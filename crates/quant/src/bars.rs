//! The one form in which all of this crate takes prices.

use std::ops::Range;

use ktrdr_domain::strategy::indicators::Source;
use ktrdr_domain::{Span, Symbol, Timeframe, Timestamp};

/// Bars of one instrument in one timeframe, oldest first. All vectors have the same length.
///
/// Readers and generators build them and guarantee: stamps strictly ascending by at least the timeframe, prices finite,
/// `low ≤ open, close ≤ high`, volume finite and ≥ 0. Prices are positive, unless an import was told to allow others:
/// what divides by a price asks [`Bars::not_above_zero`] first.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The instrument.
    pub symbol: Symbol,
    /// The length of each bar.
    pub timeframe: Timeframe,
    /// When each bar opens, in seconds since the epoch, UTC.
    pub time: Vec<i64>,
    /// First price of each bar.
    pub open: Vec<f64>,
    /// Highest price of each bar.
    pub high: Vec<f64>,
    /// Lowest price of each bar.
    pub low: Vec<f64>,
    /// Last price of each bar.
    pub close: Vec<f64>,
    /// Traded volume of each bar; 0 where none is published.
    pub volume: Vec<f64>,
    /// Whether the bars were generated, not observed.
    pub synthetic: bool,
}

impl Bars {
    /// A series without bars, with room for `capacity` of them.
    #[must_use]
    pub fn with_capacity(symbol: Symbol, timeframe: Timeframe, capacity: usize) -> Self {
        let prices = || Vec::with_capacity(capacity);
        Self {
            symbol,
            timeframe,
            time: Vec::with_capacity(capacity),
            open: prices(),
            high: prices(),
            low: prices(),
            close: prices(),
            volume: prices(),
            synthetic: false,
        }
    }

    /// How many bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there is no bar.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// From the first bar's open to the last bar's close; `None` without bars.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        let (first, last) = (self.time.first()?, self.time.last()?);
        Some(Span { start: Timestamp(*first), end: Timestamp(last.saturating_add(self.timeframe.seconds())) })
    }

    /// A copy of the bars at `range`; what lies beyond the end is left out.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let range = range.start.min(end)..end;
        Self {
            symbol: self.symbol.clone(),
            timeframe: self.timeframe,
            time: self.time[range.clone()].to_vec(),
            open: self.open[range.clone()].to_vec(),
            high: self.high[range.clone()].to_vec(),
            low: self.low[range.clone()].to_vec(),
            close: self.close[range.clone()].to_vec(),
            volume: self.volume[range].to_vec(),
            synthetic: self.synthetic,
        }
    }

    /// The index of the first bar that opens at or after `t`; `len()` if there is none.
    #[must_use]
    pub fn index_at_or_after(&self, t: Timestamp) -> usize {
        self.time.partition_point(|open| *open < t.0)
    }

    /// The first of the bars at `range` with a price of zero or below, by which nothing can be divided.
    #[must_use]
    pub fn not_above_zero(&self, range: Range<usize>) -> Option<usize> {
        let first = range.start;
        self.low[range].iter().position(|low| *low <= 0.0).map(|at| first + at)
    }

    /// One field of all bars.
    #[must_use]
    pub fn field(&self, source: Source) -> &[f64] {
        match source {
            Source::Open => &self.open,
            Source::High => &self.high,
            Source::Low => &self.low,
            Source::Close => &self.close,
            Source::Volume => &self.volume,
        }
    }

    /// The indices of the bars that lie wholly inside `span`: opened at or after its start, closed by its end.
    #[must_use]
    pub fn window(&self, span: &Span) -> Range<usize> {
        let start = self.index_at_or_after(span.start);
        let closed = |open: &i64| open.saturating_add(self.timeframe.seconds()) <= span.end.0;
        start..self.time.partition_point(closed).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(count: i64) -> Bars {
        let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), 0);
        for i in 0..count {
            bars.time.push(i * 3_600);
            for field in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close, &mut bars.volume] {
                field.push(1.0 + i as f64);
            }
        }
        bars
    }

    fn span(start: i64, end: i64) -> Span {
        Span { start: Timestamp(start), end: Timestamp(end) }
    }

    #[test]
    fn the_span_ends_when_the_last_bar_closes() {
        assert_eq!(hours(3).span(), Some(span(0, 3 * 3_600)));
        assert_eq!(hours(0).span(), None);
    }

    #[test]
    fn a_window_holds_only_bars_that_lie_wholly_inside() {
        let bars = hours(5);
        assert_eq!(bars.window(&span(1, 4 * 3_600)), 1..4);
        assert_eq!(bars.window(&span(0, 4 * 3_600 - 1)), 0..3);
        assert_eq!(bars.window(&span(0, i64::MAX)), 0..5);
        assert!(bars.window(&span(3_601, 3_700)).is_empty());
    }

    #[test]
    fn a_slice_takes_every_field_and_stops_at_the_end() {
        let part = hours(5).slice(3..9);
        assert_eq!(part.time, [3 * 3_600, 4 * 3_600]);
        assert_eq!(part.field(Source::Close), [4.0, 5.0]);
        assert!(hours(2).slice(7..9).is_empty());
    }
}
