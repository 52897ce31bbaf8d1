//! `ktrdr campaign …`: what the store counts of campaigns, and the cycles themselves.

use std::process::ExitCode;

use ktrdr_app::budget::CampaignCosts;
use ktrdr_app::campaign::{CampaignDetail, ListedCampaign};
use ktrdr_app::{UseCases, verdicts};
use ktrdr_domain::closing::Closing;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::report::AssessmentReport;
use ktrdr_domain::{Operation, Status};
use ktrdr_fabric::campaign::Campaign;
use schemars::JsonSchema;
use serde::Serialize;

use super::operations::cancelling;
use super::{Context, budget, plan, research};
use crate::assessment;
use crate::cli::campaign::{CampaignArguments, CampaignVerb, PartArguments};
use crate::cli::operations::CancelGroup;
use crate::closing;
use crate::describe;
use crate::exit::CliError;
use crate::funnel::Funnel;
use crate::part::Part;
use crate::screen::{Screen, table};

/// Assessments that are shown with a campaign: those of its latest cycles.
const ASSESSMENTS_MAX: usize = 3;

pub(crate) fn run(context: &Context<'_>, arguments: &CampaignArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let desk = context.desk().await?;
        let app = desk.app();
        match &arguments.verb {
            CampaignVerb::List(part) => list(context, app, *part).await,
            CampaignVerb::Show { name, part } => show(context, app, name, *part).await,
            CampaignVerb::Plan(wanted) => plan::show(context, app, &wanted.into()).await,
            CampaignVerb::Cancel { name, reason, yes } => {
                let group = CancelGroup { campaign: Some(name.clone()), kind: None, status: None };
                cancelling::group(context, app, &group, reason, *yes).await
            }
        }
    })
}

/// Every campaign in one line each.
pub(crate) async fn list(
    context: &Context<'_>,
    app: &dyn UseCases,
    part: PartArguments,
) -> Result<ExitCode, CliError> {
    let page = app.campaigns(part.into()).await?;
    let part = Part { entries: &page.campaigns, next: page.next, total: page.total };
    part.answer(context.screen, &page, |screen| {
        if page.campaigns.is_empty() {
            screen.line("no campaigns yet: start one with `ktrdr research run`");
            return;
        }
        let row = |listed: &ListedCampaign| {
            let ListedCampaign { campaign, accepted } = listed;
            let begun = screen.at(campaign.begun_at_ms);
            [vec![campaign.name.to_string(), begun], Funnel::of(campaign, *accepted).cells()].concat()
        };
        let head = [
            "CAMPAIGN",
            "BEGUN",
            "CYCLES",
            "SURVIVED",
            "ACCEPTED",
            "AT GATES",
            "BRED",
            "REPETITIONS",
            "FAILED",
            "CANCELLED",
            "RUNNING",
            "WAITING",
        ];
        screen.line(table(&head, &page.campaigns.iter().map(row).collect::<Vec<_>>()));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// One campaign, a part of its cycles, and what it cost.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ShownCampaign<'a> {
    #[serde(flatten)]
    detail: &'a CampaignDetail,
    /// What it cost, and what came of it for that.
    costs: &'a CampaignCosts,
}

/// One campaign, and a part of its cycles.
pub(crate) async fn show(
    context: &Context<'_>,
    app: &dyn UseCases,
    name: &CampaignName,
    part: PartArguments,
) -> Result<ExitCode, CliError> {
    let detail = app.campaign(name, part.into()).await?;
    let costs = app.costs(&detail.campaign).await?;
    let words = match context.screen.is_text() {
        true => assessments(app, &detail.cycles).await,
        false => Vec::new(),
    };
    let (campaign, closings, cycles) = (&detail.campaign, &detail.closings, &detail.cycles);
    let shown = Part { entries: cycles, next: detail.next, total: detail.total };
    let document = ShownCampaign { detail: &detail, costs: &costs };
    shown.answer(context.screen, &document, |screen| {
        // Only of the latest it is known how many came before them.
        let before = campaign.cycles.saturating_sub(cycles.len() as u64);
        screen.line(research::cycle_table(cycles, part.after.is_none().then_some(before)));
        words.iter().for_each(|words| assessment::print(screen, words));
        summarise(screen, campaign, closings);
        budget::costs_line(&costs).into_iter().for_each(|line| screen.line(line));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What is said of the latest cycles that came so far as to be assessed.
async fn assessments(app: &dyn UseCases, cycles: &[Operation]) -> Vec<AssessmentReport> {
    let assessed = cycles.iter().rev().filter(|cycle| cycle.status == Status::Completed);
    let mut found = Vec::new();
    for cycle in assessed.take(ASSESSMENTS_MAX) {
        found.extend(assessment::of_cycle(app, &cycle.id).await);
    }
    found.reverse();
    found
}

fn summarise(screen: &Screen, campaign: &Campaign, closings: &[Closing]) {
    let funnel = Funnel::of(campaign, verdicts::accepted(campaign, closings));
    screen.line(funnel.line());
    funnel.reasons().into_iter().for_each(|reasons| screen.line(reasons));
    closing::lines(campaign, closings).into_iter().for_each(|line| screen.line(line));
    if campaign.forgotten > 0 {
        let forgotten = describe::thousands(campaign.forgotten);
        screen.line(format!("{forgotten} of them ended so long ago that their rows are no longer kept"));
    }
    screen.line(format!("campaign {}", campaign.name));
    if let Some(cancel) = &campaign.cancel {
        let how = if campaign.is_cancelling { "is being cancelled" } else { "was cancelled" };
        let at = screen.at(cancel.at_ms);
        screen.line(format!("it {how} by {} since {at} {}", cancel.by, cancel.reason));
    }
}
