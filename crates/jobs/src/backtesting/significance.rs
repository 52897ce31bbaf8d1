//! Luck or not: the run against shifted copies of itself, and its Sharpe ratio against the campaign's trials.

use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::report::{Evidence, Metrics};
use ktrdr_fabric::ledger::TrialCount;
use ktrdr_quant::null::{self, Draws, NullRank};
use ktrdr_quant::statistics::{Moments, TrackRecord, luck};
use ktrdr_worker::Job;

use super::Traded;
use crate::fault::Fault;

/// Null draws: enough to tell the 95th percentile from the 90th.
const NULL_DRAWS: usize = 200;

pub(super) fn against_shifted_copies(
    job: &Job,
    spec: &BacktestSpec,
    traded: &Traded<'_>,
) -> Result<NullRank, Fault> {
    let mut returns = Vec::new();
    if !traded.run.trades.is_empty() {
        let draws =
            Draws::new(traded.bars, traded.range.clone(), &traded.decided.targets, &spec.account, spec.seed);
        for draw in draws.take(NULL_DRAWS) {
            returns.push(draw.map_err(Fault::input)?);
            if job.stop.is_stopped() {
                return Err(Fault::Stopped);
            }
        }
    }
    Ok(null::rank(&traded.run, spec.account.initial_capital, &returns))
}

/// What the certainty of the daily Sharpe ratio depends on; `None` where it is undefined.
pub(super) fn track_record(metrics: &Metrics) -> Option<TrackRecord> {
    Some(TrackRecord {
        sharpe: metrics.sharpe_ratio? / metrics.days_per_year?.sqrt(),
        periods: usize::try_from(metrics.days).ok()?,
        skewness: metrics.skewness?,
        kurtosis: metrics.kurtosis?,
    })
}

pub(super) fn evidence(
    record: Option<TrackRecord>,
    null: &NullRank,
    count: &TrialCount,
    leakage_proof: Option<bool>,
) -> Evidence {
    // One trial has no variance, and nothing to be the best of.
    let variance = Moments::of(&count.sharpes_daily).map_or(0.0, |m| m.standard_deviation.powi(2));
    Evidence {
        null_percentile: null.percentile,
        null_draws: null.draws,
        deflated_sharpe: record.and_then(|r| r.deflated(variance, count.trials).ok()),
        trials: count.trials,
        luck_sharpe_daily: Some(luck::expected_max_sharpe(variance, count.trials)),
        leakage_proof,
        looks_at_window: count.looks_at_window,
    }
}
