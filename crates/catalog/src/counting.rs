//! The trials that a verdict pays for: every look at this stretch of time, at this instrument or at one that moves with it.

use std::collections::BTreeMap;

use ktrdr_domain::trial::Trial;
use ktrdr_domain::{Span, Symbol, Timeframe};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::ledger::LedgerReader;
use ktrdr_fabric::store::StoreError;
use ktrdr_quant::Bars;
use ktrdr_quant::statistics::correlation;

use crate::CatalogError;
use crate::series::{self, SeriesCache};

/// Instruments whose returns correlate by more than this, in either direction, are one as far as luck goes.
const SAME_INSTRUMENT: f64 = 0.9;

/// Fewest days of dev in common that tell; of short histories, bars.
const COMMON_MIN: usize = 60;

const DAY_S: i64 = 86_400;

/// The looks that count, whoever took them.
#[derive(Debug, Default)]
pub struct Counted {
    /// At the instrument itself, and at those of [`correlated`](Self::correlated).
    pub trials: Vec<Trial>,
    /// Of them, looks at the instrument itself.
    pub looks_at_window: u64,
    /// Other instruments that were counted in, by name.
    pub correlated: Vec<Symbol>,
}

/// Every look at `span` of the instrument, and of others that are `correlated` with it.
///
/// # Errors
/// When the ledger can not be read.
pub async fn looks(
    ledger: &dyn LedgerReader,
    symbol: &Symbol,
    correlated: Vec<Symbol>,
    span: Span,
) -> Result<Counted, StoreError> {
    let mut trials = ledger.looks(symbol, span).await?;
    let looks_at_window = trials.len() as u64;
    for other in &correlated {
        trials.extend(ledger.looks(other, span).await?);
    }
    Ok(Counted { trials, looks_at_window, correlated })
}

/// Another instrument that was looked at, with the timeframes of its series.
#[derive(Debug)]
pub struct Other {
    symbol: Symbol,
    timeframes: Vec<Timeframe>,
}

/// The other instruments of the workspace that were looked at during `span`.
///
/// # Errors
/// When they can not be listed, or the ledger can not be read.
pub async fn others<E: From<CatalogError> + From<StoreError>>(
    artifacts: &dyn Artifacts,
    ledger: &dyn LedgerReader,
    symbol: &Symbol,
    span: Span,
) -> Result<Vec<Other>, E> {
    let mut there: BTreeMap<Symbol, Vec<Timeframe>> = BTreeMap::new();
    for (_, other, timeframe) in series::all(artifacts).await? {
        if other != *symbol {
            there.entry(other).or_default().push(timeframe);
        }
    }
    let mut others = Vec::new();
    for (symbol, timeframes) in there {
        if !ledger.looks(&symbol, span).await?.is_empty() {
            others.push(Other { symbol, timeframes });
        }
    }
    Ok(others)
}

/// Those of the others that go with the instrument of `bars` on `dev`.
///
/// # Errors
/// When a series can not be read.
pub async fn correlated(
    artifacts: &dyn Artifacts,
    cache: &SeriesCache,
    others: Vec<Other>,
    bars: &Bars,
    dev: Span,
) -> Result<Vec<Symbol>, CatalogError> {
    let mut correlated = Vec::new();
    let mut own = None;
    for other in others {
        let own = own.get_or_insert_with(|| Closes::of(bars));
        if other.goes_with(artifacts, cache, own, dev).await? {
            correlated.push(other.symbol);
        }
    }
    Ok(correlated)
}

impl Other {
    /// Whether it is the same as far as luck goes: by the day, and by the bar where they have too few days in common.
    async fn goes_with(
        &self,
        artifacts: &dyn Artifacts,
        cache: &SeriesCache,
        own: &Closes,
        dev: Span,
    ) -> Result<bool, CatalogError> {
        let with_days = self.timeframes.iter().copied().filter(|timeframe| timeframe.seconds() <= DAY_S);
        // The coarsest that still has every day is the shortest to read.
        if let Some(coarsest) = with_days.max() {
            let other = series::read_cached(artifacts, cache, &self.symbol, coarsest).await?;
            if let Some(is_same) = is_same_instrument(&own.by_day, &Closes::of(&other).by_day, dev) {
                return Ok(is_same);
            }
        }
        if !self.timeframes.contains(&own.timeframe) {
            return Ok(false);
        }
        let other = series::read_cached(artifacts, cache, &self.symbol, own.timeframe).await?;
        Ok(is_same_instrument(&own.by_bar, &Closes::of(&other).by_bar, dev).unwrap_or(false))
    }
}

/// Closes by the second that they are known by: the day's end, or the bar's.
struct Closes {
    timeframe: Timeframe,
    by_day: BTreeMap<i64, f64>,
    by_bar: BTreeMap<i64, f64>,
}

impl Closes {
    fn of(bars: &Bars) -> Self {
        let opens = || bars.time.iter().zip(bars.close.iter().copied());
        let day_of = |open: &i64| (open + bars.timeframe.seconds() - 1).div_euclid(DAY_S) * DAY_S;
        Self {
            timeframe: bars.timeframe,
            by_day: opens().map(|(open, close)| (day_of(open), close)).collect(),
            by_bar: opens().map(|(open, close)| (*open, close)).collect(),
        }
    }
}

/// `None` where they have too little of dev in common to tell.
fn is_same_instrument(own: &BTreeMap<i64, f64>, other: &BTreeMap<i64, f64>, dev: Span) -> Option<bool> {
    let common: Vec<(f64, f64)> = own
        .range(dev.start.0..dev.end.0)
        .filter_map(|(time, close)| Some((*close, *other.get(time)?)))
        .collect();
    if common.len() < COMMON_MIN {
        return None;
    }
    let returns = |close: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        common.windows(2).map(|pair| close(&pair[1]) / close(&pair[0]) - 1.0).collect()
    };
    let coefficient = correlation::pearson(&returns(|pair| pair.0), &returns(|pair| pair.1));
    Some(coefficient.is_ok_and(|coefficient| coefficient.abs() > SAME_INSTRUMENT))
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::Timestamp;

    use super::*;

    fn walk(days: i64, sign: f64, noise: f64) -> BTreeMap<i64, f64> {
        let mut close = 100.0;
        let mut step = |day: i64| {
            let common = (day as f64 * 0.7).sin() / 100.0;
            close *= 1.0 + sign * common + noise * (day as f64 * 1.9).cos();
            (day * DAY_S, close)
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
            (walk(400, 1.0, 0.001), Some(true)),
            (walk(400, -1.0, 0.001), Some(true)),
            (walk(400, 1.0, 0.02), Some(false)),
            (walk(50, 1.0, 0.0), None),
        ] {
            assert_eq!(is_same_instrument(&own, &other, dev(300)), is_same);
        }
        assert_eq!(is_same_instrument(&own, &own, dev(30)), None, "too few days to tell");
    }
}
