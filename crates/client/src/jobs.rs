//! Trainings, backtests, and their reports: which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::AppError;
use ktrdr_app::backtest::{BacktestRequest, SignalsRequest, StoredReport};
use ktrdr_app::cancel::{CancelAnswer, CancelOneRequest};
use ktrdr_app::replay::{ReplayComparison, ReplayRequest};
use ktrdr_app::submit::SubmittedJob;
use ktrdr_app::training::TrainingRequest;
use ktrdr_app::use_cases::Jobs;
use ktrdr_domain::OperationId;

use crate::Client;
use crate::request::{Request, body_of, query_of};

#[async_trait]
impl Jobs for Client {
    async fn submit_training(&self, request: &TrainingRequest) -> Result<SubmittedJob, AppError> {
        let post = Request::post(&["trainings", "start"]).json(body_of(request, &[]));
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn submit_backtest(&self, request: &BacktestRequest) -> Result<SubmittedJob, AppError> {
        let post = Request::post(&["backtests", "start"]).json(body_of(request, &[]));
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn submit_signals(&self, request: &SignalsRequest, csv: &[u8]) -> Result<SubmittedJob, AppError> {
        let post = Request::post(&["backtests", "signals"]).query(query_of(request, &[])).csv(csv)?;
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn cancel_backtest(&self, request: &CancelOneRequest) -> Result<CancelAnswer, AppError> {
        self.ask(Request::post(&["backtests", "cancel"]).json(body_of(request, &[])).once(None)).await
    }

    async fn report(&self, id: &OperationId) -> Result<StoredReport, AppError> {
        self.ask(Request::get(&["reports", id.as_str()])).await
    }

    async fn submit_replay(&self, request: &ReplayRequest) -> Result<SubmittedJob, AppError> {
        let path = ["backtests", request.operation.as_str(), "replay"];
        self.ask(Request::post(&path).once(request.idempotency_key.as_ref())).await
    }

    async fn compare_replay(
        &self,
        operation: &OperationId,
        replay: &OperationId,
    ) -> Result<ReplayComparison, AppError> {
        self.ask(Request::get(&["backtests", operation.as_str(), "compare", replay.as_str()])).await
    }
}
