//! Bars as artefacts: find them, pin them by hash, read them, keep what was read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use ktrdr_domain::{DataRef, Sha256, Span, Symbol, Timeframe};
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};
use ktrdr_quant::bars::Bars;
use ktrdr_quant::data::csv::{self, ReadOptions};

use crate::Services;
use crate::fault::Fault;

/// Series kept in memory by one process.
const SERIES_MAX: usize = 8;

/// Bars read before, by the hash of their file; the least recently read goes first.
#[derive(Debug, Default)]
pub struct SeriesCache(Mutex<VecDeque<(Sha256, Arc<Bars>)>>);

impl SeriesCache {
    fn find(&self, hash: &Sha256) -> Option<Arc<Bars>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(h, _)| h == hash)?;
        let found = kept.remove(at)?;
        kept.push_back(found.clone());
        Some(found.1)
    }

    fn keep(&self, hash: Sha256, bars: Arc<Bars>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == SERIES_MAX {
            kept.pop_front();
        }
        kept.push_back((hash, bars));
    }
}

/// Where a series is.
///
/// # Errors
/// Never for checked names; the key is checked again all the same.
pub fn key(symbol: &Symbol, timeframe: Timeframe) -> Result<Key, ArtifactError> {
    Ok(format!("data/{symbol}_{timeframe}.csv").parse()?)
}

/// Reads a series as it is now, whatever its hash, and pins it.
///
/// # Errors
/// When it is not there or not fit for use; the message names the file.
pub async fn read_now(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    timeframe: Timeframe,
) -> Result<(DataRef, Bars), Fault> {
    let key = key(symbol, timeframe)?;
    let bytes = artifacts.get(&key).await.map_err(|e| match e {
        ArtifactError::NotFound { .. } => Fault::input(format!(
            "{e}; import it with `ktrdr data import FILE --symbol {symbol} --timeframe {timeframe}`"
        )),
        other => Fault::from(other),
    })?;
    let bars = parse(&key, &bytes, symbol, timeframe)?;
    let span = bars.span().ok_or_else(|| Fault::input(format!("{key} holds no bars")))?;
    let pinned = DataRef {
        symbol: symbol.clone(),
        timeframe,
        sha256: Sha256::of(&bytes),
        span,
        synthetic: bars.synthetic,
    };
    Ok((pinned, bars))
}

/// The stretch that every series covers; `None` when there is none, or no series. Windows are cut from it, so that
/// no symbol's exam is another's lesson.
#[must_use]
pub fn common_span(data: &[DataRef]) -> Option<Span> {
    let (first, rest) = data.split_first()?;
    rest.iter().try_fold(first.span, |common, next| common.intersection(&next.span))
}

fn parse(key: &Key, bytes: &[u8], symbol: &Symbol, timeframe: Timeframe) -> Result<Bars, Fault> {
    csv::read(bytes, symbol.clone(), timeframe, &ReadOptions::default()).map_err(|e| {
        Fault::input(format!(
            "{key}: {e}\n`ktrdr data import {key} --symbol {symbol} --timeframe {timeframe} --replace` reads other layouts and makes this one of them, with the options named above"
        ))
    })
}

impl Services {
    /// Reads a pinned series; other bytes than the pinned ones are refused.
    pub(crate) fn bars(&self, pinned: &DataRef) -> Result<Arc<Bars>, Fault> {
        if let Some(bars) = self.series.find(&pinned.sha256) {
            return Ok(bars);
        }
        let key = key(&pinned.symbol, pinned.timeframe)?;
        let bytes = self.runtime.block_on(self.artifacts.get(&key))?;
        let found = Sha256::of(&bytes);
        if found != pinned.sha256 {
            return Err(ArtifactError::WrongHash { key, found, expected: pinned.sha256 }.into());
        }
        let bars = Arc::new(parse(&key, &bytes, &pinned.symbol, pinned.timeframe)?);
        self.series.keep(found, Arc::clone(&bars));
        Ok(bars)
    }
}
