//! From a network's output to the position a strategy wants.

use serde::Serialize;

use super::network::OutputKind;

/// The `decisions` section.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decisions {
    /// What the network gives.
    pub output_format: OutputKind,
    /// Classification: a class below this probability counts as HOLD.
    pub confidence_threshold: f64,
    /// Whether HOLD keeps an open position (`true`) or closes it (`false`).
    pub position_awareness: bool,
    /// Whether SELL opens a short; otherwise it only closes a long.
    pub allow_short: bool,
    /// Fewest base bars between two changes of position; 0 for no limit.
    pub min_signal_separation: u32,
    /// Regression: how large an expected return must be to be worth a trade. Required there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_model: Option<CostModel>,
}

/// A regression output trades beyond `round_trip_cost × min_edge_multiplier`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CostModel {
    /// Cost of entry and exit as a fraction.
    pub round_trip_cost: f64,
    /// How many times over it must be earned.
    pub min_edge_multiplier: f64,
}

impl CostModel {
    /// Smallest expected return worth a trade, as a fraction.
    #[must_use]
    pub fn edge_min(&self) -> f64 {
        self.round_trip_cost * self.min_edge_multiplier
    }
}
