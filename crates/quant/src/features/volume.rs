//! Indicators of volume on bars that have none.

use ktrdr_domain::Strategy;

use crate::Bars;

/// What to say of a strategy whose indicators read volume that these bars have none of; `None` where there is nothing to say.
#[must_use]
pub fn missing(strategy: &Strategy, bars: &Bars) -> Option<String> {
    let readers: Vec<&str> = strategy
        .indicators
        .iter()
        .filter(|(_, spec)| spec.reads_volume())
        .map(|(id, _)| id.as_str())
        .collect();
    let is_silent = !bars.is_empty() && bars.volume.iter().all(|volume| *volume <= 0.0);
    (is_silent && !readers.is_empty()).then(|| {
        format!(
            "{} {} has no volume, and {} read it: they say nothing there; use others, or bars with volume",
            bars.symbol,
            bars.timeframe,
            readers.join(", ")
        )
    })
}
