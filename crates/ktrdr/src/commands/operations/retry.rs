//! `ktrdr operations retry`: what has ended is submitted again, under a new id, because an end is for ever. A job of its own
//! runs anew; a research cycle that was cut short is resumed from the job that did not complete.

mod group;

use std::process::ExitCode;

use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::{Kind as OperationKind, Operation, OperationId, Status};
use ktrdr_fabric::store::{NewOperation, NewRoot, Pace, Submitted};
use ktrdr_research::resume::{self, NotResumed, successor};
use serde::Deserialize;
use serde_json::{Value, json};

use super::find;
use crate::cli::operations::RetryArguments;
use crate::commands::{Context, start};
use crate::exit::{CliError, Kind, OrExit};
use crate::workspace::{Workspace, fresh_id};

pub(super) async fn run(
    context: &Context<'_>,
    workspace: &Workspace,
    wanted: &RetryArguments,
) -> Result<ExitCode, CliError> {
    match &wanted.id {
        Some(id) => one(context, workspace, id).await,
        None if wanted.group.is_meant() => group::run(context, workspace, &wanted.group, wanted.yes).await,
        None => {
            let message = "say which: an ID, or a group by --campaign, --status, --reason, --type or --dead";
            Err(CliError::new(Kind::Usage, message))
        }
    }
}

/// One operation, whatever became of it; of a job of a research cycle the cycle.
pub(crate) async fn one(
    context: &Context<'_>,
    workspace: &Workspace,
    id: &OperationId,
) -> Result<ExitCode, CliError> {
    let ended = find(workspace, id).await?;
    let cycle = match &ended.root {
        Some(root) => Some(find(workspace, root).await?),
        None => Some(ended.clone()).filter(|operation| operation.kind.is_root()),
    };
    let (new, document) = match cycle {
        None => {
            let again = new_leaf(workspace, &ended)?;
            let new = again.id.clone();
            workspace.store.submit(again).await?;
            let document = json!({ "operation": new, "retry_of": id });
            (new, document)
        }
        Some(cycle) => {
            let new = resume_one(workspace, &cycle).await?;
            let document = json!({ "operation": new, "retry_of": id, "resumes": cycle.id });
            context.screen.note(format!("it goes on with {}", cycle.id));
            (new, document)
        }
    };
    context.screen.answer(&document, |screen| screen.line(&new))?;
    Ok(ExitCode::SUCCESS)
}

/// Starts the cycle that goes on with this one; its id.
async fn resume_one(workspace: &Workspace, cycle: &Operation) -> Result<OperationId, CliError> {
    if let Some(later) = workspace.store.get(&successor(&cycle.id)).await? {
        return Err(resumed_before(&cycle.id, &later.id));
    }
    let planned = resume::plan(&*workspace.store, cycle, workspace.settings.fleet.tries_max).await?;
    let next: NewRoot = planned.map_err(|why| {
        let kind = match why {
            NotResumed::GoesOn(_) | NotResumed::OnItsMerits(_) => Kind::Conflict,
            NotResumed::Unreadable(_) => Kind::InvalidInput,
        };
        CliError::new(kind, format!("{} is not resumed: {why}", cycle.id))
    })?;
    let new = next.id.clone();
    match workspace.store.submit_roots(vec![next], Pace::free(1)).await? {
        Submitted::Created => Ok(new),
        Submitted::Duplicate(new) => Err(resumed_before(&cycle.id, &new)),
    }
}

fn resumed_before(cycle: &OperationId, by: &OperationId) -> CliError {
    let message = format!("{cycle} was resumed before, by {by}; see `ktrdr operations status {by}`");
    CliError::new(Kind::Conflict, message)
}

/// The same job under a new id.
fn new_leaf(workspace: &Workspace, ended: &Operation) -> Result<NewOperation, CliError> {
    if !ended.status.is_terminal() {
        let message = format!("{} is {}; only an ended operation is retried", ended.id, ended.status);
        return Err(CliError::new(Kind::Conflict, message));
    }
    Ok(start::leaf(workspace, fresh_id(ended.kind), ended.kind, spec_again(ended)?))
}

/// Nobody saw what an unfinished backtest would have shown: its repetition is the same look at the data.
fn spec_again(ended: &Operation) -> Result<Value, CliError> {
    if ended.kind != OperationKind::Backtesting || ended.status == Status::Completed {
        return Ok(ended.spec.clone());
    }
    let spec = BacktestSpec::deserialize(&ended.spec).or_exit(Kind::InvalidInput)?;
    serde_json::to_value(spec.repeating(ended.id.clone())).or_exit(Kind::InvalidInput)
}
