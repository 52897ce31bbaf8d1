//! Operations, and those that were given up: which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::cancel::{CancelAnswer, CancelPlan, CancelRequest, GroupCancelRequest};
use ktrdr_app::dead_letters::{DeadLetter, DeadLetterList, Dismissal, GivenUp, is_dead_of};
use ktrdr_app::diagnosis::Reason as Obstacle;
use ktrdr_app::explain::Explanation;
use ktrdr_app::metrics::OperationMetrics;
use ktrdr_app::operations::{History, ListRequest, OperationDetail, OperationList, PartRequest};
use ktrdr_app::retry::{GroupRetryRequest, RetryAnswer, RetryPlan, RetryRequest};
use ktrdr_app::selection::{SelectedPart, Selection};
use ktrdr_app::use_cases::Rows;
use ktrdr_app::waiting::StandstillRequest;
use ktrdr_app::{AppError, IdempotencyKey};
use ktrdr_domain::instant::Instant;
use ktrdr_domain::{Operation, OperationId};
use serde_json::json;

use crate::Client;
use crate::lists::ALL;
use crate::request::{Request, body_of, query_of};

#[async_trait]
impl Rows for Client {
    async fn row(&self, id: &OperationId) -> Result<Operation, AppError> {
        self.ask(Request::get(&["operations", id.as_str(), "row"])).await
    }

    async fn begun(&self, key: &IdempotencyKey) -> Result<Option<OperationId>, AppError> {
        let query = query_of(&json!({ "key": key }), &[]);
        self.ask_for("operation", Request::get(&["operations", "begun"]).query(query)).await
    }

    async fn operation(&self, id: &OperationId) -> Result<OperationDetail, AppError> {
        self.ask(Request::get(&["operations", id.as_str()])).await
    }

    async fn operations(&self, request: &ListRequest) -> Result<OperationList, AppError> {
        let ListRequest { campaign, kind, status, active, part } = request;
        let terms = [
            campaign.as_ref().map(|name| format!("campaign={name}")),
            kind.map(|kind| format!("type={kind}")),
            status.map(|status| format!("status={status}")),
            active.then(|| "status=pending,running".to_owned()),
        ];
        let filter = terms.into_iter().flatten().collect::<Vec<_>>().join("&");
        let mut document = self.behind(&["operations"], &filter, *part).await?;
        Ok(OperationList {
            next: self.position(&document)?,
            operations: self.taken(&mut document, "operations")?,
            total: self.taken(&mut document, "total")?,
            active: self.taken(&mut document, "active")?,
            now_ms: self.taken::<Instant>(&mut document, "now")?.0,
        })
    }

    async fn select(
        &self,
        selection: &Selection,
        before: Option<u64>,
        limit: u32,
    ) -> Result<SelectedPart, AppError> {
        let part = PartRequest { limit, after: before };
        let mut document = self.behind(&["operations"], selection.text(), part).await?;
        Ok(SelectedPart {
            next: self.position(&document)?,
            operations: self.taken(&mut document, "operations")?,
            total: self.taken(&mut document, "total")?,
            active: self.taken(&mut document, "active")?,
            now_ms: self.taken::<Instant>(&mut document, "now")?.0,
        })
    }

    async fn metrics(&self, id: &OperationId) -> Result<OperationMetrics, AppError> {
        self.ask(Request::get(&["operations", id.as_str(), "metrics"])).await
    }

    async fn history(&self, id: &OperationId) -> Result<History, AppError> {
        self.ask(Request::get(&["operations", id.as_str(), "history"])).await
    }

    async fn explain(&self, id: &OperationId) -> Result<Explanation, AppError> {
        self.ask(Request::get(&["operations", id.as_str(), "explain"])).await
    }

    async fn why_standing_still(&self, request: &StandstillRequest) -> Result<Vec<Obstacle>, AppError> {
        let post = Request::post(&["operations", "standing-still"]).json(body_of(request, &[])).repeatable();
        self.ask_for("reasons", post).await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelAnswer, AppError> {
        let path = ["operations", request.operation.as_str(), "cancel"];
        self.ask(Request::post(&path).json(body_of(request, &["operation"])).repeatable()).await
    }

    async fn plan_cancel(&self, request: &GroupCancelRequest) -> Result<CancelPlan, AppError> {
        let post = Request::post(&["operations", "cancel"]).json(body_of(request, &[])).repeatable();
        self.ask_for("planned", post).await
    }

    async fn retry(&self, request: &RetryRequest) -> Result<RetryAnswer, AppError> {
        let path = ["operations", request.operation.as_str(), "retry"];
        match &request.idempotency_key {
            Some(key) => self.ask(Request::post(&path).once(Some(key))).await,
            // With a key, a cycle that was resumed before would be answered, and not refused.
            None => self.ask(Request::post(&path)).await,
        }
    }

    async fn plan_retry(&self, request: &GroupRetryRequest) -> Result<RetryPlan, AppError> {
        let post = Request::post(&["operations", "retry"]).json(body_of(request, &[])).repeatable();
        self.ask_for("planned", post).await
    }

    async fn dead_letters(&self, part: PartRequest) -> Result<DeadLetterList, AppError> {
        let mut document = self.behind(&["dead-letters"], "", part).await?;
        Ok(DeadLetterList {
            next: self.position(&document)?,
            dead_letters: self.taken(&mut document, "dead_letters")?,
            total: self.taken(&mut document, "total")?,
            now_ms: self.taken::<Instant>(&mut document, "now")?.0,
        })
    }

    async fn dead_letters_with(&self, error: &str) -> Result<Vec<OperationId>, AppError> {
        let all: Vec<GivenUp> = self.list("dead_letters", &["dead-letters"], "", ALL).await?;
        Ok(all
            .into_iter()
            .map(|dead| dead.operation)
            .filter(|row| is_dead_of(row, error))
            .map(|row| row.id)
            .collect())
    }

    async fn dismiss(&self, id: &OperationId) -> Result<Dismissal, AppError> {
        self.ask_for("answer", Request::delete(&["dead-letters", id.as_str()]).repeatable()).await
    }

    async fn dead_messages(&self, limit: u32) -> Result<Option<Vec<DeadLetter>>, AppError> {
        let get = Request::get(&["dead-letters", "messages"]).query(format!("limit={limit}"));
        self.ask_for("messages", get).await
    }

    async fn discard_messages(&self, ids: &[String]) -> Result<Option<Vec<DeadLetter>>, AppError> {
        let post = Request::post(&["dead-letters", "messages", "discard"]).json(json!({ "ids": ids }));
        self.ask_for("discarded", post.once(None)).await
    }
}
