//! `ktrdr research …`: cycles are operations like any other; their ends speak for themselves.

use std::process::ExitCode;

use ktrdr_app::campaign::{CampaignDetail, CampaignRequest};
use ktrdr_app::plan::PlanRequest;
use ktrdr_app::{UseCases, verdicts};
use ktrdr_domain::closing::Closing;
use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::number::Figure;
use ktrdr_domain::refusal::Refusal;
use ktrdr_domain::{FailureReason, Operation, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::start::{self, Started, answer};
use super::{Context, campaign, plan};
use crate::cli::StartArguments;
use crate::cli::research::{ResearchArguments, ResearchVerb};
use crate::closing;
use crate::describe::{brief, counted};
use crate::exit::{CliError, Kind};
use crate::funnel::Funnel;
use crate::screen::{Screen, table};

/// Longest reason in the table of cycles.
const WHY_CHARACTERS: usize = 100;

pub(crate) fn run(context: &Context<'_>, arguments: &ResearchArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            ResearchVerb::Run(wanted) => {
                let (request, wish) = (CampaignRequest::from(&**wanted), PlanRequest::from(&wanted.options));
                let submit = async |app: &dyn UseCases| {
                    plan::warn(context, app, &wish).await;
                    app.start_campaign(&request).await
                };
                let started = start::start(context, wanted.start, request.device, submit).await?;
                if let Started::Submitted(handed) = &started
                    && let Some(name) = &handed.campaign
                {
                    context.screen.note(format!("follow it: ktrdr campaign show {name}"));
                }
                campaign_answer(context, started)
            }
            ResearchVerb::Status { name, campaign: option, part } => {
                let desk = context.desk().await?;
                let app = desk.app();
                match name.as_ref().or(option.as_ref()) {
                    Some(name) => campaign::show(context, app, name, *part).await,
                    None => campaign::list(context, app, *part).await,
                }
            }
        }
    })
}

/// A campaign that was waited for.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Closed<'a> {
    /// Its cycles, as they ended.
    cycles: &'a [Operation],
    /// What it came to when it closed.
    closings: &'a [Closing],
}

/// Starts a campaign.
pub(crate) async fn begin(
    context: &Context<'_>,
    request: &CampaignRequest,
    how: StartArguments,
) -> Result<Started, CliError> {
    let submit = async |app: &dyn UseCases| app.start_campaign(request).await;
    start::start(context, how, request.device, submit).await
}

/// A campaign whose cycles were stopped by gates did its work: that is exit 0. Only trouble is not.
pub(crate) fn campaign_answer(context: &Context<'_>, started: Started) -> Result<ExitCode, CliError> {
    let Started::Closed(campaign) = started else {
        return answer(context, started, |_, _| Ok(()));
    };
    let CampaignDetail { cycles, closings, .. } = &*campaign;
    context.screen.list_in(&Closed { cycles, closings }, cycles, |screen| print(screen, &campaign))?;
    let trouble = |c: &Operation| c.status == Status::Failed && c.reason != Some(FailureReason::Gate);
    Ok(if cycles.iter().any(trouble) {
        ExitCode::from(Kind::OperationFailed as u8)
    } else if cycles.iter().any(|c| c.status == Status::Cancelled) {
        ExitCode::from(Kind::Interrupted as u8)
    } else {
        ExitCode::SUCCESS
    })
}

/// Each cycle with what became of it, then the funnel, then what the campaign came to.
pub(crate) fn print(screen: &Screen, detail: &CampaignDetail) {
    let CampaignDetail { campaign, closings, cycles, .. } = detail;
    screen.line(cycle_table(cycles, Some(0)));
    screen.line(Funnel::of_cycles(cycles, verdicts::is_closed(campaign, closings)).line());
    closing::lines(campaign, closings).into_iter().for_each(|line| screen.line(line));
    screen.line(format!("campaign {}", campaign.name));
}

/// Cycles with what became of each, numbered in their campaign where it is known how many were before them.
pub(crate) fn cycle_table(cycles: &[Operation], before: Option<u64>) -> String {
    let number = |i: u64| before.map_or_else(|| "–".to_owned(), |before| (before + i).to_string());
    let rows: Vec<Vec<String>> = (1..).zip(cycles).map(|(i, cycle)| row(number(i), cycle)).collect();
    table(&["#", "STRATEGY", "OUTCOME", "WHY"], &rows)
}

fn row(number: String, cycle: &Operation) -> Vec<String> {
    let of_result = |key: &str| cycle.result.as_ref()?.get(key)?.as_str().map(str::to_owned);
    let error = cycle.error.as_deref().unwrap_or_default();
    let (outcome, why) = match (cycle.status, Refusal::read(error)) {
        _ if final_gate(cycle) == Some(GateVerdict::Passed) => ("accepted".into(), exam(cycle)),
        (Status::Completed, _) => survivor(cycle, of_result("verdict")),
        (Status::Failed, Some(Refusal { gate, code, figures })) => {
            let finally = final_gate(cycle).map(|verdict| format!("{verdict} at the close"));
            (
                format!("{} gate", gate.to_lowercase()),
                finally.unwrap_or_else(|| format!("{code} ({figures})")),
            )
        }
        (Status::Running, _) => {
            (cycle.phase.map_or_else(String::new, |phase| phase.to_string()), String::new())
        }
        (other, _) => (other.to_string(), error.to_owned()),
    };
    let strategy = of_result("strategy").unwrap_or_else(|| "–".into());
    vec![number, strategy, outcome, brief(&why, WHY_CHARACTERS)]
}

/// How the exam of a cycle was judged when the campaign closed.
fn final_gate(cycle: &Operation) -> Option<GateVerdict> {
    GateVerdict::deserialize(cycle.result.as_ref()?.get("final")?).ok()
}

/// A cycle that passed both gates, as it stands now.
fn survivor(cycle: &Operation, verdict: Option<String>) -> (String, String) {
    if let Some(lost @ GateVerdict::Failed { .. }) = final_gate(cycle) {
        return ("lost at the close".into(), format!("{lost} · {}", exam(cycle)));
    }
    let is_parity = cycle.spec.pointer("/gates/profile").and_then(Value::as_str) == Some("parity");
    let verdict = verdict.unwrap_or_else(|| "survived".into());
    (if is_parity { verdict } else { format!("{verdict}, provisional") }, exam(cycle))
}

/// What a survivor did on its exam, with what it rests on: the chance of it, the looks, how much of it is the market.
fn exam(cycle: &Operation) -> String {
    let figure = |pointer: &str| cycle.result.as_ref()?.pointer(pointer)?.as_f64();
    let net = figure("/metrics/total_return_pct").map(|x| format!("net {:.1} %", Figure(x * 100.0)));
    let sharpe = figure("/metrics/sharpe_ratio").map(|x| format!("Sharpe {:.2}", Figure(x)));
    let latest = |name: &str| figure(&format!("/final/{name}")).or(figure(&format!("/evidence/{name}")));
    let deflated = latest("deflated_sharpe").map(|x| format!("deflated {x:.3}"));
    let trials = latest("trials").map(|n| format!("N {n:.0}"));
    let nulls = ["/evidence/random_entries/p", "/evidence/shifted_weeks/p"].map(figure);
    let p = nulls.into_iter().flatten().reduce(f64::max).map(|p| format!("p {p:.3}"));
    let looks = figure("/evidence/trials").map(|n| format!("look {n:.0}"));
    let vault = figure("/evidence/vault_openings").filter(|n| *n > 0.0);
    let vault = vault.map(|n| format!("vault opened {}", counted(n as u64, "time")));
    let beta = figure("/evidence/active/beta").map(|x| format!("β {:.2}", Figure(x)));
    let long = figure("/evidence/active/long_share").map(|x| format!("long {:.0} %", x * 100.0));
    [net, sharpe, deflated, trials, p, looks, vault, beta, long]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}
