//! What can be said against a strategy before any second of training: findings with their figures and a way out.
//! The local designer mends its own proposals by them.
//!
//! | code | raised when | weight |
//! |---|---|---|
//! | `no_values` | a reading is undefined or constant on dev, or its bars have a hole | error |
//! | `dead_zone` | all sets of a reading stay under 0.05 on over 5 % of rows | warning, error over 50 % |
//! | `price_units` | a reading is in price units | warning |
//! | `not_checked` | there are no bars of a timeframe that is read | note |
//! | `slow_start` | warming up takes over 20 % of the training rows | warning, error over 50 % |
//! | `class_share` | BUY or SELL is under 5 % of labels | warning, error under 1 % |
//! | `zigzag_label` | the label can be learned on noise | warning |
//! | `parameters_over_samples` | more parameters than stretches of a horizon in the training rows | warning, error beyond 10× |
//! | `few_trades` | fewer than 50 trades are likely in a gate window | warning, error when 30 are out of reach |
//! | `move_under_cost` | the typical move at the horizon is under 3 round trips | warning, error under 1 |

mod labels;
mod readings;
mod trading;

use std::collections::BTreeMap;
use std::fmt;

use ktrdr_domain::trading::Account;
use ktrdr_domain::{Strategy, Windows};
use ktrdr_quant::Bars;
use serde::Serialize;

use crate::AgentError;
use crate::market::Market;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Doubtful: results will be hard to believe or hard to get.
    Warning,
    /// Not worth training.
    Error,
}

/// One thing that can be said against a strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Stable word.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, with its figures in words.
    pub message: String,
    /// The figures by name; shares are fractions.
    pub evidence: BTreeMap<&'static str, f64>,
    /// What to change.
    pub fix: String,
}

impl Finding {
    fn new<const N: usize>(
        code: &'static str,
        severity: Severity,
        message: String,
        evidence: [(&'static str, f64); N],
        fix: impl Into<String>,
    ) -> Self {
        Self { code, severity, message, evidence: evidence.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.message, self.fix)
    }
}

/// What can be said against `strategy` on these dev bars (one series per timeframe, the traded one first) under these
/// windows, the heaviest first.
///
/// # Errors
/// Too few bars, or an account that can not trade.
pub fn lint(
    strategy: &Strategy,
    dev_bars: &[Bars],
    windows: &Windows,
    account: &Account,
) -> Result<Vec<Finding>, AgentError> {
    Ok(check(strategy, &Market::new(dev_bars, windows, strategy.training.data_split, account)?))
}

/// The same on a market that is at hand.
pub(crate) fn check(strategy: &Strategy, market: &Market<'_>) -> Vec<Finding> {
    let readings = readings::of(strategy, market);
    let mut findings = readings::findings(&readings);
    findings.extend(readings::warm_up(strategy, market, &readings));
    findings.extend(labels::findings(strategy, market));
    findings.extend(trading::findings(strategy, market, &readings));
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    findings
}

/// A share as `4.2 %`.
fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
