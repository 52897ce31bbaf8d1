//! Whether two series are of one instrument as far as luck goes, whatever they are called.
//!
//! Their returns are compared at common moments. One bad price, or a split that only one of them is adjusted for, is one rank
//! among many; stamps of another time zone are met by moving one series against the other, hour by hour.

use ktrdr_domain::Span;
use ktrdr_quant::Bars;
use ktrdr_quant::statistics::correlation::{pearson, spearman};

pub(super) const DAY_S: i64 = 86_400;

const HOUR_S: i64 = 3_600;

/// Instruments whose returns correlate by more than this, in either direction, are one.
const SAME_INSTRUMENT: f64 = 0.9;

/// Fewest returns of dev in common that tell.
const COMMON_MIN: usize = 60;

/// Hours from the easternmost clock to the westernmost.
const CLOCKS_APART: i64 = 26;

/// By returns over `step_s` seconds, or over the coarser one's bars if those are longer. `None` where they have too little of
/// dev in common to tell.
pub(super) fn is_same(own: &Bars, other: &Bars, dev: Span, step_s: i64) -> Option<bool> {
    let coarser = if own.timeframe.seconds() >= other.timeframe.seconds() { own } else { other };
    let step_s = step_s.max(coarser.timeframe.seconds());
    let moments = moments(coarser, dev, step_s);
    let closes = known_at(own, &moments, 0, step_s);
    let mut told = None;
    // As they are stamped first: that is nearly always it.
    for hours in (0..=CLOCKS_APART).flat_map(|hours| [hours, -hours]) {
        let others = known_at(other, &moments, hours * HOUR_S, step_s);
        let common: Vec<(f64, f64)> =
            closes.iter().zip(&others).filter_map(|(own, other)| Some(((*own)?, (*other)?))).collect();
        if common.len() < COMMON_MIN {
            continue;
        }
        if (hours == 0 || may_move_together(&common)) && move_together(&common) {
            return Some(true);
        }
        told = Some(false);
    }
    told
}

/// When their closes are compared: at the end of every day of dev, or of every bar that is longer than one or asked for.
fn moments(coarser: &Bars, dev: Span, step_s: i64) -> Vec<i64> {
    if step_s == DAY_S {
        let first = dev.start.0.div_euclid(DAY_S) + 1;
        return (first..=dev.end.0.div_euclid(DAY_S)).map(|day| day * DAY_S).collect();
    }
    let ends = coarser.time.iter().map(|open| open.saturating_add(coarser.timeframe.seconds()));
    ends.filter(|end| (dev.start.0 + 1..=dev.end.0).contains(end)).collect()
}

/// The last close of the `fresh_s` seconds before each moment, for one whose clock reads so many seconds less; `None` without one.
fn known_at(bars: &Bars, moments: &[i64], later_s: i64, fresh_s: i64) -> Vec<Option<f64>> {
    let end = |bar: usize| bars.time[bar].saturating_add(bars.timeframe.seconds()).saturating_add(later_s);
    let mut known = 0;
    let close_at = |moment: &i64| {
        while known < bars.len() && end(known) <= *moment {
            known += 1;
        }
        let last = known.checked_sub(1).filter(|last| end(*last) > moment - fresh_s)?;
        Some(bars.close[last]).filter(|close| *close > 0.0)
    };
    moments.iter().map(close_at).collect()
}

/// Whether most moves go the same way, or most go the other: cheap, and whatever correlates over 0.9 does so in 85 % of them.
fn may_move_together(closes: &[(f64, f64)]) -> bool {
    let goes_up = |pair: &[(f64, f64)]| (pair[1].0 > pair[0].0, pair[1].1 > pair[0].1);
    let ways = closes.windows(2).map(goes_up);
    let alike = ways.filter(|(own, other)| own == other).count() as f64 / closes.len() as f64;
    (alike - 0.5).abs() > 0.25
}

fn move_together(closes: &[(f64, f64)]) -> bool {
    let returns = |close: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        closes.windows(2).map(|pair| close(&pair[1]) / close(&pair[0]) - 1.0).collect()
    };
    let (own, other) = (returns(|pair| pair.0), returns(|pair| pair.1));
    let is_high = |coefficient: f64| coefficient.abs() > SAME_INSTRUMENT;
    pearson(&own, &other).is_ok_and(is_high) || spearman(&own, &other).is_ok_and(is_high)
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::Timestamp;

    use super::*;

    /// A series whose bars of so many seconds follow a common walk, with a noise of their own.
    fn walk(timeframe: &str, bars: i64, sign: f64, noise: f64) -> Bars {
        let timeframe: ktrdr_domain::Timeframe = timeframe.parse().unwrap();
        let length = timeframe.seconds();
        let price = |time: i64| {
            let hour = time as f64 / HOUR_S as f64;
            let common = (hour * 0.37).sin() + 2.0 * (hour * 0.051).sin() + 3.0 * (hour * 0.0113).cos();
            100.0 * (sign * common / 50.0 + noise * (hour * 0.77).cos()).exp()
        };
        let time: Vec<i64> = (0..bars).map(|bar| bar * length).collect();
        let close: Vec<f64> = time.iter().map(|open| price(open + length)).collect();
        Bars {
            symbol: "EURUSD".parse().unwrap(),
            timeframe,
            open: close.clone(),
            high: close.clone(),
            low: close.clone(),
            volume: vec![0.0; close.len()],
            time,
            close,
            synthetic: true,
        }
    }

    fn dev(days: i64) -> Span {
        Span { start: Timestamp(0), end: Timestamp(days * DAY_S) }
    }

    fn compared(own: &Bars, other: &Bars) -> Option<bool> {
        is_same(own, other, dev(300), DAY_S)
    }

    #[test]
    fn an_instrument_is_the_same_when_it_moves_with_the_other_or_against_it_on_dev() {
        let own = walk("1h", 400 * 24, 1.0, 0.0);
        for (other, is_same) in [
            (walk("1h", 400 * 24, 1.0, 0.001), Some(true)),
            (walk("1h", 400 * 24, -1.0, 0.001), Some(true)),
            (walk("1h", 400 * 24, 1.0, 0.2), Some(false)),
            (walk("1d", 400, 1.0, 0.001), Some(true)),
            (walk("1h", 50 * 24, 1.0, 0.0), None),
        ] {
            assert_eq!(compared(&own, &other), is_same);
        }
        assert_eq!(is_same(&own, &own, dev(30), DAY_S), None, "too few days to tell");
        assert_eq!(is_same(&own, &own, dev(30), HOUR_S), Some(true), "hours are enough");
    }

    #[test]
    fn one_price_that_is_wrong_and_a_split_hide_nothing() {
        let own = walk("1h", 300 * 24, 1.0, 0.0);
        let mut ticked = own.clone();
        ticked.close[1_000] *= 3.0;
        assert_eq!(compared(&ticked, &own), Some(true));
        let mut split = own.clone();
        split.close[3_000..].iter_mut().for_each(|close| *close /= 7.0);
        assert_eq!(compared(&own, &split), Some(true));
    }

    #[test]
    fn another_clock_hides_nothing() {
        let own = walk("1h", 300 * 24, 1.0, 0.0);
        for hours in [-14, -9, -7, 5, 10, 12] {
            let mut moved = own.clone();
            moved.time.iter_mut().for_each(|time| *time += hours * HOUR_S);
            assert_eq!(compared(&own, &moved), Some(true), "{hours} hours");
        }
    }

    #[test]
    fn weeks_are_compared_with_the_days_that_they_are_made_of() {
        let (days, weeks) = (walk("1d", 700, 1.0, 0.0), walk("1w", 100, 1.0, 0.001));
        let whole = dev(700);
        assert_eq!(is_same(&weeks, &days, whole, DAY_S), Some(true));
        assert_eq!(is_same(&days, &weeks, whole, DAY_S), Some(true));
    }
}
