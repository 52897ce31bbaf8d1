//! What a network would get to see: fuzzy sets that say nothing, classes that hardly occur.

use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::{Strategy, Timeframe};

use super::FeatureMatrix;

/// A membership below this says nothing.
pub const SILENT_BELOW: f32 = 0.05;

/// How a fuzzy set covers the bars it was computed on.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// The set.
    pub fuzzy_set: String,
    /// The bars it is read on.
    pub timeframe: Timeframe,
    /// Share of rows at which every member is below [`SILENT_BELOW`].
    pub dead_share: f64,
}

/// The coverage of each fuzzy set among a strategy's inputs, in their order, on the rows of `matrix`.
#[must_use]
pub fn coverage(matrix: &FeatureMatrix, strategy: &Strategy) -> Vec<Coverage> {
    let mut at = 0;
    let mut found = Vec::new();
    for input in &strategy.nn_inputs {
        let set = input.fuzzy_set.as_ref().and_then(|id| Some((id, strategy.fuzzy_sets.get(id)?)));
        let width = set.map_or(usize::from(input.raw_indicator.is_some()), |(_, set)| set.members.len());
        for (i, timeframe) in input.timeframes.iter().enumerate() {
            if let Some((id, _)) = set {
                let dead_share = dead_share(matrix, at + i * width, width);
                found.push(Coverage { fuzzy_set: id.clone(), timeframe: *timeframe, dead_share });
            }
        }
        at += width * input.timeframes.len() * (1 + input.lags as usize);
    }
    found
}

fn dead_share(matrix: &FeatureMatrix, from: usize, width: usize) -> f64 {
    let silent = |row: &&[f32]| row.iter().skip(from).take(width).all(|x| *x < SILENT_BELOW);
    let dead = matrix.values.chunks_exact(matrix.columns.max(1)).filter(silent).count();
    dead as f64 / matrix.rows.max(1) as f64
}

/// Shares of BUY, HOLD and SELL; `None` without labels.
#[must_use]
pub fn class_shares(classes: &[Class]) -> Option<[f64; 3]> {
    let share = |class| classes.iter().filter(|c| **c == class).count() as f64 / classes.len() as f64;
    (!classes.is_empty()).then(|| Class::ALL.map(share))
}
