//! Quality gates. They fail closed: a missing or undefined figure fails, except in the `parity` profile, which
//! keeps the rules of the system this one replaces.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which set of rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateProfile {
    /// Skill beyond the baseline in training; net P&L beyond its own null and beyond luck in the backtest.
    #[default]
    Honest,
    /// Accuracy, loss and loss decrease; win rate, drawdown and Sharpe ratio. A missing figure passes.
    Parity,
}

/// A profile with its thresholds. All fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatePolicy {
    /// Which rules apply.
    pub profile: GateProfile,
    /// Parity: test accuracy at least.
    pub accuracy_min: f64,
    /// Parity: test loss at most.
    pub loss_max: f64,
    /// Parity: fall of the training loss at least.
    pub loss_decrease_min: f64,
    /// Parity: win rate at least.
    pub win_rate_min: f64,
    /// Both: drawdown at most.
    pub drawdown_max: f64,
    /// Parity: annualised Sharpe ratio at least.
    pub sharpe_min: f64,
    /// Honest: closed trades at least.
    pub trades_min: u64,
    /// Honest: share of null draws beaten at least.
    pub null_percentile_min: f64,
    /// Honest: deflated Sharpe ratio at least.
    pub deflated_sharpe_min: f64,
}

impl Default for GatePolicy {
    fn default() -> Self {
        Self {
            profile: GateProfile::Honest,
            accuracy_min: 0.45,
            loss_max: 0.8,
            loss_decrease_min: 0.20,
            win_rate_min: 0.45,
            drawdown_max: 0.40,
            sharpe_min: -0.5,
            trades_min: 30,
            null_percentile_min: 0.95,
            deflated_sharpe_min: 0.95,
        }
    }
}

/// How a gate judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "gate")]
pub enum GateVerdict {
    /// Every check passed.
    Passed,
    /// The first check that failed.
    Failed {
        /// Stable word, such as `accuracy_below_threshold`.
        code: String,
        /// The figures: `42.30% < 45%`.
        figures: String,
    },
}

impl GateVerdict {
    /// Whether it passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        matches!(self, Self::Passed)
    }
}

impl fmt::Display for GateVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed { code, figures } => write!(f, "{code} ({figures})"),
        }
    }
}
