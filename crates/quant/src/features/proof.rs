//! The leakage proof of a run: neither its features nor its decisions move when the future does.
//!
//! What is examined are the very rows that the run decided on; they are not computed again. At each cut the features
//! are, on the bars known at the cut alone or with everything after it multiplied by a million, among that
//! the higher bars still forming: at one cut after the other in turn. Every row of the run up to the cut must come out the
//! same bit for bit, and so must every position decided on these rows. The indicators have to read all history for that,
//! since some never forget; only the run's own rows are laid out.

use ktrdr_domain::{Strategy, Timestamp};
use serde::{Deserialize, Serialize};

use super::{FeatureBars, FeatureError, FeatureMatrix, Scaling, build_from};
use crate::simulate::Target;
use crate::{Bars, SeededRng};

/// What a leakage proof found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ProofOutcome {
    /// No row moved at any cut.
    Holds {
        /// The cuts, as indices of base bars.
        cuts: Vec<usize>,
    },
    /// A row or a decision knew the future.
    Leaks {
        /// What was done to the future.
        probe: Probe,
        /// The cut.
        cut: usize,
        /// What moved: the name of a feature, or `decision`.
        what: String,
        /// The base bar of its row.
        bar: usize,
        /// When that bar opened.
        at: Timestamp,
    },
}

impl ProofOutcome {
    /// Whether no leak was found.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self, Self::Holds { .. })
    }
}

/// What a proof does to the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Takes it away.
    Removed,
    /// Multiplies it by a million.
    Scrambled,
}

/// Bars after the cut that are scrambled. Any dependence on a later bar is found by removal.
const SCRAMBLED_BARS: usize = 1_000;

/// `count` cuts drawn by `seed` among the bars that have features and a future, in time order.
#[must_use]
pub fn cuts(first_bar: usize, bar_count: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut rng = SeededRng::new(seed);
    let end = bar_count.saturating_sub(1);
    let draws = if first_bar < end { count } else { 0 };
    let mut cuts: Vec<usize> = (0..draws).map(|_| rng.within(first_bar..end)).collect();
    cuts.sort_unstable();
    cuts
}

/// What a run decided on, and what it decided.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The rows, as [`build_from`] gave them.
    pub rows: &'a FeatureMatrix,
    /// The position wanted at each of the rows' bars.
    pub targets: &'a [Target],
}

/// Proves that a run knew the future at none of the given cuts, in the rows it decided on and in what it decided.
/// `decide` gives the run's targets for its rows, and is asked for those of changed ones.
///
/// Each cut costs one more computation on the bars before it.
///
/// # Errors
/// As [`build_from`] and as `decide`, and for a cut before the first row or without a bar after it.
pub fn leakage<E: From<FeatureError>>(
    strategy: &Strategy,
    bars: &FeatureBars<'_>,
    scaling: &Scaling,
    run: Run<'_>,
    decide: impl Fn(&FeatureMatrix) -> Result<Vec<Target>, E>,
    cuts: &[usize],
) -> Result<ProofOutcome, E> {
    let features = |bars: &FeatureBars<'_>| Ok(build_from(strategy, bars, scaling, run.rows.first_bar)?);
    leakage_of(features, bars, run, decide, cuts)
}

/// The same for any way to compute features: `features` gives the run's rows for `bars`, and is asked for changed ones.
///
/// # Errors
/// As [`leakage`].
pub fn leakage_of<E: From<FeatureError>>(
    features: impl Fn(&FeatureBars<'_>) -> Result<FeatureMatrix, E>,
    bars: &FeatureBars<'_>,
    run: Run<'_>,
    decide: impl Fn(&FeatureMatrix) -> Result<Vec<Target>, E>,
    cuts: &[usize],
) -> Result<ProofOutcome, E> {
    let Run { rows, targets } = run;
    let (first, last) =
        (rows.first_bar, rows.bars().end.min(bars.base.len().saturating_sub(1)).saturating_sub(1));
    for (&cut, probe) in cuts.iter().zip([Probe::Removed, Probe::Scrambled].into_iter().cycle()) {
        if !(first..=last).contains(&cut) {
            return Err(FeatureError::CutOutside { cut, first, last }.into());
        }
        let (base, others) = probe.apply(bars, cut);
        let probed = features(&FeatureBars { base: &base, others: &others })?;
        let moved = match first_difference(rows, &probed, cut) {
            Some(moved) => Some(moved),
            None => first_other_decision(targets, &decide(&probed)?, first, cut),
        };
        if let Some((bar, what)) = moved {
            let at = Timestamp(bars.base.time[bar]);
            return Ok(ProofOutcome::Leaks { probe, cut, what, bar, at });
        }
    }
    Ok(ProofOutcome::Holds { cuts: cuts.to_vec() })
}

impl Probe {
    /// Copies of the bars with the future after base bar `cut` removed or scrambled.
    fn apply(self, bars: &FeatureBars<'_>, cut: usize) -> (Bars, Vec<Bars>) {
        let close = |bars: &Bars, i: usize| bars.time[i].saturating_add(bars.timeframe.seconds());
        let end = match self {
            Self::Removed => cut + 1,
            Self::Scrambled => (cut + 1 + SCRAMBLED_BARS).min(bars.base.len()),
        };
        let (now, horizon) = (close(bars.base, cut), close(bars.base, end - 1));
        let probe = |bars: &Bars| {
            let length_s = bars.timeframe.seconds();
            let known = bars.time.partition_point(|t| t.saturating_add(length_s) <= now);
            // A higher bar that is still forming at the cut is the likeliest leak: it stays, scrambled.
            match self {
                Self::Removed => bars.slice(0..known),
                Self::Scrambled => scrambled(bars, known, bars.time.partition_point(|t| *t < horizon)),
            }
        };
        (probe(bars.base), bars.others.iter().map(probe).collect())
    }
}

/// The bars up to `end`, with prices and volumes from `known` on multiplied by a million.
fn scrambled(bars: &Bars, known: usize, end: usize) -> Bars {
    let mut out = bars.slice(0..end);
    for field in [&mut out.open, &mut out.high, &mut out.low, &mut out.close, &mut out.volume] {
        field.iter_mut().skip(known).for_each(|x| *x *= 1e6);
    }
    out
}

/// The first base bar up to `cut` whose row differs, and the feature it differs in.
fn first_difference(rows: &FeatureMatrix, probed: &FeatureMatrix, cut: usize) -> Option<(usize, String)> {
    if (rows.first_bar, &rows.names) != (probed.first_bar, &probed.names) {
        return Some((rows.first_bar, "the warm-up or the names of the features".to_owned()));
    }
    (rows.first_bar..=cut).find_map(|bar| {
        let known = rows.row_of_bar(bar)?;
        let Some(again) = probed.row_of_bar(bar) else {
            return Some((bar, "none of them has a row".to_owned()));
        };
        let moved = known.iter().zip(again).position(|(x, y)| x.to_bits() != y.to_bits())?;
        Some((bar, rows.names[moved].clone()))
    })
}

/// The first base bar up to `cut` at which another position is wanted; `first` is the bar of the first target.
fn first_other_decision(
    known: &[Target],
    again: &[Target],
    first: usize,
    cut: usize,
) -> Option<(usize, String)> {
    let bar = (first..=cut).find(|bar| known.get(bar - first) != again.get(bar - first))?;
    Some((bar, "decision".to_owned()))
}
