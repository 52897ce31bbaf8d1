//! How far prices range, and bands and channels made of it.

use super::average::{ZERO, ema};
use super::rolling::{self, mean_after};
use crate::Bars;

/// True range (Wilder 1978): the largest of `H − L`, `|H − C₋₁|`, `|L − C₋₁|`. The first bar has no close before it, and so
/// no true range: NaN.
pub(super) fn true_range(bars: &Bars) -> Vec<f64> {
    let ranges = bars.high.iter().zip(&bars.low).skip(1).zip(&bars.close);
    let first = bars.close.first().map(|_| f64::NAN);
    first.into_iter().chain(ranges.map(|((high, low), close)| high.max(*close) - low.min(*close))).collect()
}

/// Average true range: the *simple* mean of `p` true ranges, where Wilder's own average is recursive; so every value
/// forgets what lies more than `p` bars back. First valid: `p`.
pub(super) fn atr(bars: &Bars, period: usize) -> Vec<f64> {
    mean_after(&true_range(bars), 1, period)
}

/// Bollinger bands: simple average ± `multiplier` sample standard deviations (divisor `p − 1` as in pandas; TA-Lib and
/// TradingView divide by `p`), as upper, middle, lower. First valid: `p − 1`.
pub(super) fn bollinger(x: &[f64], period: usize, multiplier: f64) -> [Vec<f64>; 3] {
    let (middle, deviation) = rolling::mean_and_deviation(x, period);
    around(middle, &deviation, multiplier)
}

/// Width of the Bollinger bands over their middle: `(upper − lower) / middle`, 0 where the middle is zero.
/// First valid: `p − 1`.
pub(super) fn bollinger_width(x: &[f64], period: usize, multiplier: f64) -> Vec<f64> {
    let (mut out, deviation) = rolling::mean_and_deviation(x, period);
    for (middle, deviation) in out.iter_mut().zip(&deviation) {
        *middle = if middle.abs() <= ZERO { 0.0 } else { 2.0 * multiplier * deviation / *middle };
    }
    out
}

/// Keltner channels (Raschke's form): exponential average of the close ± `multiplier` average true ranges, as upper,
/// middle, lower. First valid: `max(p − 1, atr_p)`.
pub(super) fn keltner(bars: &Bars, period: usize, atr_period: usize, multiplier: f64) -> [Vec<f64>; 3] {
    around(ema(&bars.close, period), &atr(bars, atr_period), multiplier)
}

fn around(middle: Vec<f64>, width: &[f64], multiplier: f64) -> [Vec<f64>; 3] {
    let band = |side: f64| middle.iter().zip(width).map(|(m, w)| m + side * multiplier * w).collect();
    let (upper, lower) = (band(1.0), band(-1.0));
    [upper, middle, lower]
}

/// Donchian channels: highest high, `(upper + lower) / 2`, lowest low. First valid: `p − 1`.
pub(super) fn donchian(bars: &Bars, period: usize) -> [Vec<f64>; 3] {
    let upper = rolling::highest(&bars.high, period);
    let lower = rolling::lowest(&bars.low, period);
    let middle = upper.iter().zip(&lower).map(|(upper, lower)| (upper + lower) / 2.0).collect();
    [upper, middle, lower]
}
