//! Labels fitted to the training rows: thresholds and barriers that give HOLD the share a candidate asks for.

use ktrdr_domain::strategy::field::VOLATILITY_SPAN;
use ktrdr_domain::strategy::label::Labels;

use super::candidate::{Candidate, Target};
use crate::figures::{quantile, round_significant};
use crate::lint::CLASS_SHARE_MIN;
use crate::market::Market;

/// Barriers on offer, in average bar ranges.
const BARRIERS: [f64; 14] = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];

/// Labels ready for a strategy, with what they make of the training rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FittedTarget {
    pub(crate) labels: Labels,
    /// Mean share of BUY and SELL; half for a target without classes.
    pub(crate) prior: f64,
}

/// The labels of a candidate; `None` when a direction is too rare whatever the threshold.
pub(crate) fn fit(candidate: &Candidate, market: &Market<'_>) -> Option<FittedTarget> {
    let labels = match candidate.target {
        Target::Barriers => barriers(candidate, market),
        Target::Direction => direction(candidate, market),
        Target::Return => {
            let labels = Labels::ForwardReturn { horizon: candidate.horizon, threshold: 0.0 };
            return Some(FittedTarget { labels, prior: 0.5 });
        }
    };
    let [buy, _, sell] = market.class_shares(&labels)?;
    (buy.min(sell) >= CLASS_SHARE_MIN).then_some(FittedTarget { labels, prior: (buy + sell) / 2.0 })
}

/// The widest barriers that leave HOLD no more than its share: HOLD grows with their distance.
fn barriers(candidate: &Candidate, market: &Market<'_>) -> Labels {
    let at = |barrier| Labels::TripleBarrier {
        barrier,
        horizon: candidate.horizon,
        volatility_span: VOLATILITY_SPAN.default_value() as u32,
    };
    let narrow = |barrier: &f64| {
        market.class_shares(&at(*barrier)).is_some_and(|[_, hold, _]| hold <= candidate.hold_share)
    };
    let within = BARRIERS.partition_point(narrow);
    at(BARRIERS[within.saturating_sub(1)])
}

/// A dead zone that holds HOLD's share of returns, and at least those that would not pay for a round trip.
fn direction(candidate: &Candidate, market: &Market<'_>) -> Labels {
    let mut sizes: Vec<f64> = market.train_returns(candidate.horizon).iter().map(|r| r.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let threshold = quantile(&sizes, candidate.hold_share).max(market.round_trip_cost);
    Labels::ForwardReturn { horizon: candidate.horizon, threshold: round_significant(threshold, 2) }
}
