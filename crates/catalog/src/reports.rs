//! Reports of backtests, one for each attempt: `reports/<operation>/<fence>/backtest.json`, and beside it `sheet.json`, which
//! pages about it are drawn from.

use ktrdr_domain::report::sheet::SHEET_VERSION;
use ktrdr_domain::report::{BacktestReport, BacktestSheet};
use ktrdr_domain::{OperationId, number};
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::CatalogError;

/// Where the report of one attempt of a backtest is.
///
/// # Errors
/// Never for checked ids.
pub fn key(operation: &OperationId, fence: u64) -> Result<Key, CatalogError> {
    Ok(format!("reports/{operation}/{fence}/backtest.json").parse()?)
}

/// Stores the report of one attempt.
///
/// # Errors
/// When it can not be written.
pub async fn store(
    artifacts: &dyn Artifacts,
    operation: &OperationId,
    fence: u64,
    report: &BacktestReport,
) -> Result<(), CatalogError> {
    let bytes = number::json(report).map_err(CatalogError::invalid)?;
    Ok(artifacts.put(&key(operation, fence)?, &bytes).await?)
}

/// Reads the report of one attempt.
///
/// # Errors
/// When it is not there, or not a report.
pub async fn read(
    artifacts: &dyn Artifacts,
    operation: &OperationId,
    fence: u64,
) -> Result<BacktestReport, CatalogError> {
    let key = key(operation, fence)?;
    let bytes = artifacts.get(&key).await?;
    serde_json::from_slice(&bytes).map_err(|e| CatalogError::invalid(format!("{key} is unreadable: {e}")))
}

/// The backtest whose report or sheet lies under a key; `None` of a key that is neither.
#[must_use]
pub fn operation_at(key: &Key) -> Option<OperationId> {
    let mut levels = key.as_str().strip_prefix("reports/")?.split('/');
    let (operation, fence, file) = (levels.next()?, levels.next()?, levels.next()?);
    let is_ours = fence.parse::<u64>().is_ok() && matches!(file, "backtest.json" | "sheet.json");
    operation.parse().ok().filter(|_| is_ours && levels.next().is_none())
}

fn sheet_key(operation: &OperationId, fence: u64) -> Result<Key, CatalogError> {
    Ok(format!("reports/{operation}/{fence}/sheet.json").parse()?)
}

/// Stores the sheet of one attempt.
///
/// # Errors
/// When it can not be written.
pub async fn store_sheet(
    artifacts: &dyn Artifacts,
    operation: &OperationId,
    fence: u64,
    sheet: &BacktestSheet,
) -> Result<(), CatalogError> {
    let bytes = number::json(sheet).map_err(CatalogError::invalid)?;
    Ok(artifacts.put(&sheet_key(operation, fence)?, &bytes).await?)
}

/// Reads the sheet of one attempt; `None` where there is none, or one of another version.
///
/// # Errors
/// When it can not be read, or is no sheet.
pub async fn read_sheet(
    artifacts: &dyn Artifacts,
    operation: &OperationId,
    fence: u64,
) -> Result<Option<BacktestSheet>, CatalogError> {
    sheet(artifacts, &sheet_key(operation, fence)?).await
}

/// A sheet of this version, if there is one.
pub(crate) async fn sheet<T: DeserializeOwned>(
    artifacts: &dyn Artifacts,
    key: &Key,
) -> Result<Option<T>, CatalogError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let bytes = match artifacts.get(key).await {
        Err(ArtifactError::NotFound { .. }) => return Ok(None),
        read => read?,
    };
    let unreadable = |e| CatalogError::invalid(format!("{key} is unreadable: {e}"));
    let Versioned { version } = serde_json::from_slice(&bytes).map_err(unreadable)?;
    match version == SHEET_VERSION {
        true => serde_json::from_slice(&bytes).map(Some).map_err(unreadable),
        false => Ok(None),
    }
}
