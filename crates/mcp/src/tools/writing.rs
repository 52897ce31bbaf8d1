//! Tools that start and stop work. Nothing here can name a window: research takes its own, and the vault is opened by people.

use ktrdr_app::campaign::CampaignRequest;
use ktrdr_app::cancel::CancelRequest;
use ktrdr_app::cycle::TriggerRequest;
use ktrdr_app::training::{StrategyChoice, TrainingRequest};
use ktrdr_app::{AppError, ErrorKind, IdempotencyKey};
use ktrdr_domain::OperationId;
use ktrdr_domain::evolution::Mix;
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::{Symbol, Timeframe};
use rmcp::model::JsonObject;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, BY, bounded, request};
use crate::limits::{CYCLES_MAX, STRATEGY_BYTES_MAX, WORDS_MAX};
use crate::server::Server;
use crate::view::json_of;

/// What is left out is as configured.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TriggerCycle {
    symbol: Symbol,
    timeframe: Timeframe,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<ProviderName>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    batch: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    masked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    brief: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<StrategyChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartCampaign {
    symbol: Symbol,
    timeframe: Timeframe,
    cycles: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<ProviderName>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    batch: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    masked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mix: Option<Mix>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brief: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TrainStrategy {
    strategy: StrategyChoice,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelOperation {
    #[serde(alias = "operation")]
    id: OperationId,
    #[serde(default)]
    reason: String,
}

type Asked = Result<Answer, AppError>;

pub(super) async fn trigger_cycle(server: &Server, arguments: JsonObject) -> Asked {
    let wanted: TriggerCycle = request(arguments)?;
    check_brief(wanted.brief.as_deref())?;
    wanted.strategy.as_ref().map_or(Ok(()), check_text)?;
    let wanted: TriggerRequest = as_request(&wanted)?;
    let cycle = server.app.trigger_cycle(&wanted).await?;
    Ok(Answer::Started(cycle.operation.clone(), json_of(&cycle)))
}

pub(super) async fn start_campaign(server: &Server, arguments: JsonObject) -> Asked {
    let wanted: StartCampaign = request(arguments)?;
    check_campaign(&wanted)?;
    let wanted: CampaignRequest = as_request(&wanted)?;
    Ok(Answer::Said(json_of(&server.app.start_campaign(&wanted).await?)))
}

/// Whether a model may start as much.
pub(super) fn check_campaign(wanted: &StartCampaign) -> Result<(), AppError> {
    if !(1..=CYCLES_MAX).contains(&wanted.cycles) {
        let message = format!("{} cycles: a model starts 1 to {CYCLES_MAX} at once", wanted.cycles);
        return Err(AppError::new(ErrorKind::InvalidRequest, message));
    }
    check_brief(wanted.brief.as_deref())
}

pub(super) async fn train_strategy(server: &Server, arguments: JsonObject) -> Asked {
    let wanted: TrainStrategy = request(arguments)?;
    check_text(&wanted.strategy)?;
    let wanted: TrainingRequest = as_request(&wanted)?;
    let job = server.app.submit_training(&wanted).await?;
    Ok(Answer::Started(job.operation.clone(), json_of(&job)))
}

pub(super) async fn cancel_operation(server: &Server, arguments: JsonObject) -> Asked {
    let CancelOperation { id, reason } = request(arguments)?;
    if reason.len() > WORDS_MAX {
        bounded("reason", &reason, WORDS_MAX)?;
    }
    let wanted = CancelRequest { operation: id, reason, by: BY.to_owned() };
    Ok(Answer::Said(json_of(&server.app.cancel(&wanted).await?)))
}

/// The application floor's request of these arguments: what they do not name is filled in there.
pub(super) fn as_request<T: for<'de> Deserialize<'de>>(arguments: &impl Serialize) -> Result<T, AppError> {
    match json!(arguments) {
        Value::Object(object) => request(object),
        _ => Err(AppError::new(ErrorKind::InvalidRequest, "the arguments are no object")),
    }
}

fn check_brief(brief: Option<&str>) -> Result<(), AppError> {
    brief.map_or(Ok(()), |brief| bounded("brief", brief, WORDS_MAX).map(|_| ()))
}

fn check_text(choice: &StrategyChoice) -> Result<(), AppError> {
    match choice {
        StrategyChoice::Name(_) => Ok(()),
        StrategyChoice::Yaml(text) => bounded("strategy", text, STRATEGY_BYTES_MAX).map(|_| ()),
    }
}
