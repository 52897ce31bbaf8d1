//! Bars as artefacts: find them, pin them by hash, read them, keep what was read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use ktrdr_domain::nearest;
use ktrdr_domain::{DataRef, Sha256, Span, Symbol, Timeframe};
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};
use ktrdr_quant::bars::Bars;
use ktrdr_quant::data::csv::{self, ReadOptions};
use ktrdr_quant::data::resample;

use crate::CatalogError;

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
pub fn key(symbol: &Symbol, timeframe: Timeframe) -> Result<Key, CatalogError> {
    Ok(format!("data/{symbol}_{timeframe}.csv").parse()?)
}

/// Which series lies under a key; `None`: it is not one.
fn of_key(key: &Key) -> Option<(Symbol, Timeframe)> {
    let (symbol, timeframe) = key.as_str().strip_prefix("data/")?.strip_suffix(".csv")?.rsplit_once('_')?;
    Some((symbol.parse().ok()?, timeframe.parse().ok()?))
}

/// The series there are, with the key of each.
///
/// # Errors
/// When the folder can not be listed.
pub async fn all(artifacts: &dyn Artifacts) -> Result<Vec<(Key, Symbol, Timeframe)>, CatalogError> {
    let keys = artifacts.list(&"data".parse()?).await?;
    let with_key = |key: Key| of_key(&key).map(|(symbol, timeframe)| (key, symbol, timeframe));
    Ok(keys.into_iter().filter_map(with_key).collect())
}

/// The series of one instrument, pinned as they are now; those that can not be read are left out.
///
/// # Errors
/// When the folder can not be listed.
pub async fn of(artifacts: &dyn Artifacts, symbol: &Symbol) -> Result<Vec<DataRef>, CatalogError> {
    let mut found = Vec::new();
    for (_, other, timeframe) in all(artifacts).await? {
        if other == *symbol {
            found.extend(read_now(artifacts, symbol, timeframe).await.ok().map(|(pinned, _)| pinned));
        }
    }
    Ok(found)
}

/// Stores bars as a series and pins them; only `replace` replaces other bars. Storing the same bars again changes nothing.
///
/// # Errors
/// [`CatalogError::Exists`] when there are other bars; [`CatalogError::Invalid`] when there are none to store.
pub async fn store(artifacts: &dyn Artifacts, bars: &Bars, replace: bool) -> Result<DataRef, CatalogError> {
    let key = key(&bars.symbol, bars.timeframe)?;
    let bytes = csv::write(bars);
    let pinned = pin(&key, bars, &bytes)?;
    if replace {
        artifacts.put(&key, &bytes).await?;
        return Ok(pinned);
    }
    match artifacts.create(&key, &bytes).await {
        Err(exists @ ArtifactError::Exists(_)) if artifacts.get(&key).await? != bytes => Err(exists.into()),
        Err(ArtifactError::Exists(_)) | Ok(()) => Ok(pinned),
        Err(other) => Err(other.into()),
    }
}

fn pin(key: &Key, bars: &Bars, bytes: &[u8]) -> Result<DataRef, CatalogError> {
    let span = bars.span().ok_or_else(|| CatalogError::invalid(format!("{key} holds no bars")))?;
    Ok(DataRef {
        symbol: bars.symbol.clone(),
        timeframe: bars.timeframe,
        sha256: Sha256::of(bytes),
        span,
        synthetic: bars.synthetic,
    })
}

/// Reads a series as it is now, whatever its hash, and pins it.
///
/// # Errors
/// When it is not there or not fit for use; the message names the file.
pub async fn read_now(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    timeframe: Timeframe,
) -> Result<(DataRef, Bars), CatalogError> {
    read(&bytes(artifacts, symbol, timeframe).await?, symbol, timeframe)
}

/// What a series is made of, as it is now.
pub(crate) async fn bytes(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    timeframe: Timeframe,
) -> Result<Vec<u8>, CatalogError> {
    match artifacts.get(&key(symbol, timeframe)?).await {
        Ok(bytes) => Ok(bytes),
        Err(none @ ArtifactError::NotFound { .. }) => {
            let advice = advice(&all(artifacts).await.unwrap_or_default(), symbol, timeframe);
            Err(CatalogError::from(none).advising(advice))
        }
        Err(other) => Err(other.into()),
    }
}

/// How a series that is not there can be had: made of others of the instrument, called as it is called, or imported.
fn advice(all: &[(Key, Symbol, Timeframe)], symbol: &Symbol, timeframe: Timeframe) -> String {
    let own = all.iter().filter(|(_, of, _)| of == symbol);
    if own.clone().any(|(_, _, from)| resample::fits(*from, timeframe)) {
        return format!("make it with `ktrdr data resample {symbol} {timeframe}`");
    }
    let import = format!("import it with `ktrdr data import FILE --symbol {symbol} --timeframe {timeframe}`");
    match own.count() {
        0 => import + &nearest::meant(symbol.as_str(), all.iter().map(|(_, of, _)| of.as_str())),
        _ => import,
    }
}

/// Reads and pins it.
pub(crate) fn read(
    bytes: &[u8],
    symbol: &Symbol,
    timeframe: Timeframe,
) -> Result<(DataRef, Bars), CatalogError> {
    let key = key(symbol, timeframe)?;
    let bars = parse(&key, bytes, symbol, timeframe)?;
    Ok((pin(&key, &bars, bytes)?, bars))
}

/// Reads a series as it is now, from memory where these bytes were read before.
///
/// # Errors
/// When it is not there or not fit for use.
pub async fn read_cached(
    artifacts: &dyn Artifacts,
    cache: &SeriesCache,
    symbol: &Symbol,
    timeframe: Timeframe,
) -> Result<Arc<Bars>, CatalogError> {
    let key = key(symbol, timeframe)?;
    let bytes = artifacts.get(&key).await?;
    let hash = Sha256::of(&bytes);
    if let Some(bars) = cache.find(&hash) {
        return Ok(bars);
    }
    let bars = Arc::new(parse(&key, &bytes, symbol, timeframe)?);
    cache.keep(hash, Arc::clone(&bars));
    Ok(bars)
}

/// Reads a pinned series, from memory where it was read before; other bytes than the pinned ones are refused.
///
/// # Errors
/// When it is not there, was changed, or is not fit for use.
pub async fn read_pinned(
    artifacts: &dyn Artifacts,
    cache: &SeriesCache,
    pinned: &DataRef,
) -> Result<Arc<Bars>, CatalogError> {
    if let Some(bars) = cache.find(&pinned.sha256) {
        return Ok(bars);
    }
    let key = key(&pinned.symbol, pinned.timeframe)?;
    let bytes = artifacts.get(&key).await?;
    let found = Sha256::of(&bytes);
    if found != pinned.sha256 {
        return Err(ArtifactError::WrongHash { key, found, expected: pinned.sha256 }.into());
    }
    let bars = Arc::new(parse(&key, &bytes, &pinned.symbol, pinned.timeframe)?);
    cache.keep(found, Arc::clone(&bars));
    Ok(bars)
}

/// The stretch that every series covers. Windows are cut from it, so that no symbol's exam is another's lesson.
///
/// # Errors
/// When there is none, or no series.
pub fn common_span(data: &[DataRef]) -> Result<Span, CatalogError> {
    let common = data.split_first().and_then(|(first, rest)| {
        rest.iter().try_fold(first.span, |common, next| common.intersection(&next.span))
    });
    common.ok_or_else(|| CatalogError::invalid("the series do not overlap in time; import longer ones"))
}

fn parse(key: &Key, bytes: &[u8], symbol: &Symbol, timeframe: Timeframe) -> Result<Bars, CatalogError> {
    csv::read(bytes, symbol.clone(), timeframe, &ReadOptions::default()).map_err(|e| {
        CatalogError::invalid(format!(
            "{key}: {e}\n`ktrdr data import {key} --symbol {symbol} --timeframe {timeframe} --replace` reads other layouts and makes this one of them, with the options named above"
        ))
    })
}
