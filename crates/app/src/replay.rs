//! Repeating a backtest from its hashes, to see that it gives the same trade list.

use ktrdr_domain::job::{BacktestSpec, Origin};
use ktrdr_domain::report::BacktestSummary;
use ktrdr_domain::{JobSpec, Kind, Operation, OperationId, Sha256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operations::result_of;
use crate::submit::SubmittedJob;
use crate::{App, AppError, ErrorKind, IdempotencyKey, OrKind};

/// Repeat a completed backtest. It is the same look at the data, not a new one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// The backtest.
    pub operation: OperationId,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// A backtest and its replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct ReplayComparison {
    /// The backtest.
    pub operation: OperationId,
    /// Its replay.
    pub replayed_as: OperationId,
    /// Whether both made the same trades, to the last bit.
    pub same: bool,
    /// Hash of the trades.
    pub trades_sha256: Sha256,
    /// Hash of the replay's trades.
    pub replayed_trades_sha256: Sha256,
    /// Version of the program.
    pub code: String,
    /// Version of the program that replayed.
    pub replayed_code: String,
    /// How many trades the replay made.
    #[serde(skip)]
    pub trades: u64,
}

impl App {
    /// Submits the repetition of a completed backtest.
    ///
    /// # Errors
    /// When it is not a completed backtest.
    pub async fn submit_replay(&self, request: &ReplayRequest) -> Result<SubmittedJob, AppError> {
        let row = self.row(&request.operation).await?;
        completed_backtest(&row)?;
        let mut spec = BacktestSpec::deserialize(&row.spec).or_kind(ErrorKind::InvalidInput)?;
        spec.origin = Origin::Replay;
        self.submit_job(&JobSpec::Backtest(Box::new(spec)), request.idempotency_key.as_ref(), request).await
    }

    /// Compares a backtest with its replay; both have completed.
    ///
    /// # Errors
    /// When one of them did not complete.
    pub async fn compare_replay(
        &self,
        operation: &OperationId,
        replay: &OperationId,
    ) -> Result<ReplayComparison, AppError> {
        let first = completed_backtest(&self.row(operation).await?)?;
        let second = completed_backtest(&self.row(replay).await?)?;
        Ok(ReplayComparison {
            same: first.hashes.trades == second.hashes.trades,
            operation: first.operation,
            replayed_as: second.operation,
            trades_sha256: first.hashes.trades,
            replayed_trades_sha256: second.hashes.trades,
            code: first.hashes.code,
            replayed_code: second.hashes.code,
            trades: second.metrics.total_trades,
        })
    }
}

fn completed_backtest(row: &Operation) -> Result<BacktestSummary, AppError> {
    if row.kind != Kind::Backtesting {
        let message = format!("{} is not a backtest; replay takes a completed backtest", row.id);
        return Err(AppError::new(ErrorKind::InvalidRequest, message));
    }
    result_of(row)
}
