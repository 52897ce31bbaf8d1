//! The trials that a verdict pays for: every look at this stretch of time, at this instrument or at one that moves with it.

use std::collections::BTreeMap;

use ktrdr_catalog::series;
use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{Span, Symbol, Timeframe, Timestamp};
use ktrdr_quant::Bars;
use ktrdr_quant::statistics::correlation;

use crate::Services;
use crate::fault::Fault;

/// Instruments whose daily returns correlate by more than this, in either direction, are one as far as luck goes.
const SAME_INSTRUMENT: f64 = 0.9;

/// Fewest days of dev in common that tell.
const COMMON_DAYS_MIN: usize = 60;

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

/// Every look at `span` of the instrument, and of others that are `correlated` with it.
pub(super) fn looks(
    services: &Services,
    symbol: &Symbol,
    correlated: Vec<Symbol>,
    span: Span,
) -> Result<Counted, Fault> {
    let looks = |symbol: &Symbol| services.runtime.block_on(services.ledger.looks(symbol, span));
    let mut trials = looks(symbol)?;
    let looks_at_window = trials.len() as u64;
    for other in &correlated {
        trials.extend(looks(other)?);
    }
    Ok(Counted { trials, looks_at_window, correlated })
}

/// The other instruments with looks at `span` that go with that of `bars` on dev.
pub(super) fn correlated(
    services: &Services,
    spec: &BacktestSpec,
    bars: &Bars,
    span: Span,
) -> Result<Vec<Symbol>, Fault> {
    let mut correlated = Vec::new();
    let mut own_closes = None;
    for (symbol, timeframe) in others(services, &spec.symbol)? {
        if services.runtime.block_on(services.ledger.looks(&symbol, span))?.is_empty() {
            continue;
        }
        let own_closes = own_closes.get_or_insert_with(|| daily_closes(bars));
        let read = series::read_cached(&*services.artifacts, &services.series, &symbol, timeframe);
        let other = services.runtime.block_on(read)?;
        if is_same_instrument(own_closes, &daily_closes(&other), spec.windows.dev) {
            correlated.push(symbol);
        }
    }
    Ok(correlated)
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
