//! Retrying: what has ended is submitted again, under a new id, because an end is for ever. A job of its own runs anew; a
//! research cycle that was cut short is resumed from the job that did not complete.

mod group;

use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::{Kind, Operation, OperationId, Status};
use ktrdr_fabric::store::{NewOperation, NewRoot, Pace, Submitted};
use ktrdr_research::resume::{self, NotResumed, successor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use group::{GroupRetryAnswer, GroupRetryRequest, RetryPlan};

use crate::{App, AppError, ErrorKind, IdempotencyKey, OrKind};

/// Submit again what has ended, whatever became of it; of a job of a research cycle the cycle.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// The operation.
    pub operation: OperationId,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// What a retry did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct RetryAnswer {
    /// The new operation.
    pub operation: OperationId,
    /// What was asked for.
    pub retry_of: OperationId,
    /// The cycle that it goes on with, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumes: Option<OperationId>,
}

impl App {
    /// Submits one ended operation again.
    ///
    /// # Errors
    /// When there is none of that id, it goes on, or there is nothing to resume.
    pub async fn retry(&self, request: &RetryRequest) -> Result<RetryAnswer, AppError> {
        let ended = self.row(&request.operation).await?;
        let key = request.idempotency_key.as_ref();
        let cycle = match &ended.root {
            Some(root) => Some(self.row(root).await?),
            None => Some(ended.clone()).filter(|operation| operation.kind.is_root()),
        };
        let (operation, resumes) = match cycle {
            None => (self.hand_over(self.again(&ended)?, key, request).await?.operation, None),
            Some(cycle) => (self.resume(&cycle, key).await?, Some(cycle.summary.id)),
        };
        Ok(RetryAnswer { operation, retry_of: request.operation.clone(), resumes })
    }

    /// Starts the cycle that goes on with this one. There is one such cycle, whoever asks: a repeated request is answered
    /// with it, and one that is not is told.
    async fn resume(&self, cycle: &Operation, key: Option<&IdempotencyKey>) -> Result<OperationId, AppError> {
        let before = |by: OperationId| match key {
            Some(_) => Ok(by),
            None => Err(resumed_before(&cycle.id, &by)),
        };
        if let Some(later) = self.store.get(&successor(&cycle.id)).await? {
            return before(later.summary.id);
        }
        let planned = resume::plan(&*self.store, cycle, self.policy.tries_max).await?;
        let next: NewRoot = planned.map_err(|why| {
            let kind = match why {
                NotResumed::GoesOn(_) | NotResumed::OnItsMerits(_) | NotResumed::AtAGate(_) => {
                    ErrorKind::Conflict
                }
                NotResumed::Unreadable(_) => ErrorKind::InvalidInput,
            };
            AppError::new(kind, format!("{} is not resumed: {why}", cycle.id))
        })?;
        let new = next.id.clone();
        match self.store.submit_roots(vec![next], Pace::free(1)).await? {
            Submitted::Created => Ok(new),
            Submitted::Duplicate(new) => before(new),
        }
    }

    /// The same job under a new id.
    fn again(&self, ended: &Operation) -> Result<NewOperation, AppError> {
        if !ended.status.is_terminal() {
            let message = format!("{} is {}; only an ended operation is retried", ended.id, ended.status);
            return Err(AppError::new(ErrorKind::Conflict, message));
        }
        self.new_job(ended.kind, spec_again(ended)?)
    }
}

fn resumed_before(cycle: &OperationId, by: &OperationId) -> AppError {
    let message = format!("{cycle} was resumed before, by {by}; see `ktrdr operations status {by}`");
    AppError::new(ErrorKind::Conflict, message)
}

/// Nobody saw what an unfinished backtest would have shown: its repetition is the same look at the data.
fn spec_again(ended: &Operation) -> Result<Value, AppError> {
    if ended.kind != Kind::Backtesting || ended.status == Status::Completed {
        return Ok(ended.spec.clone());
    }
    let spec = BacktestSpec::deserialize(&ended.spec).or_kind(ErrorKind::InvalidInput)?;
    serde_json::to_value(spec.repeating(ended.id.clone())).or_kind(ErrorKind::InvalidInput)
}
