//! Windows as artefacts: what became of an instrument's windows, beside its bars.
//!
//! One small artefact per event, numbered, never changed: the first fixes the windows, those after it say that the vault was
//! opened or that the windows were moved. Of two who write the next one, one wins; the other looks again. All timeframes of
//! an instrument share them.

use std::collections::BTreeSet;

use ktrdr_domain::nearest;
use ktrdr_domain::window::{WindowError, WindowPolicy};
use ktrdr_domain::window_history::{
    LooksLost, Occasion, OpenVault, VaultOpening, WindowDates, WindowEvent, WindowHistory, WindowsFixed,
    WindowsRolled,
};
use ktrdr_domain::{DataRef, OperationId, Span, Symbol, Timestamp, Windows};
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};
use ktrdr_fabric::clock::now;
use ktrdr_quant::Bars;

use crate::{CatalogError, series};

/// Largest record of one event, in bytes.
const EVENT_BYTES_MAX: usize = 64 << 10;

/// Most events of one instrument: four digits keep their names in order.
const EVENTS_MAX: usize = 9999;

/// What became of the windows of an instrument; `None` where they were not fixed yet.
///
/// # Errors
/// When a record is missing or damaged, or can not be read.
pub async fn read(artifacts: &dyn Artifacts, symbol: &Symbol) -> Result<Option<WindowHistory>, CatalogError> {
    let listed = artifacts.list(&later(symbol)?).await?;
    let last = listed.iter().filter_map(number_of).max().unwrap_or(0);
    let mut events = Vec::new();
    for number in 0..=last {
        let key = key(symbol, number)?;
        match artifacts.get(&key).await {
            Ok(bytes) => events.push(event(artifacts, &key, &bytes)?),
            Err(ArtifactError::NotFound { .. }) if last == 0 => return Ok(None),
            Err(ArtifactError::NotFound { .. }) => {
                return Err(unfit(artifacts, &key, "is missing, and records that came after it are there"));
            }
            Err(unreadable @ ArtifactError::Unreadable { .. }) => {
                return Err(unfit(artifacts, &key, &format!("is no record ({unreadable})")));
            }
            Err(other) => return Err(other.into()),
        }
    }
    let history = WindowHistory::of(events);
    history.map(Some).or_else(|why| Err(unfit(artifacts, &key(symbol, last)?, &format!("is wrong: {why}"))))
}

/// The windows of one instrument, fixed now by these series of it where they were not fixed before.
///
/// # Errors
/// As [`read`]; when the series are too short to be cut.
pub async fn fixed(
    artifacts: &dyn Artifacts,
    policy: &WindowPolicy,
    symbol: &Symbol,
    data: &[DataRef],
    occasion: Occasion,
) -> Result<WindowHistory, CatalogError> {
    if let Some(known) = read(artifacts, symbol).await? {
        return Ok(known);
    }
    let dates = cut(policy, data)?;
    let first = WindowsFixed { dates, occasion, data: data.to_vec(), at: now() };
    match write(artifacts, &key(symbol, 0)?, &WindowEvent::Fixed(first)).await {
        Ok(()) | Err(CatalogError::Exists(_)) => {}
        Err(other) => return Err(other),
    }
    let known = read(artifacts, symbol).await?;
    known.ok_or_else(|| {
        CatalogError::invalid(format!("the windows of {symbol} were removed as they were fixed"))
    })
}

/// The windows of data of one instrument or of several; of several each ends where the first of them ends, so that no
/// instrument's exam is another's lesson. Those of an instrument that has none yet are fixed now.
///
/// # Errors
/// As [`fixed`]; when the series do not overlap in time.
pub async fn of(
    artifacts: &dyn Artifacts,
    policy: &WindowPolicy,
    data: &[DataRef],
) -> Result<Windows, CatalogError> {
    let common = series::common_span(data)?;
    let mut dates: Option<WindowDates> = None;
    for symbol in symbols(data) {
        let own: Vec<DataRef> = data.iter().filter(|d| d.symbol == *symbol).cloned().collect();
        let known = fixed(artifacts, policy, symbol, &own, Occasion::FirstUse).await?.dates();
        dates = Some(dates.map_or(known, |others| others.earliest(known)));
    }
    dates.map(|dates| dates.over(common)).ok_or_else(|| CatalogError::invalid("there is no series"))
}

/// The instruments of these series, each once.
#[must_use]
pub fn symbols(data: &[DataRef]) -> Vec<&Symbol> {
    let mut symbols: Vec<&Symbol> = Vec::new();
    for pinned in data {
        if !symbols.contains(&&pinned.symbol) {
            symbols.push(&pinned.symbol);
        }
    }
    symbols
}

/// Stores bars as a series, and fixes the windows of the instrument if these are its first bars. Bars that were there before any
/// were fixed come first: a longer file does not move what was cut from them.
///
/// The windows are `None` while there are too few bars to be cut.
///
/// # Errors
/// As [`series::store`] and [`read`].
pub async fn store_bars(
    artifacts: &dyn Artifacts,
    policy: &WindowPolicy,
    bars: &Bars,
    replace: bool,
) -> Result<(DataRef, Option<Windows>), CatalogError> {
    let symbol = &bars.symbol;
    if read(artifacts, symbol).await?.is_none() {
        let before = series::of(artifacts, symbol).await?;
        if cut(policy, &before).is_ok() {
            fixed(artifacts, policy, symbol, &before, Occasion::FirstUse).await?;
        }
    }
    let stored = series::store(artifacts, bars, replace).await?;
    let first = std::slice::from_ref(&stored);
    let known = match cut(policy, first) {
        Ok(_) => Some(fixed(artifacts, policy, symbol, first, Occasion::FirstBars).await?),
        Err(_) => read(artifacts, symbol).await?,
    };
    let windows = known.map(|known| known.dates().over(stored.span));
    Ok((stored, windows))
}

/// Writes down that a run looks into the vault of an instrument, once for each run.
///
/// # Errors
/// As [`read`]; when the windows were never fixed.
pub async fn open_vault(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    operation: &OperationId,
    span: Span,
    word: &OpenVault,
) -> Result<(), CatalogError> {
    loop {
        let known = read(artifacts, symbol).await?.ok_or_else(|| never_fixed(symbol))?;
        if known.openings().any(|earlier| earlier.operation == *operation) {
            return Ok(());
        }
        let opening = VaultOpening { operation: operation.clone(), span, word: word.clone(), at: now() };
        match append(artifacts, symbol, &known, &WindowEvent::Opened(opening)).await {
            // Somebody else wrote the next event.
            Err(CatalogError::Exists(_)) => {}
            written => return written,
        }
    }
}

/// Writes down of every instrument that the store which counted looks was lost, once for each gate.
///
/// # Errors
/// As [`read`]; when the series can not be listed.
pub async fn lose_looks(artifacts: &dyn Artifacts, lost: &LooksLost) -> Result<(), CatalogError> {
    let series = series::all(artifacts).await?;
    let symbols: BTreeSet<&Symbol> = series.iter().map(|(_, symbol, _)| symbol).collect();
    for symbol in symbols {
        while let Some(known) = read(artifacts, symbol).await?.filter(|known| known.looks_lost().is_none()) {
            match append(artifacts, symbol, &known, &WindowEvent::LooksLost(lost.clone())).await {
                // Somebody else wrote the next event.
                Err(CatalogError::Exists(_)) => {}
                written => written?,
            }
        }
    }
    Ok(())
}

/// Refuses an exam on a gate whose looks nobody knows any more.
///
/// # Errors
/// As [`read`], and that one.
pub async fn expect_counted(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    gate: Span,
) -> Result<Result<(), WindowError>, CatalogError> {
    let known = read(artifacts, symbol).await?;
    Ok(match known.as_ref().and_then(WindowHistory::looks_lost) {
        Some(LooksLost { at, reason, .. }) => {
            Err(WindowError::Uncounted { symbol: symbol.clone(), gate, at: *at, reason: reason.clone() })
        }
        None => Ok(()),
    })
}

/// Moves the windows of an instrument, if nothing became of them since `known` was read.
///
/// # Errors
/// [`CatalogError::Exists`] when something did.
pub async fn roll(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    known: &WindowHistory,
    rolled: impl FnOnce(Timestamp) -> WindowsRolled,
) -> Result<(), CatalogError> {
    append(artifacts, symbol, known, &WindowEvent::Rolled(rolled(now()))).await
}

/// Whether bars that replace others reach every window of their instrument: those stay where they were fixed.
///
/// # Errors
/// When a window would be without any; as [`read`].
pub async fn expect_reach(artifacts: &dyn Artifacts, bars: &Bars) -> Result<(), CatalogError> {
    let symbol = &bars.symbol;
    let (Some(known), Some(span)) = (read(artifacts, symbol).await?, bars.span()) else { return Ok(()) };
    let WindowDates { gate_from, vault_from } = known.dates();
    let without = match span.end {
        end if end <= gate_from => "gate and vault",
        end if end <= vault_from => "vault",
        _ if span.start >= gate_from => "dev",
        _ => return Ok(()),
    };
    Err(CatalogError::invalid(format!(
        "the windows of {symbol} stay where they were fixed, the gate from {gate_from} and the vault from {vault_from}, and these \
         bars ({span}) leave {without} without any: make bars that reach all of them, or call the instrument otherwise"
    )))
}

/// What is said of an instrument that nothing is known of.
pub fn never_fixed(symbol: &Symbol) -> CatalogError {
    CatalogError::NotFound(format!(
        "there are no windows of {symbol} here: they are fixed by its first bars; see `ktrdr data list`"
    ))
}

/// The same of an instrument that may have been called otherwise.
pub async fn unknown(artifacts: &dyn Artifacts, symbol: &Symbol) -> CatalogError {
    let series = series::all(artifacts).await.unwrap_or_default();
    if series.iter().any(|(_, of, _)| of == symbol) {
        return never_fixed(symbol);
    }
    let meant = nearest::meant(symbol.as_str(), series.iter().map(|(_, of, _)| of.as_str()));
    CatalogError::NotFound(format!("{}{meant}", never_fixed(symbol)))
}

fn cut(policy: &WindowPolicy, data: &[DataRef]) -> Result<WindowDates, CatalogError> {
    let windows = policy.split(series::common_span(data)?).map_err(CatalogError::invalid)?;
    Ok(WindowDates::of(&windows))
}

async fn append(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    known: &WindowHistory,
    event: &WindowEvent,
) -> Result<(), CatalogError> {
    let number = known.events().len();
    if number > EVENTS_MAX {
        return Err(CatalogError::invalid(format!(
            "{} holds {EVENTS_MAX} records, the most there may be",
            later(symbol)?
        )));
    }
    write(artifacts, &key(symbol, number)?, event).await
}

async fn write(artifacts: &dyn Artifacts, key: &Key, event: &WindowEvent) -> Result<(), CatalogError> {
    let bytes = serde_json::to_vec_pretty(event).map_err(CatalogError::invalid)?;
    Ok(artifacts.create(key, &bytes).await?)
}

fn event(artifacts: &dyn Artifacts, key: &Key, bytes: &[u8]) -> Result<WindowEvent, CatalogError> {
    if bytes.len() > EVENT_BYTES_MAX {
        let what = format!("is larger than {} KiB, the most that is read", EVENT_BYTES_MAX >> 10);
        return Err(unfit(artifacts, key, &what));
    }
    serde_json::from_slice(bytes)
        .map_err(|why| unfit(artifacts, key, &format!("is no record of windows ({why})")))
}

fn unfit(artifacts: &dyn Artifacts, key: &Key, what: &str) -> CatalogError {
    CatalogError::invalid(format!(
        "{key} in {} {what}: restore it from a backup; without it nobody knows where the exams are that were looked at",
        artifacts.place()
    ))
}

fn key(symbol: &Symbol, number: usize) -> Result<Key, CatalogError> {
    Ok(match number {
        0 => format!("data/{symbol}.windows.json").parse()?,
        _ => format!("{}/{number:04}.json", later(symbol)?).parse()?,
    })
}

/// Where the events after the first are.
fn later(symbol: &Symbol) -> Result<Key, CatalogError> {
    Ok(format!("data/{symbol}.windows").parse()?)
}

/// The number of a later event; `None` of what somebody else put there.
fn number_of(key: &Key) -> Option<usize> {
    let digits = key.as_str().rsplit('/').next()?.strip_suffix(".json")?;
    digits.parse().ok().filter(|number| (1..=EVENTS_MAX).contains(number))
}
