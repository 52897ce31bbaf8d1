//! Why the figures of a result are no result.

use serde::Deserialize;
use serde_json::Value;

use super::backtest::InSample;

/// What people are told before any figure of a result; `None` where the figures may be believed as they stand.
#[must_use]
pub fn caveat(result: &Value) -> Option<String> {
    #[derive(Deserialize)]
    struct Caveats {
        in_sample: Option<InSample>,
        #[serde(default)]
        quarantine: Vec<String>,
    }
    let told = Caveats::deserialize(result).ok()?;
    let known = told.in_sample.map(|known| format!("IN-SAMPLE: {known}"));
    known.or_else(|| Some(format!("QUARANTINED: {}", told.quarantine.first()?)))
}
