//! Schedules: which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::AppError;
use ktrdr_app::operations::PartRequest;
use ktrdr_app::schedules::{
    BackfillAnswer, BackfillRequest, NextTick, OccurrencePart, ScheduleRequest, ScheduleStatus,
    TriggerScheduleRequest,
};
use ktrdr_app::use_cases::Nights;
use ktrdr_domain::Reason;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::Occurrence;
use serde_json::{Value, json};

use crate::Client;
use crate::lists::ALL;
use crate::request::{Request, body_of};

#[async_trait]
impl Nights for Client {
    async fn create_schedule(&self, request: &ScheduleRequest) -> Result<ScheduleStatus, AppError> {
        self.ask(Request::post(&["schedules"]).json(body_of(request, &[])).once(None)).await
    }

    async fn list_schedules(&self) -> Result<Vec<ScheduleStatus>, AppError> {
        self.list("schedules", &["schedules"], "", ALL).await
    }

    async fn schedule(&self, name: &ScheduleName) -> Result<ScheduleStatus, AppError> {
        self.ask(Request::get(&["schedules", name.as_str()])).await
    }

    async fn next_ticks(&self, name: Option<&ScheduleName>, count: u32) -> Result<Vec<NextTick>, AppError> {
        let path = match name {
            Some(name) => vec!["schedules", name.as_str(), "next"],
            None => vec!["ticks"],
        };
        self.ask_for("ticks", Request::get(&path).query(format!("count={count}"))).await
    }

    async fn occurrences(
        &self,
        name: &ScheduleName,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Result<OccurrencePart, AppError> {
        let path = ["schedules", name.as_str(), "occurrences"];
        let part = PartRequest { limit, after: before_ms.map(i64::cast_unsigned) };
        let mut document = self.behind(&path, "", part).await?;
        let next = self.position(&document)?.map(u64::cast_signed);
        Ok(OccurrencePart { occurrences: self.taken(&mut document, "occurrences")?, next })
    }

    async fn pause_schedule(&self, name: &ScheduleName, note: &Reason) -> Result<bool, AppError> {
        let path = ["schedules", name.as_str(), "pause"];
        self.ask_for("changed", Request::post(&path).json(json!({ "note": note })).once(None)).await
    }

    async fn resume_schedule(&self, name: &ScheduleName) -> Result<bool, AppError> {
        self.ask_for("changed", Request::post(&["schedules", name.as_str(), "resume"]).once(None)).await
    }

    async fn trigger_schedule(&self, request: &TriggerScheduleRequest) -> Result<Occurrence, AppError> {
        let path = ["schedules", request.schedule.as_str(), "trigger"];
        self.ask(Request::post(&path).once(request.idempotency_key.as_ref())).await
    }

    async fn backfill_schedule(&self, request: &BackfillRequest) -> Result<BackfillAnswer, AppError> {
        let path = ["schedules", request.schedule.as_str(), "backfill"];
        self.ask(Request::post(&path).json(body_of(request, &["schedule"])).once(None)).await
    }

    async fn delete_schedule(&self, name: &ScheduleName) -> Result<(), AppError> {
        self.ask::<Value>(Request::delete(&["schedules", name.as_str()])).await.map(|_| ())
    }
}
