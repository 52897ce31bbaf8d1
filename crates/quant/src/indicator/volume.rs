//! Volume, and price weighted by it.

use super::average::{ZERO, sma};
use super::oscillator::{percent_up, typical_price};
use super::rolling;
use crate::Bars;

/// On-balance volume (Granville 1963): the running sum of volume, added where the close rose and subtracted where it
/// fell. It starts at 0 on the first bar, so its level depends on where the data start. First valid: 0.
pub(super) fn obv(bars: &Bars) -> Vec<f64> {
    let mut balance = 0.0;
    let mut previous = f64::NAN;
    let step = |(close, volume): (&f64, &f64)| {
        if *close > previous {
            balance += volume;
        } else if *close < previous {
            balance -= volume;
        }
        previous = *close;
        balance
    };
    bars.close.iter().zip(&bars.volume).map(step).collect()
}

/// Volume-weighted average price over `p` bars: `Σ price × volume / Σ volume`, the price typical or the close. A
/// window without volume keeps the last value there was, and is NaN if there was none. First valid: `p − 1`.
pub(super) fn vwap(bars: &Bars, period: usize, typical: bool) -> Vec<f64> {
    let typical = typical.then(|| typical_price(bars));
    let price = typical.as_deref().unwrap_or(&bars.close);
    let mut out = vec![f64::NAN; bars.len()];
    let mut last = f64::NAN;
    rolling::scan(
        bars.len(),
        period,
        |i, anchor| ((price[i] - price[anchor]) * bars.volume[i], bars.volume[i]),
        |a, b| (a.0 + b.0, a.1 + b.1),
        |t, anchor, (distance, volume)| {
            if volume > 0.0 {
                last = price[anchor] + distance / volume;
            }
            out[t] = last;
        },
    );
    out
}

/// Money flow index (Quong and Soudack 1989): `100 − 100 / (1 + positive / negative)` over `p` changes of the typical
/// price, where a flow is typical price × volume, signed by the change. Only positive flow gives 100, only negative
/// 0, none at all 50. First valid: `p`.
pub(super) fn mfi(bars: &Bars, period: usize) -> Vec<f64> {
    let typical = typical_price(bars);
    let mut out = vec![f64::NAN; bars.len()];
    // Change i leads to bar i + 1.
    let flow = |i: usize| {
        let flow = typical[i + 1] * bars.volume[i + 1];
        let change = typical[i + 1] - typical[i];
        (if change > 0.0 { flow } else { 0.0 }, if change < 0.0 { flow } else { 0.0 })
    };
    rolling::scan(
        bars.len().saturating_sub(1),
        period,
        |i, _| flow(i),
        |a, b| (a.0 + b.0, a.1 + b.1),
        |t, _, (positive, negative)| out[t + 1] = percent_up(positive, negative),
    );
    out
}

/// Volume over its simple average, 1 where the average is zero. First valid: `p − 1`.
pub(super) fn volume_ratio(volume: &[f64], period: usize) -> Vec<f64> {
    let mut out = sma(volume, period);
    for (mean, volume) in out.iter_mut().zip(volume) {
        *mean = if mean.abs() > ZERO { volume / *mean } else { 1.0 };
    }
    out
}
