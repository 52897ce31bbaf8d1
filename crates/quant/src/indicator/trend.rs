//! Direction and strength of a trend.

use super::smoothing::{Seeded, exponential_after};
use super::{rolling, volatility};
use crate::Bars;

/// Moving average convergence divergence (Appel): `line = EMA_fast − EMA_slow`, `signal = EMA(line)`,
/// `histogram = line − signal`. Each average starts from the simple mean of its own first values, as on TradingView;
/// TA-Lib starts the fast one later, together with the slow one, which shows in the first values alone. First valid:
/// `max(fast, slow) + signal − 2`.
pub(super) fn macd(x: &[f64], fast: usize, slow: usize, signal: usize) -> [Vec<f64>; 3] {
    let mut line = exponential_after(x, 0, fast);
    for (fast, slow) in line.iter_mut().zip(exponential_after(x, 0, slow)) {
        *fast -= slow;
    }
    let signal = exponential_after(&line, fast.max(slow) - 1, signal);
    let histogram = line.iter().zip(&signal).map(|(line, signal)| line - signal).collect();
    [line, signal, histogram]
}

/// Average directional index and the two directional indices (Wilder 1978), each in `[0, 100]`.
///
/// A rise of the high beyond the fall of the low is upward movement and the reverse downward movement;
/// `DI = 100 × smoothed movement / smoothed true range`, `ADX = smoothed 100 |DI⁺ − DI⁻| / (DI⁺ + DI⁻)`. Each average is
/// Wilder's and starts from the plain mean of its first `p` values, so the indices from the first `p` changes and the ADX
/// from the first `p` indices. (TA-Lib starts its sums with `p − 1` changes, which shows for some `3 p` bars.) A market
/// without range or movement gives 0. First valid: `2 p − 1`.
pub(super) fn adx(bars: &Bars, period: usize) -> [Vec<f64>; 3] {
    let smooth = || Seeded::wilder(period);
    let (mut range, mut plus, mut minus, mut strength) = (smooth(), smooth(), smooth(), smooth());
    let mut out = [(); 3].map(|()| vec![f64::NAN; bars.len()]);
    for (t, true_range) in volatility::true_range(bars).into_iter().enumerate().skip(1) {
        let (rise, fall) = (bars.high[t] - bars.high[t - 1], bars.low[t - 1] - bars.low[t]);
        let range = range.next(true_range);
        let percent = |movement: f64| if range > 0.0 { 100.0 * movement / range } else { 0.0 };
        let up = percent(plus.next(if rise > fall && rise > 0.0 { rise } else { 0.0 }));
        let down = percent(minus.next(if fall > rise && fall > 0.0 { fall } else { 0.0 }));
        if t >= period {
            let both = up + down;
            out[0][t] = strength.next(if both > 0.0 { 100.0 * (up - down).abs() / both } else { 0.0 });
        }
        out[1][t] = up;
        out[2][t] = down;
    }
    out
}

/// Aroon (Chande 1995): `100 (p − bars since the highest high) / p`, the same for the lowest low, and their
/// difference. What happened `p` bars ago counts as well, so the window holds `p + 1` bars and each line reaches 0; of
/// equal extremes the newest counts, so a market that stands still gives 100 twice and an oscillator of 0. First valid:
/// `p`.
pub(super) fn aroon(bars: &Bars, period: usize) -> [Vec<f64>; 3] {
    let up = freshness(&bars.high, period, |newer, older| newer >= older);
    let down = freshness(&bars.low, period, |newer, older| newer <= older);
    let oscillator = up.iter().zip(&down).map(|(up, down)| up - down).collect();
    [up, down, oscillator]
}

fn freshness(x: &[f64], period: usize, beats: impl Fn(f64, f64) -> bool) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    rolling::scan(
        x.len(),
        period + 1,
        |i, _| (x[i], i),
        |older, newer| if beats(newer.0, older.0) { newer } else { older },
        |t, _, (_, at)| out[t] = 100.0 * (period - (t - at)) as f64 / period as f64,
    );
    out
}
