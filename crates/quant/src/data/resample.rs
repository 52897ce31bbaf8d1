//! Longer bars of shorter ones.
//!
//! A long bar begins at a multiple of its length in UTC: four hours at 00:00, 04:00 …, days at midnight, weeks on Monday. It is
//! made of the short bars that open within it, and there is none where no short bar does. The last one is left out while short
//! bars that belong to it may still come, and the first one where the short bars begin within it.

use ktrdr_domain::Timeframe;

use crate::Bars;

const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;
/// The epoch was a Thursday, four days before this Monday.
const MONDAY_S: i64 = 4 * DAY_S;

/// Bars that can not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoResample {
    /// Bars of one length are no whole number of the other's.
    #[error("{to} bars can not be made of {from} bars: their length is no multiple; use bars that divide it")]
    NoMultiple {
        /// What there is.
        from: Timeframe,
        /// What is wanted.
        to: Timeframe,
    },
    /// Bars that are as long already, or longer.
    #[error("{to} bars can not be made of {from} bars: longer bars are made of shorter ones")]
    NotLonger {
        /// What there is.
        from: Timeframe,
        /// What is wanted.
        to: Timeframe,
    },
    /// Not one is full.
    #[error("not one {to} bar is full: import more bars")]
    None {
        /// What is wanted.
        to: Timeframe,
    },
}

/// Whether bars of one length can be made of those of another.
#[must_use]
pub fn fits(from: Timeframe, to: Timeframe) -> bool {
    from < to && to.seconds() % from.seconds() == 0
}

/// The bars, in the longer timeframe.
///
/// # Errors
/// When that is no multiple of theirs, or not one bar of it is full.
pub fn resample(bars: &Bars, to: Timeframe) -> Result<Bars, NoResample> {
    let from = bars.timeframe;
    if to <= from {
        return Err(NoResample::NotLonger { from, to });
    }
    if !fits(from, to) {
        return Err(NoResample::NoMultiple { from, to });
    }
    let length = to.seconds();
    let offset = if length % WEEK_S == 0 { MONDAY_S } else { 0 };
    let begin = |time: i64| (time - offset).div_euclid(length) * length + offset;
    let begun = bars.time.first().copied().unwrap_or(i64::MAX);
    let end = bars.span().map_or(i64::MIN, |span| span.end.0);
    let mut long =
        Bars::with_capacity(bars.symbol.clone(), to, bars.len() / (length / from.seconds()) as usize + 2);
    long.synthetic = bars.synthetic;
    let mut first = 0;
    while first < bars.len() {
        let open = begin(bars.time[first]);
        let next = first + bars.time[first..].partition_point(|time| *time < open + length);
        if begun <= open && open + length <= end {
            push(&mut long, bars, first..next, open);
        }
        first = next;
    }
    if long.is_empty() { Err(NoResample::None { to }) } else { Ok(long) }
}

fn push(long: &mut Bars, short: &Bars, range: std::ops::Range<usize>, open: i64) {
    let [first, last] = [range.start, range.end - 1];
    long.time.push(open);
    long.open.push(short.open[first]);
    long.high.push(short.high[range.clone()].iter().copied().fold(f64::MIN, f64::max));
    long.low.push(short.low[range.clone()].iter().copied().fold(f64::MAX, f64::min));
    long.close.push(short.close[last]);
    long.volume.push(short.volume[range].iter().sum());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(opens: &[i64]) -> Bars {
        let mut bars = Bars::with_capacity("X".parse().unwrap(), "1h".parse().unwrap(), opens.len());
        for &hour in opens {
            let price = 100.0 + hour as f64;
            bars.time.push(hour * 3_600);
            bars.open.push(price);
            bars.high.push(price + 2.0);
            bars.low.push(price - 2.0);
            bars.close.push(price + 1.0);
            bars.volume.push(10.0);
        }
        bars
    }

    #[test]
    fn a_long_bar_is_made_of_those_that_open_within_it() {
        let long = resample(&hours(&[0, 1, 2, 3, 4, 5, 6, 7, 12, 13]), "4h".parse().unwrap()).unwrap();
        // 12:00 is not full yet, 08:00 has no bar at all.
        assert_eq!(long.time, [0, 4 * 3_600]);
        assert_eq!((&long.open[..], &long.close[..]), (&[100.0, 104.0][..], &[104.0, 108.0][..]));
        assert_eq!((&long.high[..], &long.low[..]), (&[105.0, 109.0][..], &[98.0, 102.0][..]));
        assert_eq!(long.volume, [40.0, 40.0]);
    }

    #[test]
    fn a_long_bar_whose_beginning_is_missing_is_none() {
        let long = resample(&hours(&[1, 2, 3, 4, 5, 6, 7, 8]), "4h".parse().unwrap()).unwrap();
        assert_eq!(long.time, [4 * 3_600]);
    }

    #[test]
    fn days_begin_at_midnight_and_weeks_on_monday() {
        let all: Vec<i64> = (0..24 * 20).collect();
        assert_eq!(resample(&hours(&all), "1d".parse().unwrap()).unwrap().time[1], DAY_S);
        let weeks = resample(&hours(&all), "1w".parse().unwrap()).unwrap();
        assert_eq!(weeks.time, [MONDAY_S, MONDAY_S + WEEK_S]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let of = |to: &str| resample(&hours(&[0, 1]), to.parse().unwrap()).unwrap_err().to_string();
        assert!(of("90m").contains("no multiple") && of("4h").contains("not one 4h bar"));
        assert!(of("1h").contains("longer bars") && of("15m").contains("longer bars"));
    }
}
