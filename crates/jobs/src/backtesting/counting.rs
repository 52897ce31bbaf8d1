//! The trials that a verdict pays for: every look at this stretch of time, at this instrument or at one that moves with it.

use std::collections::BTreeMap;

use ktrdr_catalog::series;
use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{Span, Symbol, Timeframe, Timestamp};
use ktrdr_quant::Bars;
use ktrdr_quant::statistics::{clusters, correlation};

use crate::Services;
use crate::fault::Fault;

/// Instruments whose daily returns correlate by more than this, in either direction, are one as far as luck goes.
const SAME_INSTRUMENT: f64 = 0.9;

/// Fewest days of dev in common that tell.
const COMMON_DAYS_MIN: usize = 60;

/// Trials whose positions on dev correlate by at least this are near-copies.
const NEAR_COPY: f64 = 0.95;

const DAY_S: i64 = 86_400;

/// The looks that count, whoever took them.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// At the instrument itself, and at those of [`correlated`](Self::correlated).
    pub(super) trials: Vec<Trial>,
    /// Of them, looks at the instrument itself.
    pub(super) looks_at_window: u64,
    /// Other instruments that were counted in, by name.
    pub(super) correlated: Vec<Symbol>,
}

/// Every look at `span` of the instrument of `bars`, and of others that go with it on dev.
pub(super) fn looks(
    services: &Services,
    spec: &BacktestSpec,
    bars: &Bars,
    span: Span,
) -> Result<Counted, Fault> {
    let looks = |symbol: &Symbol| services.runtime.block_on(services.ledger.looks(symbol, span));
    let mut counted = Counted { trials: looks(&spec.symbol)?, ..Counted::default() };
    counted.looks_at_window = counted.trials.len() as u64;
    let mut own_closes = None;
    for (symbol, timeframe) in others(services, &spec.symbol)? {
        let theirs = looks(&symbol)?;
        if theirs.is_empty() {
            continue;
        }
        let own_closes = own_closes.get_or_insert_with(|| daily_closes(bars));
        let read = series::read_cached(&*services.artifacts, &services.series, &symbol, timeframe);
        let other = services.runtime.block_on(read)?;
        if is_same_instrument(own_closes, &daily_closes(&other), spec.windows.dev) {
            counted.trials.extend(theirs);
            counted.correlated.push(symbol);
        }
    }
    Ok(counted)
}

/// The other instruments of the workspace, each on its coarsest timeframe that still has every day.
fn others(services: &Services, symbol: &Symbol) -> Result<BTreeMap<Symbol, Timeframe>, Fault> {
    let mut coarsest: BTreeMap<Symbol, Timeframe> = BTreeMap::new();
    for (_, other, timeframe) in services.runtime.block_on(series::all(&*services.artifacts))? {
        if other != *symbol && timeframe.seconds() <= DAY_S {
            let kept = coarsest.entry(other).or_insert(timeframe);
            *kept = (*kept).max(timeframe);
        }
    }
    Ok(coarsest)
}

/// The last close of each day on which a bar closes, days since 1970 in UTC.
fn daily_closes(bars: &Bars) -> BTreeMap<i64, f64> {
    let closed = |open: &i64| (open + bars.timeframe.seconds() - 1).div_euclid(DAY_S);
    bars.time.iter().map(closed).zip(bars.close.iter().copied()).collect()
}

fn is_same_instrument(own: &BTreeMap<i64, f64>, other: &BTreeMap<i64, f64>, dev: Span) -> bool {
    let in_dev = |day: i64| dev.contains(Timestamp(day * DAY_S));
    let common: Vec<(f64, f64)> = own
        .iter()
        .filter(|(day, _)| in_dev(**day))
        .filter_map(|(day, close)| Some((*close, *other.get(day)?)))
        .collect();
    if common.len() < COMMON_DAYS_MIN {
        return false;
    }
    let returns = |close: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        common.windows(2).map(|pair| close(&pair[1]) / close(&pair[0]) - 1.0).collect()
    };
    correlation::pearson(&returns(|pair| pair.0), &returns(|pair| pair.1))
        .is_ok_and(|coefficient| coefficient.abs() > SAME_INSTRUMENT)
}

impl Counted {
    /// What is counted: near-copies too.
    pub(super) fn count(&self) -> u64 {
        self.trials.len() as u64
    }

    /// One trial of each group of near-copies, the first counted of those with a Sharpe ratio where there is one.
    pub(super) fn representatives(&self) -> Vec<&Trial> {
        let held: Vec<Option<Vec<f64>>> =
            self.trials.iter().map(|trial| trial.positions().map(|held| unit(held.means()))).collect();
        let similarity = |i: usize, j: usize| match (&held[i], &held[j]) {
            (Some(a), Some(b)) if are_comparable(&self.trials[i], &self.trials[j]) => similarity(a, b),
            _ => f64::NAN,
        };
        let group = clusters::complete_linkage(self.trials.len(), NEAR_COPY, similarity);
        let mut chosen: BTreeMap<usize, &Trial> = BTreeMap::new();
        for (trial, group) in self.trials.iter().zip(group) {
            let kept = chosen.entry(group).or_insert(trial);
            if kept.sharpe_daily().is_none() {
                *kept = trial;
            }
        }
        chosen.into_values().collect()
    }
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
    use super::*;

    fn walk(days: i64, sign: f64, noise: f64) -> BTreeMap<i64, f64> {
        let mut close = 100.0;
        let mut step = |day: i64| {
            let common = (day as f64 * 0.7).sin() / 100.0;
            close *= 1.0 + sign * common + noise * (day as f64 * 1.9).cos();
            (day, close)
        };
        (0..days).map(&mut step).collect()
    }

    fn dev(days: i64) -> Span {
        Span { start: Timestamp(0), end: Timestamp(days * DAY_S) }
    }

    #[test]
    fn an_instrument_is_the_same_when_it_moves_with_the_other_or_against_it_on_dev() {
        let own = walk(400, 1.0, 0.0);
        for (other, is_same) in [
            (walk(400, 1.0, 0.001), true),
            (walk(400, -1.0, 0.001), true),
            (walk(400, 1.0, 0.02), false),
            (walk(50, 1.0, 0.0), false),
        ] {
            assert_eq!(is_same_instrument(&own, &other, dev(300)), is_same);
        }
        assert!(!is_same_instrument(&own, &walk(400, 1.0, 0.0), dev(30)), "too few days to tell");
    }
}
