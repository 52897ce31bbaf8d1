//! `ktrdr operations cancel`: one operation, or a group of them in batches. An interrupted group is gone on with by saying it
//! again; of a whole campaign by the next sweep.

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::cancel::{
    CancelAnswer, CancelOutcome, CancelPlan, CancelRequest, GroupCancelAnswer, GroupCancelRequest,
};
use ktrdr_domain::{Kind as OperationKind, OperationId};

use crate::cli::operations::{CancelArguments, CancelGroup};
use crate::commands::Context;
use crate::confirm::confirm;
use crate::describe::{counted, thousands};
use crate::exit::{CliError, Kind};

pub(super) async fn run(
    context: &Context<'_>,
    app: &dyn UseCases,
    wanted: &CancelArguments,
) -> Result<ExitCode, CliError> {
    match &wanted.id {
        Some(id) => one(context, app, id, &wanted.reason).await,
        None => group(context, app, &wanted.group, &wanted.reason, wanted.yes).await,
    }
}

async fn one(
    context: &Context<'_>,
    app: &dyn UseCases,
    id: &OperationId,
    reason: &str,
) -> Result<ExitCode, CliError> {
    tell(context, &app.cancel(&CancelRequest::of(id.clone(), reason)).await?)
}

/// What became of a request to stop; too late is a conflict.
pub(crate) fn tell(context: &Context<'_>, answer: &CancelAnswer) -> Result<ExitCode, CliError> {
    let id = &answer.operation;
    let text = match answer.answer {
        CancelOutcome::Cancelled => format!("{id} was pending and is cancelled"),
        CancelOutcome::Requested => {
            format!("{id} was asked to stop; watch it with `ktrdr operations watch {id}`")
        }
        CancelOutcome::TooLate => {
            let status = answer.status.map(|status| format!(" ({status})")).unwrap_or_default();
            format!("{id} had ended before{status}")
        }
    };
    context.screen.answer(answer, |screen| screen.line(text))?;
    let is_late = answer.answer == CancelOutcome::TooLate;
    if is_late {
        context.record.came_to("too late: it had ended before");
    }
    Ok(if is_late { ExitCode::from(Kind::Conflict as u8) } else { ExitCode::SUCCESS })
}

/// Everything that matches and has not ended, once somebody has said that it shall be done.
pub(crate) async fn group(
    context: &Context<'_>,
    app: &dyn UseCases,
    wanted: &CancelGroup,
    reason: &str,
    yes: bool,
) -> Result<ExitCode, CliError> {
    let request = wanted.request(reason);
    let plan = app.plan_cancel(&request).await?;
    if plan.matched > 0 {
        confirm(context.screen, &question(&request, &plan), yes)?;
    }
    let answer = app.cancel_group(&request, plan).await?;
    context.record.came_to(outcome(answer));
    context.screen.answer(&answer, |screen| screen.line(outcome(answer)))?;
    Ok(ExitCode::SUCCESS)
}

fn outcome(answer: GroupCancelAnswer) -> String {
    let GroupCancelAnswer { matched, cancelled, asked } = answer;
    if matched == 0 {
        return "nothing to cancel: all of them have ended".into();
    }
    let before = matched.saturating_sub(cancelled + asked);
    let mut said = format!(
        "cancelled while waiting: {} · running, asked to stop: {}",
        thousands(cancelled),
        thousands(asked)
    );
    if before > 0 {
        said += &format!(" · ended or asked before: {}", thousands(before));
    }
    said
}

fn question(request: &GroupCancelRequest, plan: &CancelPlan) -> String {
    let what = match plan.kind {
        Some(OperationKind::AgentResearch) => counted(plan.matched, "research cycle"),
        Some(kind) => format!("{} of type {kind}", counted(plan.matched, "operation")),
        None => counted(plan.matched, "operation"),
    };
    let of = request.campaign.as_ref().map(|name| format!(" of campaign {name}")).unwrap_or_default();
    let that = match (request.status, plan.matched) {
        (Some(status), 1) => format!(" that is {status}"),
        (Some(status), _) => format!(" that are {status}"),
        (None, _) => String::new(),
    };
    format!("this cancels {what}{of}{that}")
}
