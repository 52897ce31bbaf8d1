//! Scales of raw inputs: fitted on training rows only, stored with the model, applied ever after.

use std::collections::BTreeMap;

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::{Feature, FeatureSource, Normalization};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::{FeatureBars, FeatureError};

/// The scale of each normalised raw input, by feature name; lagged copies share the scale of the value they lag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(transparent)]
pub struct Scaling {
    scales: BTreeMap<String, Scale>,
}

/// `(x − offset) × factor`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Minimum or mean of the training rows.
    pub offset: f64,
    /// One over their range or standard deviation; 0 where they are all equal, so that the input is then always 0.
    pub factor: f64,
}

impl Scale {
    pub(super) fn apply(self, x: f64) -> f64 {
        (x - self.offset) * self.factor
    }
}

impl Scaling {
    /// The scale of a feature.
    pub(super) fn of(&self, feature: &str) -> Result<Scale, FeatureError> {
        let missing = || FeatureError::MissingScale { feature: feature.to_owned() };
        self.scales.get(feature).copied().ok_or_else(missing)
    }
}

/// The training rows of one symbol.
#[derive(Debug, Clone, Copy)]
pub struct TrainingBars<'a> {
    /// Its bars.
    pub bars: FeatureBars<'a>,
    /// Indices of the base bars whose rows train the network.
    pub train: &'a [usize],
}

/// Fits the scale of every normalised raw input on the training rows of all symbols together.
///
/// `minmax` maps their minimum to 0 and their maximum to 1; `zscore` their mean to 0 and their standard deviation
/// (divisor n) to 1. Values of later rows may lie outside.
///
/// # Errors
/// As [`super::build`], and when there are no training rows.
pub fn fit_scaling(strategy: &Strategy, symbols: &[TrainingBars<'_>]) -> Result<Scaling, FeatureError> {
    let normalised = |f: &Feature| f.lag == 0 && normalization(f) != Normalization::None;
    let wanted: Vec<Feature> = strategy.features().into_iter().filter(normalised).collect();
    let mut seen: Vec<Seen> = wanted.iter().map(|_| Seen::default()).collect();
    for symbol in symbols {
        let plan = Plan::new(strategy, &symbol.bars, wanted.clone())?;
        let columns = plan.raw_columns()?;
        for (cell, seen) in plan.cells.iter().zip(&mut seen) {
            let value = |bar: &usize| columns[cell.column].get(plan.own_bar(cell, *bar)?);
            symbol.train.iter().filter_map(value).filter(|x| x.is_finite()).for_each(|x| seen.add(*x));
        }
    }
    let fit = |(feature, seen): (&Feature, Seen)| {
        let scale = seen.scale(normalization(feature));
        let missing = || FeatureError::NoTrainingRows { feature: feature.name.clone() };
        Ok((feature.name.clone(), scale.ok_or_else(missing)?))
    };
    let scales: Result<_, FeatureError> = wanted.iter().zip(seen).map(fit).collect();
    Ok(Scaling { scales: scales? })
}

fn normalization(feature: &Feature) -> Normalization {
    match feature.source {
        FeatureSource::Raw(normalization) => normalization,
        FeatureSource::Member(_) => Normalization::None,
    }
}

/// What the training rows of one input look like; mean and spread by Welford's method.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    count: f64,
    min: f64,
    max: f64,
    mean: f64,
    squares: f64,
}

impl Seen {
    fn add(&mut self, x: f64) {
        let first = self.count == 0.0;
        self.min = if first { x } else { self.min.min(x) };
        self.max = if first { x } else { self.max.max(x) };
        self.count += 1.0;
        let distance = x - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (x - self.mean);
    }

    fn scale(&self, normalization: Normalization) -> Option<Scale> {
        let (offset, width) = match normalization {
            Normalization::Minmax => (self.min, self.max - self.min),
            Normalization::Zscore => (self.mean, (self.squares / self.count).sqrt()),
            Normalization::None => return None,
        };
        let factor = if width > 0.0 { 1.0 / width } else { 0.0 };
        (self.count > 0.0).then_some(Scale { offset, factor })
    }
}
