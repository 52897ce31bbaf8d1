//! How far prices range, and bands and channels made of it.

use super::average::{ZERO, sma};
use super::{rolling, smoothing};
use crate::Bars;

/// True range (Wilder 1978): the largest of `H − L`, `|H − C₋₁|`, `|L − C₋₁|`; `H − L` at the first bar.
pub(super) fn true_range(bars: &Bars) -> Vec<f64> {
    let mut out = Vec::with_capacity(bars.len());
    let mut previous = None;
    for ((high, low), close) in bars.high.iter().zip(&bars.low).zip(&bars.close) {
        let (top, bottom) = previous.map_or((*high, *low), |c: f64| (high.max(c), low.min(c)));
        out.push(top - bottom);
        previous = Some(*close);
    }
    out
}

/// Average true range: the *simple* mean of the true range. First valid: `p − 1`.
pub(super) fn atr(bars: &Bars, period: usize) -> Vec<f64> {
    sma(&true_range(bars), period)
}

/// Bollinger bands: simple average ± `multiplier` sample standard deviations (divisor `p − 1`), as upper, middle,
/// lower. First valid: `p − 1`.
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

/// Keltner channels (Raschke's form): recursive exponential average of the close ± `multiplier` average true
/// ranges, as upper, middle, lower. First valid: `max(p, atr_p) − 1`.
pub(super) fn keltner(bars: &Bars, period: usize, atr_period: usize, multiplier: f64) -> [Vec<f64>; 3] {
    around(smoothing::recursive(&bars.close, period), &atr(bars, atr_period), multiplier)
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
