//! Bars to indicators, fuzzy features and labels; simulated fills to reports; statistics. Pure and deterministic.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

/// A series of price bars, one vector per field.
pub mod bars;

pub use bars::Bars;
