//! Direction and strength of a trend.

use super::smoothing::{Recursive, recursive};
use super::{rolling, volatility};
use crate::Bars;

/// Moving average convergence divergence (Appel): `line = EMA_fast − EMA_slow`, `signal = EMA(line)`,
/// `histogram = line − signal`, all recursive averages started at their first value. First valid:
/// `max(fast, slow) + signal − 2`.
pub(super) fn macd(x: &[f64], fast: usize, slow: usize, signal: usize) -> [Vec<f64>; 3] {
    let mut line = recursive(x, fast);
    for (fast, slow) in line.iter_mut().zip(recursive(x, slow)) {
        *fast -= slow;
    }
    let signal = recursive(&line, signal);
    let histogram = line.iter().zip(&signal).map(|(line, signal)| line - signal).collect();
    [line, signal, histogram]
}

/// Average directional index and the two directional indices (Wilder 1978), each in `[0, 100]`.
///
/// A rise of the high beyond the fall of the low is upward movement and the reverse downward movement;
/// `DI = 100 × smoothed movement / smoothed true range`, `ADX = smoothed 100 |DI⁺ − DI⁻| / (DI⁺ + DI⁻)`. Smoothing is
/// recursive with `alpha = 1 / p`, started at the first bar. A market without range or movement gives 0.
/// First valid: `2 p`.
pub(super) fn adx(bars: &Bars, period: usize) -> [Vec<f64>; 3] {
    let smooth = || Recursive::new(1.0 / period as f64);
    let (mut range, mut plus, mut minus, mut strength) = (smooth(), smooth(), smooth(), smooth());
    let capacity = || Vec::with_capacity(bars.len());
    let mut out = [capacity(), capacity(), capacity()];
    for (t, true_range) in volatility::true_range(bars).into_iter().enumerate() {
        let before = t.saturating_sub(1);
        let (rise, fall) = (bars.high[t] - bars.high[before], bars.low[before] - bars.low[t]);
        let range = range.next(true_range);
        let percent = |movement: f64| if range > 0.0 { 100.0 * movement / range } else { 0.0 };
        let up = percent(plus.next(if rise > fall && rise > 0.0 { rise } else { 0.0 }));
        let down = percent(minus.next(if fall > rise && fall > 0.0 { fall } else { 0.0 }));
        let both = up + down;
        out[0].push(strength.next(if both > 0.0 { 100.0 * (up - down).abs() / both } else { 0.0 }));
        out[1].push(up);
        out[2].push(down);
    }
    out
}

/// Aroon (Chande 1995): `100 (p − bars since the highest high) / p`, the same for the lowest low, and their
/// difference. The window holds `p` bars; of equal extremes the oldest counts. First valid: `p − 1`.
pub(super) fn aroon(bars: &Bars, period: usize) -> [Vec<f64>; 3] {
    let up = freshness(&bars.high, period, |newer, older| newer > older);
    let down = freshness(&bars.low, period, |newer, older| newer < older);
    let oscillator = up.iter().zip(&down).map(|(up, down)| up - down).collect();
    [up, down, oscillator]
}

fn freshness(x: &[f64], period: usize, beats: impl Fn(f64, f64) -> bool) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    rolling::scan(
        x.len(),
        period,
        |i, _| (x[i], i),
        |older, newer| if beats(newer.0, older.0) { newer } else { older },
        |t, _, (_, at)| out[t] = 100.0 * (period - (t - at)) as f64 / period as f64,
    );
    out
}
