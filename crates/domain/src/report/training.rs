//! What training reports.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::Sha256;
use crate::name::{StrategyName, Symbol};
use crate::positions::Positions;
use crate::time::Span;
use crate::timeframe::Timeframe;

/// A stored model: `models/<strategy>/<timeframe>_v<version>/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct ModelRef {
    /// The strategy it was trained for.
    pub strategy: StrategyName,
    /// Its base timeframe.
    pub timeframe: Timeframe,
    /// 1, 2, 3 …
    pub version: u32,
    /// Hash of its `manifest.json`, which holds the hashes of its files.
    pub sha256: Sha256,
}

impl ModelRef {
    /// The artefact folder.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("models/{self}")
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}_v{}", self.strategy, self.timeframe, self.version)
    }
}

/// A stretch that a model learned from: every bar that was in reach of its features, its scaling and its labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Learned {
    /// The instrument.
    pub symbol: Symbol,
    /// The bars.
    pub timeframe: Timeframe,
    /// From the first bar's open to the close by which the last label was known.
    pub span: Span,
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.symbol, self.timeframe, self.span)
    }
}

/// One pass over the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: u32,
    /// Mean loss over the training rows, with dropout as trained.
    pub train_loss: f64,
    /// Share of training rows classified rightly (regression: with the right sign).
    pub train_accuracy: f64,
    /// Mean loss over the validation rows.
    pub validation_loss: Option<f64>,
    /// The same share over the validation rows.
    pub validation_accuracy: Option<f64>,
    /// Step size of this epoch.
    pub learning_rate: f64,
}

/// The network on the test rows of dev, which neither fitted nor stopped it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct TestMetrics {
    /// Rows.
    pub rows: usize,
    /// Share classified rightly (regression: with the right sign).
    pub accuracy: Option<f64>,
    /// Unweighted mean loss.
    pub loss: Option<f64>,
    /// Loss of a forecaster that always says the training rows' class shares (regression: their mean).
    pub baseline_loss: Option<f64>,
    /// Accuracy of one that always says the training rows' most frequent class.
    pub baseline_accuracy: Option<f64>,
    /// Mean of the classes' precisions, weighted by their shares.
    pub precision: Option<f64>,
    /// Mean of the classes' recalls, weighted by their shares.
    pub recall: Option<f64>,
    /// Mean of the classes' F1, weighted by their shares.
    pub f1: Option<f64>,
    /// Shares of BUY, HOLD, SELL among the labels.
    pub label_shares: [f64; 3],
    /// Shares of BUY, HOLD, SELL among the answers.
    pub answer_shares: [f64; 3],
}

/// The strategy traded on dev by networks that had not seen what they traded: walk-forward, net of costs, as one account. What
/// a designer may learn from. Undefined where nothing was traded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct DevBacktest {
    /// Blocks of dev, each traded by a network fitted on what lies before it; the last one by the stored network.
    pub blocks: u32,
    /// Bars traded.
    pub bars: u64,
    /// Net return as a fraction.
    pub total_return_pct: Option<f64>,
    /// Annualised Sharpe ratio of daily returns.
    pub sharpe_ratio: Option<f64>,
    /// Units of the market held on average, as daily returns tell.
    pub beta: Option<f64>,
    /// Mean daily return beyond that part of the market × days per year.
    pub active_return_per_year: Option<f64>,
    /// Annualised Sharpe ratio of the daily returns beyond the market's part.
    pub active_sharpe_ratio: Option<f64>,
    /// How often chance does as well: rank of the active Sharpe ratio among the same positions, whole weeks earlier or later.
    /// Not asked of a loss.
    pub null_p: Option<f64>,
    /// Such draws.
    pub null_draws: u32,
    /// Closed trades.
    pub total_trades: u64,
    /// Mean bars that one was open in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holding_bars: Option<f64>,
    /// Whether it goes with the market or against it: correlation of the position wanted with the return of as many bars before
    /// as one is held on average. From −1 (buys what fell, sells what rose) to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend_following: Option<f64>,
}

/// What a training operation returns.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct TrainingReport {
    /// Where the model is.
    pub model: ModelRef,
    /// Symbols pooled.
    pub symbols: Vec<Symbol>,
    /// The stretch learned from: from the first bar's open to the last one's close.
    pub window: Span,
    /// Rows after warm-up and purging: train, validation, test.
    pub rows: [usize; 3],
    /// Rows dropped because their label reached into the next part.
    pub rows_purged: usize,
    /// Width of the feature vector.
    pub feature_count: usize,
    /// Trainable numbers.
    pub parameter_count: usize,
    /// Epochs run.
    pub epochs_trained: u32,
    /// The epoch whose weights were kept.
    pub best_epoch: u32,
    /// Training loss of the first epoch.
    pub initial_train_loss: Option<f64>,
    /// Training loss of the last epoch.
    pub final_train_loss: Option<f64>,
    /// Every epoch.
    pub history: Vec<EpochRecord>,
    /// On the test rows.
    pub test: TestMetrics,
    /// The first symbol traded on dev; `None` without test rows.
    #[serde(default)]
    pub dev_backtest: Option<DevBacktest>,
    /// What it wanted to hold there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev_positions: Option<Positions>,
    /// Hash of the strategy.
    pub strategy_sha256: Sha256,
    /// Whether any bar was generated.
    pub synthetic: bool,
    /// Things worth knowing, such as a label that noise can learn.
    pub warnings: Vec<String>,
    /// Wall-clock seconds of the epochs; for people, in no hash.
    pub training_seconds: f64,
    /// The device and what computes on it. `cpu` gives the same bits everywhere; others repeat to rounding.
    #[serde(default = "cpu")]
    pub trained_on: String,
}

/// What trained the models that do not say it.
fn cpu() -> String {
    "cpu".into()
}
