//! Tools that only read.

use ktrdr_app::budget::BudgetRequest;
use ktrdr_app::ledger::Stretch;
use ktrdr_app::memory::RecallRequest;
use ktrdr_app::operations::{ListRequest, PartRequest};
use ktrdr_app::strategies;
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, OperationId, OperationSummary, Status, StrategyName};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, bounded, request};
use crate::limits::{ENTRIES, ENTRIES_MAX, STRATEGY_BYTES_MAX, WORDS_MAX};
use crate::server::Server;
use crate::view::{self, json_of};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Which part of a list that is all there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default = "entries")]
    limit: u32,
    #[serde(default)]
    offset: u64,
}

pub(super) fn entries() -> u32 {
    ENTRIES
}

/// How many entries are wanted, if they are not too many.
pub(super) fn bounded_limit(limit: u32) -> Result<u32, AppError> {
    if (1..=ENTRIES_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("a list has 1 to {ENTRIES_MAX} entries here, not {limit}");
    Err(AppError::new(ErrorKind::InvalidRequest, message))
}

/// A part of a list that is read by position.
fn part(limit: u32, after: Option<u64>) -> Result<PartRequest, AppError> {
    Ok(PartRequest { limit: bounded_limit(limit)?, after })
}

impl Page {
    /// That part of a list of the ledger.
    fn stretch(&self) -> Result<Stretch, AppError> {
        Ok(Stretch { behind: None, offset: self.offset, limit: bounded_limit(self.limit)? })
    }

    /// That part of what is all there.
    pub(super) fn of<T>(&self, name: &str, all: &[T], show: impl Fn(&T) -> Value) -> Result<Value, AppError> {
        let limit = bounded_limit(self.limit)? as usize;
        let skipped = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let shown: Vec<Value> = all.iter().skip(skipped).take(limit).map(show).collect();
        Ok(json!({ name: shown, "total": all.len() }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneOperation {
    #[serde(alias = "operation")]
    id: OperationId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListOperations {
    #[serde(default)]
    campaign: Option<CampaignName>,
    #[serde(default, rename = "type")]
    kind: Option<Kind>,
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    active: bool,
    #[serde(default = "entries")]
    limit: u32,
    #[serde(default)]
    after: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfCampaign {
    #[serde(default)]
    campaign: Option<CampaignName>,
    #[serde(default = "entries")]
    limit: u32,
    #[serde(default)]
    offset: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneCampaign {
    campaign: CampaignName,
    #[serde(default = "entries")]
    limit: u32,
    #[serde(default)]
    after: Option<u64>,
}

/// Which part of a list that is read by position.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Behind {
    #[serde(default = "entries")]
    limit: u32,
    #[serde(default)]
    after: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneStrategy {
    name: StrategyName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrategyText {
    yaml: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneLesson {
    cycle: OperationId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    #[serde(default)]
    campaign: Option<CampaignName>,
    #[serde(default)]
    days: Option<u32>,
}

type Asked = Result<Answer, AppError>;

pub(super) async fn research_status(server: &Server, arguments: JsonObject) -> Asked {
    let Nothing {} = request(arguments)?;
    let status = server.app.cycle_status().await?;
    let cycle = |cycle| view::cycle(cycle, server.access);
    Ok(Answer::Said(json!({
        "status": status.status,
        "cycles": status.cycles.iter().map(cycle).collect::<Vec<_>>(),
        "last": status.last.as_ref().map(cycle),
        "capacity": status.capacity,
        "workers": status.workers,
    })))
}

pub(super) async fn list_operations(server: &Server, arguments: JsonObject) -> Asked {
    let ListOperations { campaign, kind, status, active, limit, after } = request(arguments)?;
    let part = part(limit, after)?;
    let list = server.app.operations(&ListRequest { campaign, kind, status, active, part }).await?;
    let rows = shown(server, &list.operations);
    Ok(Answer::Said(
        json!({ "operations": rows, "next": list.next, "total": list.total, "active": list.active }),
    ))
}

fn shown(server: &Server, rows: &[OperationSummary]) -> Vec<Value> {
    rows.iter().map(|row| view::summary(row, server.access)).collect()
}

pub(super) async fn get_operation(server: &Server, arguments: JsonObject) -> Asked {
    let OneOperation { id } = request(arguments)?;
    operation_answer(server, &id).await.map(Answer::Said)
}

pub(crate) async fn operation_answer(server: &Server, id: &OperationId) -> Result<Value, AppError> {
    let detail = server.app.operation(id).await?;
    let mut told = view::operation(&detail.operation, server.access);
    told["children"] = shown(server, &detail.children).into();
    told["resumes"] = json_of(&detail.resumption.resumes);
    told["resumed_by"] = json_of(&detail.resumption.resumed_by);
    view::drop_nulls(&mut told);
    Ok(told)
}

pub(super) async fn list_campaigns(server: &Server, arguments: JsonObject) -> Asked {
    let Behind { limit, after } = request(arguments)?;
    let list = server.app.campaigns(part(limit, after)?).await?;
    let campaigns: Vec<Value> =
        list.campaigns.iter().map(|listed| view::campaign(&listed.campaign)).collect();
    Ok(Answer::Said(json!({ "campaigns": campaigns, "next": list.next, "total": list.total })))
}

pub(super) async fn get_campaign(server: &Server, arguments: JsonObject) -> Asked {
    let OneCampaign { campaign, limit, after } = request(arguments)?;
    let detail = server.app.campaign(&campaign, part(limit, after)?).await?;
    let cycles: Vec<Value> = detail.cycles.iter().map(|row| view::operation(row, server.access)).collect();
    let campaign = view::campaign(&detail.campaign);
    Ok(Answer::Said(
        json!({ "campaign": campaign, "cycles": cycles, "next": detail.next, "total": detail.total }),
    ))
}

pub(super) async fn get_budget(server: &Server, arguments: JsonObject) -> Asked {
    let Budget { campaign, days } = request(arguments)?;
    let usual = BudgetRequest::default();
    let wanted = BudgetRequest { campaign, days: days.unwrap_or(usual.days), ..usual };
    Ok(Answer::Said(json_of(&server.app.budget(&wanted).await?)))
}

pub(super) async fn list_strategies(server: &Server, arguments: JsonObject) -> Asked {
    let page: Page = request(arguments)?;
    let all = server.app.strategies().await?;
    page.of("strategies", &all, json_of).map(Answer::Said)
}

pub(super) async fn get_strategy(server: &Server, arguments: JsonObject) -> Asked {
    let OneStrategy { name } = request(arguments)?;
    strategy_answer(server, &name).await.map(Answer::Said)
}

pub(crate) async fn strategy_answer(server: &Server, name: &StrategyName) -> Result<Value, AppError> {
    let detail = server.app.strategy(name).await?;
    Ok(json!({ "yaml": detail.strategy.to_yaml(), "features": detail.features }))
}

pub(super) async fn validate_strategy(_: &Server, arguments: JsonObject) -> Asked {
    let StrategyText { yaml } = request(arguments)?;
    let checked = strategies::validate(bounded("strategy", &yaml, STRATEGY_BYTES_MAX)?);
    Ok(Answer::Said(json_of(&checked)))
}

pub(super) async fn list_data(server: &Server, arguments: JsonObject) -> Asked {
    let page: Page = request(arguments)?;
    page.of("data", &server.app.list_data().await?, json_of).map(Answer::Said)
}

pub(super) async fn get_report(server: &Server, arguments: JsonObject) -> Asked {
    let OneOperation { id } = request(arguments)?;
    report_answer(server, &id).await.map(Answer::Said)
}

pub(crate) async fn report_answer(server: &Server, id: &OperationId) -> Result<Value, AppError> {
    let stored = server.app.report(id).await?;
    Ok(view::result(&json_of(&stored.summary), server.access))
}

pub(super) async fn list_lessons(server: &Server, arguments: JsonObject) -> Asked {
    let OfCampaign { campaign, limit, offset } = request(arguments)?;
    let part = Page { limit, offset }.stretch()?;
    let part = server.app.lessons_part(campaign.as_ref(), part).await?;
    let lessons: Vec<Value> = part.entries.iter().map(view::lesson).collect();
    Ok(Answer::Said(json!({ "lessons": lessons, "total": part.total })))
}

pub(super) async fn recall_lessons(server: &Server, arguments: JsonObject) -> Asked {
    let wanted: RecallRequest = request(arguments)?;
    if let Some(words) = &wanted.words {
        bounded("question", words, WORDS_MAX)?;
    }
    Ok(Answer::Said(json_of(&server.app.recall(&wanted).await?)))
}

pub(super) async fn get_lesson(server: &Server, arguments: JsonObject) -> Asked {
    let OneLesson { cycle } = request(arguments)?;
    let lesson = server.app.lesson(&cycle).await?;
    let mut told = view::lesson(&lesson);
    told["yaml"] = lesson.strategy.to_yaml().into();
    Ok(Answer::Said(told))
}

pub(super) async fn list_trials(server: &Server, arguments: JsonObject) -> Asked {
    let OfCampaign { campaign, limit, offset } = request(arguments)?;
    let part = Page { limit, offset }.stretch()?;
    let part = server.app.trials_part(campaign.as_ref(), part).await?;
    let trials: Vec<Value> = part.entries.iter().map(|trial| view::trial(trial, server.access)).collect();
    Ok(Answer::Said(json!({ "trials": trials, "total": part.total })))
}
