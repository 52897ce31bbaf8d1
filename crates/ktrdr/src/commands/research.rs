//! `ktrdr research …`: cycles are operations like any other; their ends speak for themselves.

use std::collections::BTreeSet;
use std::process::ExitCode;

use ktrdr_agent::Providers;
use ktrdr_domain::gate::GateProfile;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::number::Figure;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Operation, Status};
use ktrdr_fabric::store::Pace;
use ktrdr_research::campaign::plan;
use serde::Deserialize;

use super::start::{self, Started, Work, answer};
use super::{Context, campaign};
use crate::cli::research::{GateName, ResearchArguments, ResearchRun, ResearchVerb};
use crate::describe::brief;
use crate::device;
use crate::exit::{CliError, Kind, OrExit};
use crate::funnel::Funnel;
use crate::market;
use crate::screen::{Screen, table};
use crate::workspace::{Workspace, nonce, now};

/// Longest reason in the table of cycles.
const WHY_CHARACTERS: usize = 100;

pub(crate) fn run(context: &Context<'_>, arguments: &ResearchArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            ResearchVerb::Run(wanted) => {
                let campaign = wanted.campaign.clone().map_or_else(fresh_campaign, Ok)?;
                let wanted = ResearchRun { campaign: Some(campaign.clone()), ..wanted.clone() };
                let started = begin(context, &wanted).await?;
                if matches!(started, Started::Submitted(_)) {
                    context.screen.note(format!("follow it: ktrdr campaign show {campaign}"));
                }
                campaign_answer(context, started)
            }
            ResearchVerb::Status { name, campaign: option, part } => {
                let workspace = context.open_beside().await?;
                match name.as_ref().or(option.as_ref()) {
                    Some(name) => campaign::show(context, &workspace, name, *part).await,
                    None => campaign::list(context, &workspace, *part).await,
                }
            }
        }
    })
}

/// Starts the campaign that the arguments describe.
pub(crate) async fn begin(context: &Context<'_>, wanted: &ResearchRun) -> Result<Started, CliError> {
    let prepare = async |workspace: &Workspace| prepare(workspace, wanted).await;
    start::start(context, wanted.start, prepare).await
}

/// The campaign's roots, ready to be submitted.
pub(crate) async fn prepare(workspace: &Workspace, wanted: &ResearchRun) -> Result<Work, CliError> {
    device::admit(workspace, wanted.device, wanted.start).await?;
    let agent = wanted.agent.clone().unwrap_or_else(|| workspace.settings.research.agent.clone());
    Providers::default().get(&agent).or_exit(Kind::NotFound)?;
    let data = market::pin(workspace, std::slice::from_ref(&wanted.symbol), &[wanted.timeframe]).await?;
    let windows = workspace.settings.windows.split(data[0].span).or_exit(Kind::InvalidInput)?;
    let mut gates = workspace.settings.gates;
    match wanted.gates {
        Some(GateName::Honest) => gates.profile = GateProfile::Honest,
        Some(GateName::Parity) => gates.profile = GateProfile::Parity,
        None => {}
    }
    let campaign = wanted.campaign.clone().map_or_else(fresh_campaign, Ok)?;
    let generation = wanted.generation.unwrap_or(workspace.settings.research.generation);
    let template = ResearchSpec {
        campaign: campaign.clone(),
        index: next_index(workspace, &campaign, generation).await?,
        symbol: wanted.symbol.clone(),
        timeframe: wanted.timeframe,
        data,
        windows,
        account: market::account(workspace.settings.account, &wanted.account)?,
        gates,
        agent,
        brief: wanted.brief.clone(),
        device: wanted.device,
        generation,
        campaign_seed: wanted.seed,
        seed: wanted.seed,
        tries_max: workspace.settings.fleet.tries_max,
        resumes: None,
    };
    let in_flight = wanted.in_flight.unwrap_or(workspace.settings.research.in_flight);
    let roots = plan(&campaign, wanted.cycles, &template, now(), nonce()).or_exit(Kind::InvalidInput)?;
    Ok(Work::Campaign(roots, Pace { in_flight, generation }))
}

/// Where a campaign's next cycles are counted from: a new generation, behind all that were submitted under its name.
async fn next_index(
    workspace: &Workspace,
    campaign: &CampaignName,
    generation: u32,
) -> Result<u32, CliError> {
    let known = workspace.campaigns.campaign(campaign).await?;
    let cycles = known.map_or(0, |campaign| u32::try_from(campaign.cycles).unwrap_or(u32::MAX));
    cycles.checked_next_multiple_of(generation).ok_or_else(|| {
        CliError::new(Kind::Conflict, format!("{campaign} has {cycles} cycles: start another campaign"))
    })
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

fn show(context: &Context<'_>, cycles: &[Operation]) -> Result<(), CliError> {
    context.screen.list("cycles", cycles, |screen| print(screen, cycles))
}

/// Each cycle with what became of it, then the funnel.
pub(crate) fn print(screen: &Screen, cycles: &[Operation]) {
    screen.line(cycle_table(cycles, 0));
    screen.line(Funnel::of_cycles(cycles).line());
    for campaign in campaigns(cycles) {
        screen.line(format!("campaign {campaign}"));
    }
}

/// Cycles with what became of each, numbered in their campaign: so many were before them.
pub(crate) fn cycle_table(cycles: &[Operation], before: u64) -> String {
    let rows: Vec<Vec<String>> =
        (before + 1..).zip(cycles).map(|(number, cycle)| row(number, cycle)).collect();
    table(&["#", "STRATEGY", "OUTCOME", "WHY"], &rows)
}

fn campaigns(cycles: &[Operation]) -> BTreeSet<CampaignName> {
    cycles.iter().filter_map(|c| Some(ResearchSpec::deserialize(&c.spec).ok()?.campaign)).collect()
}

fn row(number: u64, cycle: &Operation) -> Vec<String> {
    let of_result = |key: &str| cycle.result.as_ref()?.get(key)?.as_str().map(str::to_owned);
    let error = cycle.error.as_deref().unwrap_or_default();
    let (outcome, why) = match (cycle.status, error.split_once(" gate failed: ")) {
        (Status::Completed, _) => (of_result("verdict").unwrap_or_else(|| "survived".into()), exam(cycle)),
        (Status::Failed, Some((gate, figures))) => {
            (format!("{} gate", gate.to_lowercase()), figures.to_owned())
        }
        (Status::Running, _) => (cycle.phase.clone().unwrap_or_default(), String::new()),
        (other, _) => (other.to_string(), error.to_owned()),
    };
    let strategy = of_result("strategy").unwrap_or_else(|| "–".into());
    vec![number.to_string(), strategy, outcome, brief(&why, WHY_CHARACTERS)]
}

/// What a survivor did on its exam.
fn exam(cycle: &Operation) -> String {
    let figure = |pointer: &str| cycle.result.as_ref()?.pointer(pointer)?.as_f64();
    let net = figure("/metrics/total_return_pct").map(|x| format!("net {:.1} %", Figure(x * 100.0)));
    let sharpe = figure("/metrics/sharpe_ratio").map(|x| format!("Sharpe {:.2}", Figure(x)));
    let deflated = figure("/evidence/deflated_sharpe").map(|x| format!("deflated {x:.3}"));
    [net, sharpe, deflated].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
