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

use ktrdr_domain::trading::Account;
use ktrdr_domain::{Strategy, Windows};
use ktrdr_quant::Bars;

pub(crate) use labels::CLASS_SHARE_MIN;

use crate::AgentError;
use crate::market::Market;

/// One thing that can be said against a strategy. An error is not worth training; a warning makes results hard to
/// believe or hard to get.
pub type Finding = ktrdr_domain::Finding<&'static str>;

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
fn in_percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
