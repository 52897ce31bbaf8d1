//! The return to come: `close[t + h] / close[t] − 1`.

use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::OutputKind;

use super::{LabelSet, Targets};
use crate::Bars;

/// A regression takes the number. A classification gets BUY above `threshold`, SELL below its negative, HOLD between.
/// The last `horizon` bars have no label.
pub(super) fn label(bars: &Bars, horizon: usize, threshold: f64, output: OutputKind) -> LabelSet {
    let later = bars.close.iter().skip(horizon);
    let returns = later.zip(&bars.close).map(|(then, now)| then / now - 1.0);
    let targets = match output {
        OutputKind::Regression => Targets::Values(returns.map(|r| r as f32).collect()),
        OutputKind::Classification => Targets::Classes(returns.map(|r| class_of(r, threshold)).collect()),
    };
    LabelSet { start: 0, targets, end: (horizon..bars.len()).collect() }
}

fn class_of(change: f64, threshold: f64) -> Class {
    if change > threshold {
        Class::Buy
    } else if change < -threshold {
        Class::Sell
    } else {
        Class::Hold
    }
}
