//! The one resolver: from a strategy to the ordered feature list that training stores and backtesting must match.
//!
//! Order: each `nn_inputs` entry in file order, on each of its timeframes, each member in file order, then the
//! same columns lagged by 1, 2, … base bars. Names: `{timeframe}_{fuzzy_set}_{member}`,
//! `{timeframe}_{indicator}_raw`, with `_lag_{n}` behind for a lag.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fuzzy::{FuzzySet, IndicatorRef, Membership};
use super::{NnInput, Normalization, Strategy};
use crate::timeframe::Timeframe;

/// One column of the network's input.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Feature {
    /// Unique name.
    pub name: String,
    /// The bars it is computed on.
    pub timeframe: Timeframe,
    /// The indicator output it reads.
    pub indicator: IndicatorRef,
    /// What is done with that output.
    pub source: FeatureSource,
    /// How many base bars earlier.
    pub lag: u32,
}

/// What is done with an indicator output.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureSource {
    /// A fuzzy membership.
    Member(Membership),
    /// The value itself, scaled.
    Raw(Normalization),
}

impl Strategy {
    /// The ordered feature list.
    #[must_use]
    pub fn features(&self) -> Vec<Feature> {
        self.nn_inputs.iter().flat_map(|input| columns(input, &self.fuzzy_sets)).collect()
    }
}

/// The columns of one input: its values on each timeframe, then the same once more per lag.
pub(super) fn columns(input: &NnInput, fuzzy_sets: &IndexMap<String, FuzzySet>) -> Vec<Feature> {
    let mut columns = Vec::new();
    for &timeframe in &input.timeframes {
        if let Some((id, set)) = input.fuzzy_set.as_ref().and_then(|id| fuzzy_sets.get_key_value(id)) {
            columns.extend(set.members.iter().map(|(member, membership)| Feature {
                name: format!("{timeframe}_{id}_{member}"),
                timeframe,
                indicator: set.indicator.clone(),
                source: FeatureSource::Member(*membership),
                lag: 0,
            }));
        }
        columns.extend(input.raw_indicator.as_ref().map(|raw| Feature {
            name: format!("{timeframe}_{raw}_raw"),
            timeframe,
            indicator: raw.clone(),
            source: FeatureSource::Raw(input.normalization),
            lag: 0,
        }));
    }
    let lagged = (1..=input.lags).flat_map(|lag| {
        columns.iter().map(move |c| Feature { name: format!("{}_lag_{lag}", c.name), lag, ..c.clone() })
    });
    let lagged: Vec<Feature> = lagged.collect();
    columns.into_iter().chain(lagged).collect()
}
