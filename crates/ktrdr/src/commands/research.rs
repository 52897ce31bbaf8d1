//! `ktrdr research …`: cycles are operations like any other; their ends speak for themselves.

use std::process::ExitCode;

use ktrdr_domain::gate::GateProfile;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::research::{AgentChoice, ResearchSpec};
use ktrdr_domain::{Kind as OperationKind, Operation, Status};
use ktrdr_fabric::store::Filter;
use ktrdr_research::campaign;
use serde::Deserialize;

use super::Context;
use super::start::{self, Started, Work, answer};
use crate::cli::research::{GateName, ResearchArguments, ResearchRun, ResearchVerb};
use crate::describe::brief;
use crate::exit::{CliError, Kind, OrExit};
use crate::market;
use crate::screen::{Screen, table};
use crate::workspace::{Workspace, nonce, now};

/// Longest reason in the table of cycles.
const WHY_CHARACTERS: usize = 100;

/// Cycles looked through by `research status`.
const CYCLES_MAX: u32 = 1000;

pub(crate) fn run(context: &Context<'_>, arguments: &ResearchArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            ResearchVerb::Run(wanted) => {
                let started = begin(context, wanted).await?;
                campaign_answer(context, started)
            }
            ResearchVerb::Status { campaign } => {
                let cycles = cycles_of(&context.open_beside()?, campaign.as_ref()).await?;
                show(context, &cycles)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

/// Starts the campaign that the arguments describe.
pub(crate) async fn begin(context: &Context<'_>, wanted: &ResearchRun) -> Result<Started, CliError> {
    let prepare = async |workspace: &Workspace| prepare(workspace, wanted).await;
    start::start(context, wanted.start, prepare).await
}

async fn prepare(workspace: &Workspace, wanted: &ResearchRun) -> Result<Work, CliError> {
    let data = market::pin(workspace, std::slice::from_ref(&wanted.symbol), &[wanted.timeframe]).await?;
    let windows = workspace.settings.windows.split(data[0].span).or_exit(Kind::InvalidInput)?;
    let mut gates = workspace.settings.gates;
    match wanted.gates {
        Some(GateName::Honest) => gates.profile = GateProfile::Honest,
        Some(GateName::Parity) => gates.profile = GateProfile::Parity,
        None => {}
    }
    let campaign = wanted.campaign.clone().map_or_else(fresh_campaign, Ok)?;
    let template = ResearchSpec {
        campaign: campaign.clone(),
        index: 0,
        symbol: wanted.symbol.clone(),
        timeframe: wanted.timeframe,
        data,
        windows,
        account: market::account(workspace.settings.account, &wanted.account)?,
        gates,
        agent: AgentChoice::Local,
        brief: wanted.brief.clone(),
        seed: wanted.seed,
    };
    let in_flight = wanted.in_flight.unwrap_or(workspace.settings.research.in_flight);
    let roots =
        campaign::plan(&campaign, wanted.cycles, &template, now(), nonce()).or_exit(Kind::InvalidInput)?;
    Ok(Work::Campaign(roots, in_flight))
}

fn fresh_campaign() -> Result<CampaignName, CliError> {
    let when = now().to_string().to_ascii_lowercase().replace([':', '-'], "");
    format!("c-{when}-{:04x}", nonce() & 0xffff).parse().or_exit(Kind::Usage)
}

/// A campaign whose cycles were stopped by gates did its work: that is exit 0. Only trouble is not.
fn campaign_answer(context: &Context<'_>, started: Started) -> Result<ExitCode, CliError> {
    let Started::Ended(cycles) = started else {
        return answer(context, started, |_, _| Ok(()));
    };
    show(context, &cycles)?;
    let trouble = |c: &Operation| c.status == Status::Failed && c.reason.as_deref() != Some("gate");
    Ok(if cycles.iter().any(trouble) {
        ExitCode::from(Kind::OperationFailed as u8)
    } else if cycles.iter().any(|c| c.status == Status::Cancelled) {
        ExitCode::from(Kind::Interrupted as u8)
    } else {
        ExitCode::SUCCESS
    })
}

async fn cycles_of(
    workspace: &Workspace,
    campaign: Option<&CampaignName>,
) -> Result<Vec<Operation>, CliError> {
    let filter = Filter { kind: Some(OperationKind::AgentResearch), limit: CYCLES_MAX, ..Filter::default() };
    let mut cycles = workspace.store.list(&filter).await?.operations;
    cycles.retain(|c| {
        let spec = ResearchSpec::deserialize(&c.spec);
        campaign.is_none_or(|wanted| spec.is_ok_and(|s| s.campaign == *wanted))
    });
    cycles.reverse();
    Ok(cycles)
}

fn show(context: &Context<'_>, cycles: &[Operation]) -> Result<(), CliError> {
    context.screen.list("cycles", cycles, |screen| print(screen, cycles))
}

/// The funnel, then each cycle with what became of it.
pub(crate) fn print(screen: &Screen, cycles: &[Operation]) {
    let rows: Vec<Vec<String>> = cycles.iter().enumerate().map(|(i, c)| row(i, c)).collect();
    screen.line(table(&["#", "STRATEGY", "OUTCOME", "WHY"], &rows));
    let count = |f: &dyn Fn(&Operation) -> bool| cycles.iter().filter(|c| f(c)).count();
    let at = |c: &Operation, gate: &str| c.error.as_deref().is_some_and(|e| e.starts_with(gate));
    let training = count(&|c| at(c, "Training gate"));
    let backtest = count(&|c| at(c, "Backtest gate"));
    let survived = count(&|c| c.status == Status::Completed);
    screen.line(format!(
        "{} cycles: {training} stopped at the training gate, {backtest} at the backtest gate, {survived} survived",
        cycles.len()
    ));
}

fn row(index: usize, cycle: &Operation) -> Vec<String> {
    let of_result = |key: &str| cycle.result.as_ref()?.get(key)?.as_str().map(str::to_owned);
    let outcome = match cycle.status {
        Status::Completed => format!("survived · {}", of_result("verdict").unwrap_or_default()),
        Status::Failed if cycle.reason.as_deref() == Some("gate") => "stopped".into(),
        Status::Running => cycle.phase.clone().unwrap_or_default(),
        other => other.to_string(),
    };
    let why = brief(cycle.error.as_deref().unwrap_or_default(), WHY_CHARACTERS);
    vec![(index + 1).to_string(), of_result("strategy").unwrap_or_else(|| "–".into()), outcome, why]
}
