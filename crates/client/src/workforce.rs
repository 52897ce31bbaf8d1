//! Queues, workers, and what stands in their way: which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::AppError;
use ktrdr_app::diagnosis::Reason as Obstacle;
use ktrdr_app::queues::{PauseAnswer, QueueStatus};
use ktrdr_app::use_cases::Workforce;
use ktrdr_app::workers::HeardWorker;
use ktrdr_domain::Kind;
use serde_json::Value;

use crate::Client;
use crate::lists::ALL;
use crate::request::Request;

#[async_trait]
impl Workforce for Client {
    async fn obstacles(&self) -> Result<Vec<Obstacle>, AppError> {
        self.ask_for("reasons", Request::get(&["diagnosis"])).await
    }

    async fn queues(&self) -> Result<Vec<QueueStatus>, AppError> {
        self.ask_for("queues", Request::get(&["queues"])).await
    }

    async fn pause(&self, kind: Kind) -> Result<PauseAnswer, AppError> {
        self.ask(Request::post(&["queues", kind.as_str(), "pause"]).once(None)).await
    }

    async fn resume_queue(&self, kind: Kind) -> Result<PauseAnswer, AppError> {
        self.ask(Request::post(&["queues", kind.as_str(), "resume"]).once(None)).await
    }

    async fn workers(&self) -> Result<Vec<HeardWorker>, AppError> {
        self.list("workers", &["workers"], "", ALL).await
    }

    async fn drain_worker(&self, boot: &str) -> Result<(), AppError> {
        self.ask::<Value>(Request::post(&["workers", boot, "drain"]).repeatable()).await.map(|_| ())
    }
}
