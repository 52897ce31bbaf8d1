//! Reports of backtests, one for each attempt: `reports/<operation>/<fence>/backtest.json`.

use ktrdr_domain::report::BacktestReport;
use ktrdr_domain::{OperationId, number};
use ktrdr_fabric::artifacts::{Artifacts, Key};

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
