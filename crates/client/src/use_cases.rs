//! Groups that were planned, and what changes: which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::cancel::{CancelPlan, GroupCancelAnswer, GroupCancelRequest};
use ktrdr_app::changes::Changes;
use ktrdr_app::readiness::Readiness;
use ktrdr_app::retry::{GroupRetryAnswer, GroupRetryRequest, RetryPlan};
use ktrdr_app::{AppError, UseCases};

use crate::Client;
use crate::listener;
use crate::request::{Request, body_of};

#[async_trait]
impl UseCases for Client {
    async fn cancel_group(
        &self,
        request: &GroupCancelRequest,
        _: CancelPlan,
    ) -> Result<GroupCancelAnswer, AppError> {
        let mut body = body_of(request, &[]);
        body["confirm"] = true.into();
        self.ask_for("done", Request::post(&["operations", "cancel"]).json(body).once(None)).await
    }

    async fn retry_group(
        &self,
        request: &GroupRetryRequest,
        _: RetryPlan,
    ) -> Result<GroupRetryAnswer, AppError> {
        let mut body = body_of(request, &[]);
        body["confirm"] = true.into();
        self.ask_for("done", Request::post(&["operations", "retry"]).json(body).once(None)).await
    }

    async fn readiness(&self) -> Result<Readiness, AppError> {
        self.ask(Request::get(&["health"])).await
    }

    fn changes(&self) -> Changes {
        listener::changes(&self.exchange)
    }
}
