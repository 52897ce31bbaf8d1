//! `ktrdr agent …`: one research cycle at a time, and the budget.

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::cancel::{CancelOneRequest, CancelOutcome, OPERATOR};
use ktrdr_app::cycle::{TriggerRequest, TriggeredCycle};
use ktrdr_app::cycle_status::{Activity, CycleStatus, CycleView};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{OperationId, Status};
use schemars::JsonSchema;
use serde::Serialize;

use super::start::{self, Started};
use super::strategies::choice;
use super::{Context, approvals, budget, research};
use crate::cli::agent::{AgentArguments, AgentVerb, TriggerArguments};
use crate::describe::{self, brief, counted};
use crate::exit::CliError;
use crate::screen::{Screen, table};

/// Longest reason in a line.
const WHY_CHARACTERS: usize = 100;

pub(crate) fn run(context: &Context<'_>, arguments: &AgentArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            AgentVerb::Trigger(wanted) => trigger(context, wanted).await,
            AgentVerb::Status { id } => {
                let desk = context.desk().await?;
                let app = desk.app();
                match id {
                    Some(id) => one(context, app, id).await,
                    None => status(context, app).await,
                }
            }
            AgentVerb::Cancel { id, reason } => {
                let desk = context.desk().await?;
                let app = desk.app();
                cancel(context, app, id.clone(), reason.clone()).await
            }
            AgentVerb::Approvals(wanted) => approvals::run(context, &wanted.verb).await,
            AgentVerb::Budget(wanted) => budget::show(context, &wanted.into()).await,
        }
    })
}

impl TryFrom<&TriggerArguments> for TriggerRequest {
    type Error = CliError;
    fn try_from(typed: &TriggerArguments) -> Result<Self, CliError> {
        Ok(Self {
            symbol: typed.symbol.clone(),
            timeframe: typed.timeframe,
            agent: typed.provider()?,
            batch: typed.batch,
            brief: typed.brief.clone(),
            masked: typed.masked,
            strategy: typed.strategy.as_deref().map(choice).transpose()?,
            gates: typed.gates.map(Into::into),
            seed: typed.seed,
            device: typed.device,
            account: (&typed.account).into(),
            budget: typed.budget,
            idempotency_key: typed.key.idempotency_key.clone(),
        })
    }
}

async fn trigger(context: &Context<'_>, typed: &TriggerArguments) -> Result<ExitCode, CliError> {
    let request = TriggerRequest::try_from(typed)?;
    let mut triggered = None;
    let submit = async |app: &dyn UseCases| {
        let cycle = app.trigger_cycle(&request).await?;
        context.screen.line(format!("Research cycle started! Operation ID: {}", cycle.operation));
        triggered = Some(cycle.clone());
        Ok(cycle)
    };
    let started = start::start(context, typed.start(), typed.device, submit).await?;
    match (started, triggered) {
        (Started::Submitted(_), Some(cycle)) => {
            context.screen.answer(&Triggered::from(&cycle), |screen| {
                screen.note(format!("follow it: ktrdr operations watch {}", cycle.operation));
            })?;
            Ok(ExitCode::SUCCESS)
        }
        (started, _) => research::campaign_answer(context, started),
    }
}

/// A cycle that was handed over.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Triggered<'a> {
    /// Whether it was just now, and not by an earlier request with the same key.
    triggered: bool,
    /// The cycle.
    operation: &'a OperationId,
    /// The campaign that it belongs to.
    campaign: &'a CampaignName,
}

impl<'a> From<&'a TriggeredCycle> for Triggered<'a> {
    fn from(cycle: &'a TriggeredCycle) -> Self {
        Self { triggered: cycle.created, operation: &cycle.operation, campaign: &cycle.campaign }
    }
}

async fn status(context: &Context<'_>, app: &dyn UseCases) -> Result<ExitCode, CliError> {
    let status = app.cycle_status().await?;
    context.screen.answer(&status, |screen| print(screen, &status))?;
    Ok(ExitCode::SUCCESS)
}

async fn one(context: &Context<'_>, app: &dyn UseCases, id: &OperationId) -> Result<ExitCode, CliError> {
    let cycle = app.cycle(id).await?;
    context.screen.answer(&cycle, |screen| {
        screen.line(table(HEAD, &[row(&cycle)]));
        cycle.error.iter().for_each(|error| screen.line(format!("    {}", brief(error, WHY_CHARACTERS))));
    })?;
    Ok(ExitCode::SUCCESS)
}

const HEAD: &[&str] = &["ID", "DATA", "PHASE", "STRATEGY", "SINCE", "NOW"];

fn print(screen: &Screen, status: &CycleStatus) {
    match (status.status, &status.last) {
        (Activity::Active, _) => {
            screen.line(table(HEAD, &status.cycles.iter().map(row).collect::<Vec<_>>()));
        }
        (Activity::Idle, None) => screen.line("idle; start a cycle with `ktrdr agent trigger`"),
        (Activity::Idle, Some(last)) => {
            let how = last.error.as_deref().map_or_else(|| last.status.to_string(), str::to_owned);
            let how = brief(&how, WHY_CHARACTERS);
            screen.line(format!("idle; the last cycle was {}: {how}", last.operation));
        }
    }
    let places = status.workers.iter().map(|(kind, p)| format!("{kind} {}/{}", p.busy, p.total));
    screen.line(format!("workers busy: {}", places.collect::<Vec<_>>().join(" · ")));
    if let Some(deadline) = status.approvals.deadline {
        let waiting = counted(status.approvals.waiting, "hypothesis");
        screen.line(format!("a person's word is waited for: {waiting}, the first until {deadline} (`ktrdr agent approvals list`)"));
    }
    let capacity = status.capacity;
    let may = counted(u64::from(capacity.limit), "triggered cycle");
    let each = capacity.per_instrument;
    screen.line(format!("capacity: {} of {may}, {each} on an instrument", capacity.active));
}

fn row(cycle: &CycleView) -> Vec<String> {
    let dash = |text: Option<String>| text.unwrap_or_else(|| "–".into());
    let data = cycle.symbol.as_ref().zip(cycle.timeframe).map(|(symbol, bars)| format!("{symbol} {bars}"));
    let phase = match (cycle.status, cycle.is_cancelling) {
        (Status::Running, false) => dash(cycle.phase.map(|phase| phase.to_string())),
        (Status::Running, true) => "cancelling".into(),
        (ended, _) => ended.to_string(),
    };
    let progress = cycle.progress.as_ref().map(|p| format!("{:.0}% {}", p.percentage, p.step));
    let now = cycle.waits_for.as_ref().map(|what| format!("waits for {what}")).or(progress);
    vec![
        cycle.operation.to_string(),
        dash(data),
        phase,
        dash(cycle.strategy.as_ref().map(ToString::to_string)),
        dash(cycle.duration_ms.map(describe::duration)),
        brief(&dash(now), WHY_CHARACTERS),
    ]
}

async fn cancel(
    context: &Context<'_>,
    app: &dyn UseCases,
    operation: Option<OperationId>,
    reason: String,
) -> Result<ExitCode, CliError> {
    let request = CancelOneRequest { operation, reason, by: OPERATOR.to_owned() };
    let answer = app.cancel_cycle(&request).await?;
    let id = &answer.operation;
    let text = match (answer.answer, &answer.child) {
        (CancelOutcome::Cancelled, _) => format!("{id} was pending and is cancelled"),
        (_, Some(child)) => format!("{id} was asked to stop, and {child} with it"),
        (_, None) => format!("{id} was asked to stop"),
    };
    context.screen.answer(&answer, |screen| screen.line(text))?;
    Ok(ExitCode::SUCCESS)
}
