//! Tools for campaigns that begin by themselves. What comes of each night is told as of any other campaign: by its cycles.

use ktrdr_app::AppError;
use ktrdr_app::IdempotencyKey;
use ktrdr_app::schedules::{ScheduleRequest, TriggerScheduleRequest};
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::reason::Reason;
use ktrdr_domain::schedule::Rules;
use rmcp::model::JsonObject;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reading::{Page, bounded_limit, entries};
use super::writing::{StartCampaign, as_request, check_campaign};
use super::{Answer, request};
use crate::server::Server;
use crate::view::json_of;

/// Ticks to come where no number is asked for.
const TICKS: u32 = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneSchedule {
    schedule: ScheduleName,
    /// Of its records, the latest first.
    #[serde(default = "entries")]
    limit: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NextTicks {
    schedule: Option<ScheduleName>,
    #[serde(default = "ticks")]
    count: u32,
}

fn ticks() -> u32 {
    TICKS
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    schedule: ScheduleName,
    idempotency_key: Option<IdempotencyKey>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: ScheduleName,
    cron: String,
    zone: String,
    campaign: StartCampaign,
    #[serde(default)]
    rules: Rules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pause {
    schedule: ScheduleName,
    note: Reason,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    schedule: ScheduleName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    schedule: ScheduleName,
    /// For the audit log alone.
    #[serde(default)]
    #[expect(dead_code, reason = "what is written down before a tool runs is read from its arguments")]
    reason: Option<Reason>,
}

type Asked = Result<Answer, AppError>;

pub(super) async fn list_schedules(server: &Server, arguments: JsonObject) -> Asked {
    let page: Page = request(arguments)?;
    page.of("schedules", &server.app.list_schedules().await?, json_of).map(Answer::Said)
}

pub(super) async fn get_schedule(server: &Server, arguments: JsonObject) -> Asked {
    let OneSchedule { schedule, limit } = request(arguments)?;
    let limit = bounded_limit(limit)?;
    let mut told = json_of(&server.app.schedule(&schedule).await?);
    told["occurrences"] = json_of(&server.app.occurrences(&schedule, None, limit).await?.occurrences);
    Ok(Answer::Said(told))
}

pub(super) async fn next_ticks(server: &Server, arguments: JsonObject) -> Asked {
    let NextTicks { schedule, count } = request(arguments)?;
    let count = bounded_limit(count)?;
    Ok(Answer::Said(json!({ "ticks": server.app.next_ticks(schedule.as_ref(), count).await? })))
}

pub(super) async fn trigger_schedule(server: &Server, arguments: JsonObject) -> Asked {
    let Trigger { schedule, idempotency_key } = request(arguments)?;
    let wanted = TriggerScheduleRequest { schedule, idempotency_key };
    Ok(Answer::Said(json_of(&server.app.trigger_schedule(&wanted).await?)))
}

pub(super) async fn create_schedule(server: &Server, arguments: JsonObject) -> Asked {
    let wanted: Create = request(arguments)?;
    check_campaign(&wanted.campaign)?;
    let wanted: ScheduleRequest = as_request(&wanted)?;
    Ok(Answer::Said(json_of(&server.app.create_schedule(&wanted).await?)))
}

pub(super) async fn pause_schedule(server: &Server, arguments: JsonObject) -> Asked {
    let Pause { schedule, note } = request(arguments)?;
    let changed = server.app.pause_schedule(&schedule, &note).await?;
    Ok(Answer::Said(json!({ "paused": true, "changed": changed })))
}

pub(super) async fn resume_schedule(server: &Server, arguments: JsonObject) -> Asked {
    let Named { schedule } = request(arguments)?;
    let changed = server.app.resume_schedule(&schedule).await?;
    Ok(Answer::Said(json!({ "paused": false, "changed": changed })))
}

pub(super) async fn delete_schedule(server: &Server, arguments: JsonObject) -> Asked {
    let Delete { schedule, .. } = request(arguments)?;
    server.app.delete_schedule(&schedule).await?;
    Ok(Answer::Said(json!({ "deleted": schedule })))
}
