//! `ktrdr dead-letters …`: operations that used up their tries, grouped by error.

use std::collections::BTreeMap;
use std::process::ExitCode;

use ktrdr_domain::{Operation, Status};
use ktrdr_fabric::store::Filter;

use super::{Context, operations};
use crate::cli::operations::{DeadLettersArguments, DeadLettersVerb};
use crate::describe;
use crate::exit::CliError;
use crate::workspace::Workspace;

/// Failed operations looked through.
const LOOKED_THROUGH_MAX: u32 = 1000;

pub(crate) fn run(context: &Context<'_>, arguments: &DeadLettersArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let workspace = context.open_beside().await?;
        match &arguments.verb {
            DeadLettersVerb::List => list(context, &workspace).await,
            DeadLettersVerb::Show { id } => {
                let row = operations::find(&workspace, id).await?;
                context.screen.answer(&row, |screen| {
                    screen.line(describe::line(&row));
                    screen.line(serde_json::to_string_pretty(&row.spec).unwrap_or_default());
                })?;
                Ok(ExitCode::SUCCESS)
            }
            DeadLettersVerb::Retry { id } => operations::retry(context, &workspace, id).await,
        }
    })
}

async fn list(context: &Context<'_>, workspace: &Workspace) -> Result<ExitCode, CliError> {
    let filter = Filter { status: Some(Status::Failed), limit: LOOKED_THROUGH_MAX, ..Filter::default() };
    let mut failed = workspace.store.list(&filter).await?.operations;
    failed.retain(|o| o.reason.as_deref() == Some("attempts_exhausted"));
    context.screen.list("dead_letters", &failed, |screen| {
        if failed.is_empty() {
            screen.line("no dead letters");
        }
        for (error, operations) in by_error(&failed) {
            screen.line(format!("{} × {error}", operations.len()));
            operations.iter().for_each(|o| screen.line(format!("  {}", o.id)));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn by_error(failed: &[Operation]) -> BTreeMap<&str, Vec<&Operation>> {
    let mut groups: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in failed {
        groups
            .entry(operation.error.as_deref().unwrap_or("no error was recorded"))
            .or_default()
            .push(operation);
    }
    groups
}
