//! The one resolver: from a strategy to the ordered feature list that training stores and backtesting must match.
//!
//! Order: each `nn_inputs` entry in file order, on each of its timeframes, each member in file order, then the
//! same columns lagged by 1, 2, … base bars. Names: `{timeframe}_{fuzzy_set}_{member}`,
//! `{timeframe}_{indicator}_raw`, with `_lag_{n}` behind for a lag.

use serde::{Deserialize, Serialize};

use super::fuzzy::{IndicatorRef, Membership};
use super::{Normalization, Strategy};
use crate::timeframe::Timeframe;

/// One column of the network's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
        self.nn_inputs.iter().flat_map(|input| self.features_of(input)).collect()
    }

    fn features_of(&self, input: &super::NnInput) -> Vec<Feature> {
        let mut columns = Vec::new();
        for &timeframe in &input.timeframes {
            if let Some(set_id) = &input.fuzzy_set {
                let set = self.fuzzy_sets.get(set_id);
                for (member, membership) in set.iter().flat_map(|s| &s.members) {
                    columns.push(Feature {
                        name: format!("{timeframe}_{set_id}_{member}"),
                        timeframe,
                        indicator: set.map_or_else(|| set_id.clone().into(), |s| s.indicator.clone()),
                        source: FeatureSource::Member(*membership),
                        lag: 0,
                    });
                }
            }
            if let Some(raw) = &input.raw_indicator {
                columns.push(Feature {
                    name: format!("{timeframe}_{raw}_raw"),
                    timeframe,
                    indicator: raw.clone(),
                    source: FeatureSource::Raw(input.normalization),
                    lag: 0,
                });
            }
        }
        let lagged = (1..=input.lags).flat_map(|lag| {
            columns.iter().map(move |c| Feature { name: format!("{}_lag_{lag}", c.name), lag, ..c.clone() })
        });
        let lagged: Vec<Feature> = lagged.collect();
        columns.into_iter().chain(lagged).collect()
    }
}
