//! `ktrdr operations retry`: what has ended is submitted again; a research cycle that was cut short is resumed.

use std::process::ExitCode;

use ktrdr_app::retry::{GroupRetryRequest, RetryPlan, RetryRequest};
use ktrdr_app::{IdempotencyKey, UseCases};
use ktrdr_domain::OperationId;

use crate::cli::operations::RetryArguments;
use crate::commands::Context;
use crate::confirm::confirm;
use crate::describe::{counted, thousands};
use crate::exit::CliError;

pub(super) async fn run(
    context: &Context<'_>,
    app: &dyn UseCases,
    wanted: &RetryArguments,
) -> Result<ExitCode, CliError> {
    match &wanted.id {
        Some(id) => one(context, app, id, wanted.idempotency_key.as_ref()).await,
        None => group(context, app, &GroupRetryRequest::from(&wanted.group), wanted.yes).await,
    }
}

/// One operation, whatever became of it; of a job of a research cycle the cycle.
pub(crate) async fn one(
    context: &Context<'_>,
    app: &dyn UseCases,
    id: &OperationId,
    key: Option<&IdempotencyKey>,
) -> Result<ExitCode, CliError> {
    let request = RetryRequest { operation: id.clone(), idempotency_key: key.cloned() };
    let answer = app.retry(&request).await?;
    answer.resumes.iter().for_each(|cycle| context.screen.note(format!("it goes on with {cycle}")));
    context.screen.answer(&answer, |screen| screen.line(&answer.operation))?;
    Ok(ExitCode::SUCCESS)
}

async fn group(
    context: &Context<'_>,
    app: &dyn UseCases,
    request: &GroupRetryRequest,
    yes: bool,
) -> Result<ExitCode, CliError> {
    let plan = app.plan_retry(request).await?;
    for (why, count) in &plan.left_alone {
        context.screen.note(format!("{count} left alone: {why}"));
    }
    if plan.cancelled > 0 {
        let others = thousands(plan.cancelled);
        context.screen.note(format!("cancelled, and left alone: {others}; --status cancelled retries those"));
    }
    if !plan.is_empty() {
        confirm(context.screen, &question(&plan), yes)?;
    }
    let answer = app.retry_group(request, plan).await?;
    context.screen.answer(&answer, |screen| {
        answer.retried.iter().for_each(|id| screen.line(id));
        if answer.retried.is_empty() {
            screen.line("nothing to retry");
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn question(plan: &RetryPlan) -> String {
    let resumes = |n| format!("resumes {}", counted(n, "research cycle"));
    let submits = |n| format!("submits {} again", counted(n, "job"));
    match (plan.cycles as u64, plan.jobs as u64) {
        (cycles, 0) => format!("this {}", resumes(cycles)),
        (0, jobs) => format!("this {}", submits(jobs)),
        (cycles, jobs) => format!("this {} and {}", resumes(cycles), submits(jobs)),
    }
}
