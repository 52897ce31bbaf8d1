//! Tools that only read.

use ktrdr_app::budget::BudgetRequest;
use ktrdr_app::memory::RecallRequest;
use ktrdr_app::operations::{ListRequest, PartRequest};
use ktrdr_app::strategies;
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, Operation, OperationId, Status, StrategyName};
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

/// Which part of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default = "entries")]
    pub(super) limit: u32,
    #[serde(default)]
    pub(super) offset: u64,
}

pub(super) fn entries() -> u32 {
    ENTRIES
}

impl Page {
    pub(super) fn part(&self) -> Result<PartRequest, AppError> {
        if (1..=ENTRIES_MAX).contains(&self.limit) {
            return Ok(PartRequest { limit: self.limit, offset: self.offset });
        }
        let message = format!("a list has 1 to {ENTRIES_MAX} entries here, not {}", self.limit);
        Err(AppError::new(ErrorKind::InvalidRequest, message))
    }

    /// That part of what is all there.
    pub(super) fn of<T>(&self, name: &str, all: &[T], show: impl Fn(&T) -> Value) -> Result<Value, AppError> {
        let PartRequest { limit, offset } = self.part()?;
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        let shown: Vec<Value> = all.iter().skip(skipped).take(limit as usize).map(show).collect();
        Ok(json!({ name: shown, "total": all.len() }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneOperation {
    operation: OperationId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListOperations {
    #[serde(default)]
    campaign: Option<CampaignName>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    active: bool,
    #[serde(default = "entries")]
    limit: u32,
    #[serde(default)]
    offset: u64,
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
    offset: u64,
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
    let ListOperations { campaign, kind, status, active, limit, offset } = request(arguments)?;
    let part = Page { limit, offset }.part()?;
    let list = server.app.operations(&ListRequest { campaign, kind, status, active, part }).await?;
    let rows = shown(server, &list.operations);
    Ok(Answer::Said(json!({ "operations": rows, "total": list.total, "active": list.active })))
}

fn shown(server: &Server, rows: &[Operation]) -> Vec<Value> {
    rows.iter().map(|row| view::operation(row, server.access)).collect()
}

pub(super) async fn get_operation(server: &Server, arguments: JsonObject) -> Asked {
    let OneOperation { operation } = request(arguments)?;
    operation_answer(server, &operation).await.map(Answer::Said)
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
    let page: Page = request(arguments)?;
    let list = server.app.campaigns(page.part()?).await?;
    let campaigns: Vec<Value> =
        list.campaigns.iter().map(|listed| view::campaign(&listed.campaign)).collect();
    Ok(Answer::Said(json!({ "campaigns": campaigns, "total": list.total })))
}

pub(super) async fn get_campaign(server: &Server, arguments: JsonObject) -> Asked {
    let OneCampaign { campaign, limit, offset } = request(arguments)?;
    let detail = server.app.campaign(&campaign, Page { limit, offset }.part()?).await?;
    let cycles = shown(server, &detail.cycles);
    Ok(Answer::Said(
        json!({ "campaign": view::campaign(&detail.campaign), "cycles": cycles, "total": detail.total }),
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
    let OneOperation { operation } = request(arguments)?;
    report_answer(server, &operation).await.map(Answer::Said)
}

pub(crate) async fn report_answer(server: &Server, id: &OperationId) -> Result<Value, AppError> {
    let stored = server.app.report(id).await?;
    Ok(view::result(&json_of(&stored.summary), server.access))
}

pub(super) async fn list_lessons(server: &Server, arguments: JsonObject) -> Asked {
    let OfCampaign { campaign, limit, offset } = request(arguments)?;
    let page = Page { limit, offset };
    let lessons = server.app.lessons(campaign.as_ref(), u32::MAX).await?;
    page.of("lessons", &lessons, view::lesson).map(Answer::Said)
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
    let trials = server.app.trials(campaign.as_ref()).await?;
    let page = Page { limit, offset };
    page.of("trials", &trials, |trial| view::trial(trial, server.access)).map(Answer::Said)
}
