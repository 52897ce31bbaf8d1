//! Moving averages of one field.

use super::{rolling, smoothing};

/// Simple moving average: `(xₜ + … + xₜ₋ₚ₊₁) / p`. First valid: `p − 1`.
pub(super) fn sma(x: &[f64], period: usize) -> Vec<f64> {
    rolling::mean(x, period)
}

/// Exponential moving average, `alpha = 2 / (p + 1)`, which starts from the simple mean of its first `p` values (TA-Lib,
/// TradingView; pandas' `ewm` starts at the first value instead). First valid: `p − 1`.
pub(super) fn ema(x: &[f64], period: usize) -> Vec<f64> {
    smoothing::exponential_after(x, 0, period)
}

/// Weighted moving average: weights `p, p − 1, …, 1` from the newest to the oldest value, over `p (p + 1) / 2`.
/// First valid: `p − 1`.
pub(super) fn wma(x: &[f64], period: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    let weights = (period * (period + 1) / 2) as f64;
    // In a window that ends at t, value i weighs (i − anchor) + (anchor − t + period).
    rolling::scan(
        x.len(),
        period,
        |i, anchor| {
            let distance = x[i] - x[anchor];
            (distance, distance * (i as f64 - anchor as f64))
        },
        |a, b| (a.0 + b.0, a.1 + b.1),
        |t, anchor, (plain, sloped)| {
            let shift = (anchor + period - t) as f64;
            out[t] = x[anchor] + (sloped + shift * plain) / weights;
        },
    );
    out
}

/// Below this a mean counts as zero and nothing is divided by it.
pub(super) const ZERO: f64 = 1e-10;

/// Distance from a moving average in percent: `100 (x − ma) / ma`, the average simple or exponential; 0 where the
/// average is zero (a source without volume). First valid: `p − 1`.
pub(super) fn distance(x: &[f64], period: usize, exponential: bool) -> Vec<f64> {
    let mut out = if exponential { ema(x, period) } else { sma(x, period) };
    for (mean, x) in out.iter_mut().zip(x) {
        *mean = if mean.abs() <= ZERO { 0.0 } else { 100.0 * (x - *mean) / *mean };
    }
    out
}
