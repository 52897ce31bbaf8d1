//! Triple barrier (López de Prado 2018, chapter 3), symmetric and scaled by volatility.
//!
//! Entry is at the close of bar `t`. BUY if a later high reaches `close × (1 + barrier × vol)` first, SELL if a low
//! reaches `close × (1 − barrier × vol)` first, HOLD after `horizon` bars with neither. When one bar reaches both,
//! their order is unknown and the label is HOLD. `vol` is the exponential average, over `span` bars, of the bar range
//! `(high − low) / close`, known at the close of `t`.

use ktrdr_domain::strategy::label::Class;

use super::{LabelSet, Targets};
use crate::Bars;
use crate::indicator::ewm_adjusted;

/// Labels bars from the first with a warm volatility to the last with a full horizon behind it. Later bars are left
/// out even when they have touched a barrier already: those that have not would be missing, and the rest would not be
/// a fair sample.
pub(super) fn label(bars: &Bars, barrier: f64, horizon: usize, span: usize) -> LabelSet {
    let start = span - 1;
    let last = bars.len().saturating_sub(horizon);
    let ranges = (0..bars.len()).map(|t| (bars.high[t] - bars.low[t]) / bars.close[t]);
    let volatility = ewm_adjusted(ranges, 2.0 / (span as f64 + 1.0));
    let labelled = volatility.enumerate().take(last).skip(start);
    let (classes, end) = labelled.map(|(t, vol)| first_touch(bars, t, barrier * vol, horizon)).unzip();
    LabelSet { start, targets: Targets::Classes(classes), end }
}

/// The class of bar `t` and the bar that settles it.
fn first_touch(bars: &Bars, t: usize, distance: f64, horizon: usize) -> (Class, usize) {
    let (upper, lower) = (bars.close[t] * (1.0 + distance), bars.close[t] * (1.0 - distance));
    let ahead = t + 1..t + 1 + horizon;
    let touches = bars.high[ahead.clone()].iter().zip(&bars.low[ahead]);
    for (i, (high, low)) in touches.enumerate() {
        let class = match (*high >= upper, *low <= lower) {
            (false, false) => continue,
            (true, false) => Class::Buy,
            (false, true) => Class::Sell,
            (true, true) => Class::Hold,
        };
        return (class, t + 1 + i);
    }
    (Class::Hold, t + horizon)
}
