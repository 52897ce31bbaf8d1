//! The trials that a verdict pays for, and what they leave of a track record.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use ktrdr_domain::Symbol;
use ktrdr_domain::positions::Positions;
use ktrdr_domain::report::DailyRecord;
use ktrdr_domain::trial::Trial;

use crate::statistics::{TrackRecord, clusters, luck};

/// Trials whose positions on dev correlate by at least this are near-copies.
const NEAR_COPY: f64 = 0.95;

/// What is left of a track record once the trials are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Deflation {
    /// Trials counted, near-copies among them.
    pub trials: u64,
    /// Groups of near-copies.
    pub different_trials: u64,
    /// Expected best daily Sharpe ratio of as many worthless trials.
    pub luck_sharpe_daily: Option<f64>,
    /// Deflated Sharpe ratio.
    pub deflated_sharpe: Option<f64>,
}

impl Deflation {
    /// Deflates a record by trials, the judged one among them, whatever order they come in. Where the number of trials and what
    /// they came to enter a verdict; nowhere else.
    #[must_use]
    pub fn of(record: Option<DailyRecord>, mut trials: Vec<Trial>) -> Self {
        trials.sort_by(by_what_was_tried);
        let different = representatives(&trials);
        let counted =
            Self { trials: trials.len() as u64, different_trials: different.len() as u64, ..Self::default() };
        let Some(record) = record.map(TrackRecord::from) else { return counted };
        let sharpes: Vec<f64> = different.iter().filter_map(|trial| trial.sharpe_daily()).collect();
        let variance = luck::variance_of_trials(&sharpes, record.periods);
        Self {
            luck_sharpe_daily: Some(luck::expected_max_sharpe(variance, counted.trials)),
            deflated_sharpe: record.deflated(variance, counted.trials).ok(),
            ..counted
        }
    }
}

/// The trial at the same instrument that these positions on dev are a near-copy of, the likest of them, and how they correlate.
#[must_use]
pub fn near_copy<'a>(held: &Positions, symbol: &Symbol, trials: &'a [Trial]) -> Option<(&'a Trial, f64)> {
    let ours = unit(held.means());
    let likeness = |trial: &'a Trial| {
        let theirs = trial.positions().filter(|theirs| theirs.stretch == held.stretch)?;
        (trial.look.symbol == *symbol).then(|| (trial, similarity(&ours, &unit(theirs.means()))))
    };
    let copies = trials.iter().filter_map(likeness).filter(|(_, likeness)| *likeness >= NEAR_COPY);
    copies.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

impl From<DailyRecord> for TrackRecord {
    fn from(daily: DailyRecord) -> Self {
        let DailyRecord { sharpe, days, skewness, kurtosis } = daily;
        Self { sharpe, periods: usize::try_from(days).unwrap_or(usize::MAX), skewness, kurtosis }
    }
}

impl From<TrackRecord> for DailyRecord {
    fn from(record: TrackRecord) -> Self {
        let TrackRecord { sharpe, periods, skewness, kurtosis } = record;
        Self { sharpe, days: periods as u64, skewness, kurtosis }
    }
}

/// An order that does not depend on who was faster.
fn by_what_was_tried(a: &Trial, b: &Trial) -> Ordering {
    let what = |trial: &Trial| {
        let look = &trial.look;
        (look.subject_sha256, look.symbol.clone(), look.timeframe, look.span.start, look.span.end)
    };
    let showed = |trial: &Trial| trial.sharpe_daily().unwrap_or(f64::NEG_INFINITY);
    what(a).cmp(&what(b)).then_with(|| showed(a).total_cmp(&showed(b)))
}

/// One trial of each group of near-copies, the first of those with a Sharpe ratio where there is one.
fn representatives(trials: &[Trial]) -> Vec<&Trial> {
    let held: Vec<Option<Vec<f64>>> =
        trials.iter().map(|trial| trial.positions().map(|held| unit(held.means()))).collect();
    let similarity = |i: usize, j: usize| match (&held[i], &held[j]) {
        (Some(a), Some(b)) if are_comparable(&trials[i], &trials[j]) => similarity(a, b),
        _ => f64::NAN,
    };
    let group = clusters::complete_linkage(trials.len(), NEAR_COPY, similarity);
    let mut chosen: BTreeMap<usize, &Trial> = BTreeMap::new();
    for (trial, group) in trials.iter().zip(group) {
        let kept = chosen.entry(group).or_insert(trial);
        if kept.sharpe_daily().is_none() {
            *kept = trial;
        }
    }
    chosen.into_values().collect()
}

fn are_comparable(a: &Trial, b: &Trial) -> bool {
    a.look.symbol == b.look.symbol && a.positions().map(|p| p.stretch) == b.positions().map(|p| p.stretch)
}

/// Deviations from the mean, of length 1, so that the product of two is their correlation; all zero for positions that never
/// change.
fn unit(positions: Vec<f64>) -> Vec<f64> {
    let mean = positions.iter().sum::<f64>() / positions.len().max(1) as f64;
    let length = positions.iter().map(|x| (x - mean).powi(2)).sum::<f64>().sqrt();
    positions.into_iter().map(|x| if length > 0.0 { (x - mean) / length } else { 0.0 }).collect()
}

/// Correlation; positions that never change are all of one kind: nothing was decided.
fn similarity(a: &[f64], b: &[f64]) -> f64 {
    if a == b { 1.0 } else { a.iter().zip(b).map(|(a, b)| a * b).sum() }
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::job::Origin;
    use ktrdr_domain::trial::{Conclusion, Look};
    use ktrdr_domain::{Kind, OperationId, Sha256, Span, Timestamp};

    use super::*;

    fn trial(n: u32, sharpe_daily: Option<f64>) -> Trial {
        let span = Span { start: Timestamp(0), end: Timestamp(86_400) };
        let look = Look {
            operation: OperationId::new(Kind::Backtesting, Timestamp(0), n),
            campaign: "c".parse().unwrap(),
            subject_sha256: Sha256::of(&n.to_le_bytes()),
            content_sha256: None,
            subject: n.to_string(),
            symbol: "EURUSD".parse().unwrap(),
            timeframe: "1h".parse().unwrap(),
            data_sha256: Sha256::of(b"data"),
            span,
            windows: vec![],
            origin: Origin::Research,
            author: None,
        };
        let conclusion =
            Conclusion { sharpe_daily, days: 750, apart: None, positions: None, correlated: vec![] };
        Trial { look, conclusion: Some(conclusion) }
    }

    fn deflated(sharpes_daily: &[Option<f64>]) -> f64 {
        let record = DailyRecord { sharpe: 0.08, days: 750, skewness: 0.0, kurtosis: 3.0 };
        let trials = (0..).zip(sharpes_daily).map(|(n, sharpe)| trial(n, *sharpe)).collect();
        Deflation::of(Some(record), trials).deflated_sharpe.unwrap()
    }

    #[test]
    fn copies_of_one_trial_count_as_trials_and_look_as_lucky_as_strangers() {
        let alone = deflated(&[Some(0.08)]);
        let among_copies = deflated(&[Some(0.08); 40]);
        assert!(alone > 0.95 && among_copies < 0.6, "{alone} {among_copies}");
        assert!(deflated(&[None; 40]) == among_copies, "trials without a ratio count as well");
    }

    /// Long in the first `n` of 256 parts of a stretch, short in the others.
    fn held(stretch_days: i64, n: i64) -> Positions {
        let part = stretch_days * 86_400 / 256;
        let stretch = Span { start: Timestamp(0), end: Timestamp(part * 256) };
        Positions::sketch(stretch, (0..256).map(|at| (at * part, if at < n { 1 } else { -1 })))
    }

    #[test]
    fn a_near_copy_is_the_likest_trial_of_the_same_instrument_and_stretch() {
        let of = |n, positions| {
            let mut trial = trial(n, Some(0.1));
            trial.conclusion.as_mut().unwrap().positions = positions;
            trial
        };
        let mut elsewhere = of(4, Some(held(256, 128)));
        elsewhere.look.symbol = "GBPUSD".parse().unwrap();
        let others = [of(0, None), of(1, Some(held(512, 128))), elsewhere, of(2, Some(held(256, 90)))];
        let symbol = "EURUSD".parse().unwrap();
        assert_eq!(near_copy(&held(256, 128), &symbol, &others), None);
        let trials = [&others[..], &[of(5, Some(held(256, 130))), of(6, Some(held(256, 129)))]].concat();
        let (copied, correlation) = near_copy(&held(256, 128), &symbol, &trials).unwrap();
        assert_eq!(copied, &trials[5]);
        assert!((0.99..1.0).contains(&correlation), "{correlation}");
    }

    #[test]
    fn the_order_of_the_trials_does_not_move_a_bit_of_the_verdict() {
        let record = DailyRecord { sharpe: 0.08, days: 750, skewness: -0.2, kurtosis: 5.0 };
        let mut trials: Vec<Trial> =
            (0..30).map(|n| trial(n, Some(f64::from(n * 7 % 30) / 97.0 - 0.1))).collect();
        let one = Deflation::of(Some(record), trials.clone());
        trials.reverse();
        trials.swap(3, 17);
        assert_eq!(Deflation::of(Some(record), trials), one);
    }
}
