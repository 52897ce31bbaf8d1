//! `ktrdr campaign plan`

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::plan::{CampaignPlan, PlanRequest};
use ktrdr_domain::number::Figure;

use super::{Context, budget};
use crate::describe::{counted, thousands};
use crate::exit::CliError;
use crate::screen::Screen;

/// Shows the plan; refuses when there is nothing to find.
pub(crate) async fn show(
    context: &Context<'_>,
    app: &dyn UseCases,
    request: &PlanRequest,
) -> Result<ExitCode, CliError> {
    let plan = app.plan_campaign(request).await?;
    plan.admit()?;
    context.screen.answer(&plan, |screen| print(screen, &plan))?;
    Ok(ExitCode::SUCCESS)
}

/// Says that there is nothing to find, to one who starts a campaign all the same.
pub(crate) async fn warn(context: &Context<'_>, app: &dyn UseCases, request: &PlanRequest) {
    // What keeps it from being planned keeps it from being started, which says so.
    if let Ok(plan) = app.plan_campaign(request).await
        && plan.verdict.is_some()
    {
        context.screen.note(format!("note: {plan}"));
    }
}

fn print(screen: &Screen, plan: &CampaignPlan) {
    let CampaignPlan { symbol, timeframe, cycles, agent, .. } = plan;
    screen
        .line(format!("{} of {symbol} {timeframe}, designed by {agent}", counted((*cycles).into(), "cycle")));
    screen.line(format!(
        "exam: {} ({:.1} years, {} days), looked at {} so far",
        plan.gate,
        Figure(plan.gate_years),
        thousands(plan.gate_days),
        counted(plan.looks_so_far, "time"),
    ));
    screen.line(looks(plan));
    let smallest = plan.smallest_sharpe;
    screen.line(format!(
        "smallest Sharpe ratio that could be confirmed, yearly and net: {:.2} at the next look, {:.2} at the end (an even \
         chance), {:.2} (four in five)",
        Figure(smallest.at_the_next_look),
        Figure(smallest.at_the_end),
        Figure(smallest.at_the_end_surely),
    ));
    if let Some(most) = plan.cycles_max.filter(|_| plan.verdict.is_none()) {
        let most = thousands(most);
        screen.line(format!(
            "a strategy with a true Sharpe ratio of {} would still be confirmed in one of two campaigns of {most} cycles",
            plan.plausible_sharpe
        ));
    }
    screen.line(money(plan));
    screen.line(match plan.machine_ms_expected {
        Some(ms) => format!("machine time: about {}", budget::time(ms)),
        None => "machine time: not known before the first cycles".to_owned(),
    });
    if let (Some(code), Some(reason)) = (&plan.verdict, &plan.anyway) {
        screen.line(format!("{code}, and worth it all the same: {reason}"));
    }
}

fn looks(plan: &CampaignPlan) -> String {
    let rate = plan.look_rate;
    let from = match rate.seen_here {
        _ if plan.agent.evolves() => "at most: one for each cycle of the last generation".to_owned(),
        true => format!("{} of {} cycles here looked", thousands(rate.looks), thousands(rate.cycles)),
        false => format!("one of {:.0} cycles, as measured on random walks", 1.0 / rate.rate),
    };
    format!("looks expected: {} ({from})", thousands(plan.looks_expected))
}

fn money(plan: &CampaignPlan) -> String {
    let expected = match plan.money_expected {
        Some(money) => format!("about {money}"),
        None => "not known before the first cycles".to_owned(),
    };
    match plan.money_max {
        Some(most) => format!("money: {expected}, at most {most} by its limits"),
        None => format!("money: {expected}"),
    }
}
