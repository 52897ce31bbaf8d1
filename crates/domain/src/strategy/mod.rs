//! A strategy: grammar 3.0 as types. Reading and checking a file happens in one place; everything after that
//! works with a [`Strategy`] that holds together.
//!
//! `indicators` → `fuzzy_sets` → `nn_inputs` → the ordered feature vector ([`feature`]) → network ([`network`])
//! → decisions ([`decision`]) → position size and exits ([`crate::trading`]).

pub mod catalogue;
pub mod decision;
pub mod feature;
pub mod fuzzy;
pub mod label;
pub mod network;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::name::{StrategyName, Symbol};
use crate::time::Timestamp;
use crate::timeframe::Timeframe;
use crate::trading::{Exits, Sizing};

pub use catalogue::{IndicatorKind, IndicatorSpec, Source};
pub use decision::Decisions;
pub use feature::{Feature, FeatureSource};
pub use fuzzy::{FuzzySet, IndicatorRef, Membership};
pub use label::Labels;
pub use network::{Architecture, Optimisation};

/// A strategy that has been checked: references resolve, numbers are in range, names are safe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// Name; also the stem of its file and the folder of its models.
    pub name: StrategyName,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Why it might work. Kept in reports and in memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypothesis: Option<String>,
    /// Grammar version; always `3.0` after reading.
    pub version: String,
    /// What to train on.
    pub training_data: TrainingData,
    /// Indicators by id, in file order.
    pub indicators: IndexMap<String, IndicatorSpec>,
    /// Fuzzy sets by id, in file order.
    pub fuzzy_sets: IndexMap<String, FuzzySet>,
    /// What the network sees, in order.
    pub nn_inputs: Vec<NnInput>,
    /// The network's shape.
    pub model: Architecture,
    /// How it is trained.
    pub training: Training,
    /// How an output becomes a position.
    pub decisions: Decisions,
    /// Position size and exits.
    #[serde(default)]
    pub risk: Risk,
}

/// The data a strategy is trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingData {
    /// Pooled, each with its own labels. At least one.
    pub symbols: Vec<Symbol>,
    /// All timeframes that `nn_inputs` may name. At least one.
    pub timeframes: Vec<Timeframe>,
    /// The shortest: decisions are taken on its bars.
    pub base_timeframe: Timeframe,
    /// Fewest usable base bars, after warm-up, without which training is refused.
    #[serde(default = "TrainingData::history_required_default")]
    pub history_required: u32,
    /// Narrows the dev window from the left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Timestamp>,
    /// Narrows the dev window from the right (exclusive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Timestamp>,
}

impl TrainingData {
    /// 200 bars.
    #[must_use]
    pub fn history_required_default() -> u32 {
        200
    }
}

/// One entry of `nn_inputs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NnInput {
    /// Every member of this fuzzy set, or …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuzzy_set: Option<String>,
    /// … this indicator output itself. Exactly one of the two is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_indicator: Option<IndicatorRef>,
    /// On which timeframes, in order. `all` in a file is written out here.
    pub timeframes: Vec<Timeframe>,
    /// Scaling of a raw input, fitted on training rows only.
    #[serde(default)]
    pub normalization: Normalization,
    /// How many earlier base bars of the same value are added, 0 for none.
    #[serde(default)]
    pub lags: u32,
}

/// Scaling of a raw indicator input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalization {
    /// As it is.
    #[default]
    None,
    /// To `[0, 1]` by the training rows' minimum and maximum.
    Minmax,
    /// By the training rows' mean and standard deviation.
    Zscore,
}

/// The `training` section: labels, split and optimisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// What the network is taught.
    pub labels: Labels,
    /// Shares of dev, in time order, per symbol.
    #[serde(default)]
    pub data_split: DataSplit,
    /// Epochs, optimiser, loss, stopping.
    #[serde(default)]
    pub optimisation: Optimisation,
}

/// Chronological shares of the dev window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSplit {
    /// Fits the network.
    pub train: f64,
    /// Stops it.
    pub validation: f64,
    /// Judges it.
    pub test: f64,
}

impl Default for DataSplit {
    fn default() -> Self {
        Self { train: 0.70, validation: 0.15, test: 0.15 }
    }
}

/// The `risk` section.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Risk {
    /// Position size.
    pub position_sizing: Sizing,
    /// Exits beside signals.
    pub exits: Exits,
}

impl Default for Risk {
    fn default() -> Self {
        Self { position_sizing: Sizing::FixedFraction(0.95), exits: Exits::default() }
    }
}
