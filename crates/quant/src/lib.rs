//! Bars to indicators, fuzzy features and labels; simulated fills to reports; statistics. Pure and deterministic.
//!
//! | step | module |
//! |---|---|
//! | a series of prices, read, checked and measured | [`bars`], [`data`] |
//! | indicators, and from them the rows a network sees | [`indicator`], [`features`] |
//! | what a network is taught, and on which rows | [`labels`], [`split`] |
//! | from its outputs, or from signals made elsewhere, to positions | [`decide`], [`signals`] |
//! | data that knows the future | [`leaks`] |
//! | fills, costs, stops, equity | [`simulate`] |
//! | the figures of a backtest | [`metrics`] |
//! | how much of them is luck | [`exam`], [`statistics`] |
//! | what a page about a run is drawn from | [`sheet`] |
//! | what all of these draw from | [`random`] |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod bars;
pub mod data;
pub mod decide;
pub mod exam;
pub mod features;
pub mod indicator;
pub mod labels;
pub mod leaks;
pub mod metrics;
pub mod random;
pub mod sheet;
pub mod signals;
pub mod simulate;
pub mod split;
pub mod statistics;

pub use bars::Bars;
pub use random::SeededRng;
