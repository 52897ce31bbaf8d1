//! A strategy: grammar 3.0 as types. Reading and checking a file happens in one place; everything after that
//! works with a [`Strategy`] that holds together.
//!
//! `indicators` → `fuzzy_sets` → `nn_inputs` → the ordered feature vector ([`feature`]) → network ([`network`])
//! → decisions ([`decision`]) → position size and exits ([`crate::trading`]).
//!
//! A file becomes a strategy in four steps: text to a tree that knows its lines (`yaml`, `node`), old grammars to
//! the current one (`upgrade`), the tree to types ([`read`], over `cursor`), and the rules between the parts
//! (`check`). A strategy that arrives as JSON takes the last two, so its parts are written by serde and never read by it. The tables in [`indicators`], [`field`] and
//! [`words`] say what may be written; [`schema`] tells editors.

mod check;
mod cursor;
pub mod decision;
pub mod diagnostic;
pub mod feature;
pub mod field;
pub mod fuzzy;
pub mod grid;
pub mod indicators;
pub mod label;
pub mod network;
mod node;
pub mod read;
mod refused;
pub mod schema;
mod upgrade;
pub mod words;
mod write;
mod yaml;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::{StrategyName, Symbol};
use crate::time::Timestamp;
use crate::timeframe::Timeframe;
use crate::trading::{Exits, Sizing};

pub use decision::Decisions;
pub use diagnostic::{Diagnostic, StrategyErrors};
pub use feature::{Feature, FeatureSource};
pub use fuzzy::{FuzzySet, IndicatorRef, MEMBERSHIP_HEARD_MIN, Membership};
pub use indicators::{IndicatorKind, IndicatorSpec, Source};
pub use label::Labels;
pub use network::{Architecture, Optimisation};
pub use read::Read;
pub use upgrade::OldGrammar;

/// A strategy that has been checked: references resolve, numbers are in range, names are safe.
///
/// Its JSON has the shape of a grammar 3.0 file, and reading JSON makes the same checks as reading a file. One that
/// is put together in code has not been checked yet: see [`Strategy::check`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub struct Strategy {
    /// Name; also the stem of its file and the folder of its models.
    pub name: StrategyName,
    /// One line for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Why it might work. Kept in reports and in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hypothesis: Option<String>,
    /// Grammar version; always `3.0` after reading.
    pub version: String,
    /// What to train on.
    pub training_data: TrainingData,
    /// Indicators by id, in file order.
    #[serde(serialize_with = "write::indicators")]
    pub indicators: IndexMap<String, IndicatorSpec>,
    /// Fuzzy sets by id, in file order.
    pub fuzzy_sets: IndexMap<String, FuzzySet>,
    /// What the network sees, in order.
    pub nn_inputs: Vec<NnInput>,
    /// The network's shape.
    #[serde(serialize_with = "write::model")]
    pub model: Architecture,
    /// How it is trained.
    pub training: Training,
    /// How an output becomes a position.
    pub decisions: Decisions,
    /// Position size and exits.
    pub risk: Risk,
}

/// The data a strategy is trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrainingData {
    /// Pooled, each with its own labels. At least one.
    pub symbols: Vec<Symbol>,
    /// All timeframes that `nn_inputs` may name. At least one.
    pub timeframes: Vec<Timeframe>,
    /// The shortest: decisions are taken on its bars.
    pub base_timeframe: Timeframe,
    /// Fewest usable base bars, after warm-up, without which training is refused.
    pub history_required: u32,
    /// Narrows the dev window from the left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Timestamp>,
    /// Narrows the dev window from the right (exclusive).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Timestamp>,
}

/// One entry of `nn_inputs`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NnInput {
    /// Every member of this fuzzy set, or …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuzzy_set: Option<String>,
    /// … this indicator output itself. Exactly one of the two is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_indicator: Option<IndicatorRef>,
    /// On which timeframes, in order. `all` in a file is written out here.
    pub timeframes: Vec<Timeframe>,
    /// Scaling of a raw input, fitted on training rows only.
    #[serde(skip_serializing_if = "Normalization::is_none")]
    pub normalization: Normalization,
    /// How many earlier base bars of the same value are added, 0 for none.
    #[serde(skip_serializing_if = "NnInput::is_zero")]
    pub lags: u32,
}

impl NnInput {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    fn is_zero(lags: &u32) -> bool {
        *lags == 0
    }
}

/// Scaling of a raw indicator input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
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

impl Normalization {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// The `training` section: labels, split and optimisation side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Training {
    /// What the network is taught.
    pub labels: Labels,
    /// Shares of dev, in time order, per symbol.
    pub data_split: DataSplit,
    /// Epochs, optimiser, loss, stopping.
    #[serde(flatten)]
    pub optimisation: Optimisation,
}

/// Chronological shares of the dev window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
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
        let [train, validation, test] = field::SHARES.map(|share| share.default_value());
        Self { train, validation, test }
    }
}

/// The `risk` section.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Risk {
    /// Position size.
    pub position_sizing: Sizing,
    /// Exits beside signals.
    pub exits: Exits,
}
