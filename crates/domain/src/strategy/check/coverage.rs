//! Dead zones: values that belong to no member of a fuzzy set, where the network is blind.

use super::at;
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::read::Draft;
use crate::strategy::{FuzzySet, IndicatorKind};

/// Points at which the range is tried.
const STEPS: u32 = 400;
/// Longest stretch, in steps, that may belong to nothing: 2 % of the range.
const BLIND_STEPS_MAX: u32 = 8;

/// Warns of each fuzzy set that leaves a stretch of a bounded indicator's range to no member.
pub(super) fn dead_zones(draft: &Draft, out: &mut Diagnostics) {
    for (id, set) in &draft.fuzzy_sets {
        let Some(spec) = draft.indicators.get(&set.indicator.id) else { continue };
        let Some(range) = bounds(spec.kind, set.indicator.output.as_deref()) else { continue };
        if let Some((from, to)) = longest_blind(set, range) {
            let message = format!("values from {from} to {to} belong to no member");
            let fix = "let neighbours overlap, and give the outer members a shoulder such as [0, 0, 40]";
            out.warning(at(format!("fuzzy_sets.{id}"), message, fix));
        }
    }
}

/// The range of one output. Aroon's oscillator is twice as wide as its lines.
fn bounds(kind: IndicatorKind, output: Option<&str>) -> Option<(f64, f64)> {
    match (kind, output) {
        (IndicatorKind::Aroon, None | Some("up" | "down")) => Some((0.0, 100.0)),
        _ => kind.definition().bounds,
    }
}

/// The longest stretch without a member, when it is too long.
fn longest_blind(set: &FuzzySet, (low, high): (f64, f64)) -> Option<(f64, f64)> {
    let value = |step: u32| low + (high - low) * f64::from(step) / f64::from(STEPS);
    let (mut start, mut longest) = (0, None);
    for step in 0..=STEPS + 1 {
        if step <= STEPS && set.is_silent_at(value(step)) {
            continue;
        }
        let length = step - start;
        if length > BLIND_STEPS_MAX && longest.is_none_or(|(a, b)| length > b - a) {
            longest = Some((start, step));
        }
        start = step + 1;
    }
    longest.map(|(from, to)| (value(from), value(to - 1)))
}
