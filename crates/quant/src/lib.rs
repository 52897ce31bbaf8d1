//! Bars to indicators, fuzzy features and labels; simulated fills to reports; statistics. Pure and deterministic.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

/// A series of price bars, one vector per field.
pub mod bars;
/// Bars from bytes, checked; their health and calendar; synthetic bars.
pub mod data;
/// From a network's outputs to the position wanted at each bar's close.
pub mod decide;
/// From indicators to the rows that a network sees.
pub mod features;
/// Indicators of the catalogue, computed on bars.
pub mod indicator;
/// What a network is taught: labels that know their own end.
pub mod labels;
/// The figures of a backtest.
pub mod metrics;
/// How much of a result chance gives: the same positions at other times.
pub mod null;
/// Positions decided elsewhere, read from CSV and laid onto bars.
pub mod signals;
/// The account that trades: fills, costs, stops, equity.
pub mod simulate;
/// Train, validation and test rows, purged by label ends.
pub mod split;
/// Returns, ratios and the odds that they are luck.
pub mod statistics;

pub use bars::Bars;
