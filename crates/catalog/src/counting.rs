//! The trials that a verdict pays for: every look at this stretch of time, at this instrument or at one that moves with it.

mod likeness;

use std::collections::BTreeMap;

use ktrdr_domain::trial::Trial;
use ktrdr_domain::{Sha256, Span, Symbol, Timeframe};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::ledger::LedgerReader;
use ktrdr_fabric::store::StoreError;
use ktrdr_quant::Bars;

use self::likeness::DAY_S;
use crate::CatalogError;
use crate::series::{self, SeriesCache};

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
    /// Whether the ledger knows that it is the same: by a look at these very bars, or by what an earlier look found.
    is_known: bool,
}

/// The other instruments of the workspace that were looked at during `span`; `data_sha256` is of the traded bars.
///
/// # Errors
/// When they can not be listed, or the ledger can not be read.
pub async fn others<E: From<CatalogError> + From<StoreError>>(
    artifacts: &dyn Artifacts,
    ledger: &dyn LedgerReader,
    symbol: &Symbol,
    data_sha256: Sha256,
    span: Span,
) -> Result<Vec<Other>, E> {
    let mut there: BTreeMap<Symbol, Vec<Timeframe>> = BTreeMap::new();
    for (_, other, timeframe) in series::all(artifacts).await? {
        if other != *symbol {
            there.entry(other).or_default().push(timeframe);
        }
    }
    if there.is_empty() {
        return Ok(Vec::new());
    }
    let own = ledger.looks(symbol, span).await?;
    let mut others = Vec::new();
    for (other, timeframes) in there {
        let looks = ledger.looks(&other, span).await?;
        let is_known = own.iter().any(|look| found(look, &other))
            || looks.iter().any(|look| found(look, symbol) || look.look.data_sha256 == data_sha256);
        if !looks.is_empty() {
            others.push(Other { symbol: other, timeframes, is_known });
        }
    }
    Ok(others)
}

/// Whether a look found that its instrument goes with this one.
fn found(look: &Trial, symbol: &Symbol) -> bool {
    look.conclusion.as_ref().is_some_and(|conclusion| conclusion.correlated.contains(symbol))
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
    for other in others {
        if other.is_known || other.goes_with(artifacts, cache, bars, dev).await? {
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
        own: &Bars,
        dev: Span,
    ) -> Result<bool, CatalogError> {
        let with_days = self.timeframes.iter().copied().filter(|timeframe| timeframe.seconds() <= DAY_S);
        // The coarsest that still has every day is the shortest to read.
        if let Some(coarsest) = with_days.max().or_else(|| self.timeframes.iter().copied().min()) {
            let other = series::read_cached(artifacts, cache, &self.symbol, coarsest).await?;
            if let Some(is_same) = likeness::is_same(own, &other, dev, DAY_S) {
                return Ok(is_same);
            }
        }
        if !self.timeframes.contains(&own.timeframe) {
            return Ok(false);
        }
        let other = series::read_cached(artifacts, cache, &self.symbol, own.timeframe).await?;
        Ok(likeness::is_same(own, &other, dev, own.timeframe.seconds()).unwrap_or(false))
    }
}
