//! Oscillators: where a price stands in its recent range, and how it moved.

use super::rolling::{self, mean_after};
use super::smoothing::Seeded;
use crate::Bars;

/// `up` as a share of `up + down`, in percent; 50 where nothing moved.
pub(super) fn percent_up(up: f64, down: f64) -> f64 {
    if up + down == 0.0 { 50.0 } else { 100.0 * up / (up + down) }
}

/// Relative strength index (Wilder 1978): `100 − 100 / (1 + G / L)`, where `G` and `L` are [`Seeded`] averages of gains
/// and losses. Only gains give 100; a series that never moved gives 50 (TA-Lib says 0, TradingView 100). First valid:
/// `p`.
pub(super) fn rsi(x: &[f64], period: usize) -> Vec<f64> {
    let (mut gain, mut loss) = (Seeded::wilder(period), Seeded::wilder(period));
    let mut out = Vec::with_capacity(x.len());
    out.extend(x.first().map(|_| f64::NAN));
    out.extend(x.windows(2).map(|pair| {
        let change = pair[1] - pair[0];
        percent_up(gain.next(change.max(0.0)), loss.next((-change).max(0.0)))
    }));
    out
}

/// Stochastic oscillator (Lane): raw `100 (C − LL) / (HH − LL)` over `k` bars, 50 where the range is empty (TA-Lib: 0);
/// `%K` is its simple average over `smooth` bars and `%D` that of `%K` over `d`. First valid: `k + smooth + d − 3`.
pub(super) fn stochastic(bars: &Bars, k: usize, smooth: usize, d: usize) -> [Vec<f64>; 2] {
    let raw = place_in_range(
        bars,
        k,
        |close, high, low| {
            if high > low { 100.0 * (close - low) / (high - low) } else { 50.0 }
        },
    );
    let percent_k = mean_after(&raw, k - 1, smooth);
    let percent_d = mean_after(&percent_k, k + smooth - 2, d);
    [percent_k, percent_d]
}

/// Williams %R: `−100 (HH − C) / (HH − LL)` over `p` bars, −50 where the range is empty (TA-Lib: 0). First valid: `p − 1`.
pub(super) fn williams_r(bars: &Bars, period: usize) -> Vec<f64> {
    place_in_range(
        bars,
        period,
        |close, high, low| {
            if high > low { -100.0 * (high - close) / (high - low) } else { -50.0 }
        },
    )
}

fn place_in_range(bars: &Bars, period: usize, place: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
    let mut out = rolling::highest(&bars.high, period);
    let lowest = rolling::lowest(&bars.low, period);
    for ((high, low), close) in out.iter_mut().zip(&lowest).zip(&bars.close) {
        *high = place(*close, *high, *low);
    }
    out
}

/// Rate of change in percent: `100 (xₜ / xₜ₋ₚ − 1)`. First valid: `p`. Not finite where the earlier value is 0,
/// which only a volume can be.
pub(super) fn roc(x: &[f64], period: usize) -> Vec<f64> {
    against_earlier(x, period, |now, then| 100.0 * (now / then - 1.0))
}

/// Momentum: `xₜ − xₜ₋ₚ`. First valid: `p`.
pub(super) fn momentum(x: &[f64], period: usize) -> Vec<f64> {
    against_earlier(x, period, |now, then| now - then)
}

fn against_earlier(x: &[f64], period: usize, compare: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut out = vec![f64::NAN; period.min(x.len())];
    out.extend(x.iter().skip(period).zip(x).map(|(now, then)| compare(*now, *then)));
    out
}

/// Commodity channel index (Lambert 1980): `(TP − SMA) / (0.015 × mean |TP − SMA|)` with `TP = (H + L + C) / 3`;
/// 0 where all typical prices of the window are equal. First valid: `p − 1`. Takes `bars × p` steps, since every
/// deviation changes with the mean.
pub(super) fn cci(bars: &Bars, period: usize) -> Vec<f64> {
    let typical = typical_price(bars);
    let mut out = rolling::mean(&typical, period);
    for (window, (mean, price)) in typical.windows(period).zip(out.iter_mut().zip(&typical).skip(period - 1))
    {
        let deviation = sum_of_distances(window, *mean) / period as f64;
        *mean = if deviation > 0.0 { (price - *mean) / (0.015 * deviation) } else { 0.0 };
    }
    out
}

/// `Σ |x − centre|` in four interleaved sums, so that the additions need not wait for each other.
fn sum_of_distances(window: &[f64], centre: f64) -> f64 {
    let mut sums = [0.0; 4];
    let chunks = window.chunks_exact(4);
    let rest: f64 = chunks.remainder().iter().map(|x| (x - centre).abs()).sum();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += (x - centre).abs();
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// `(H + L + C) / 3` of each bar.
pub(super) fn typical_price(bars: &Bars) -> Vec<f64> {
    bars.high.iter().zip(&bars.low).zip(&bars.close).map(|((h, l), c)| (h + l + c) / 3.0).collect()
}
