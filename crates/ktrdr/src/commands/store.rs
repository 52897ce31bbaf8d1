//! `ktrdr store …`: the epochs a workspace remembers, beginning a new one, pruning what ended long ago.

use std::process::ExitCode;

use ktrdr_fabric::epochs::Epoch;

use super::Context;
use crate::cli::store::{StoreArguments, StoreVerb};
use crate::describe::{counted, thousands};
use crate::exit::CliError;
use crate::screen::table;

pub(crate) fn run(context: &Context<'_>, arguments: &StoreArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            StoreVerb::Epochs => list(context).await,
            StoreVerb::Prune { yes } => prune(context, *yes).await,
            StoreVerb::NewEpoch { reason } => begin(context, reason).await,
        }
    })
}

/// Needs no store: also right when there is none.
async fn list(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let all = context.opening()?.epochs()?.all().await?;
    context.screen.list("epochs", &all, |screen| {
        if all.is_empty() {
            return screen.line("this workspace has met no store yet");
        }
        let cells = |e: &Epoch| {
            let why = e.reason.clone().unwrap_or_else(|| "the first".into());
            vec![e.since.clone(), e.epoch.clone(), e.by.clone(), e.store.clone(), why]
        };
        let rows: Vec<_> = all.iter().map(cells).collect();
        screen.line(table(&["SINCE", "EPOCH", "BY", "STORE", "WHY"], &rows));
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn prune(context: &Context<'_>, yes: bool) -> Result<ExitCode, CliError> {
    let pass = context.open_beside().await?.app.prune(!yes).await?;
    context.screen.answer(&pass, |screen| {
        let (operations, histories) = (counted(pass.operations, "operation"), thousands(pass.histories));
        let how = if yes { "are removed" } else { "would go" };
        screen.line(format!("{operations} and the histories of {histories} others {how}"));
        if !yes && pass.operations + pass.histories > 0 {
            screen.note("--yes removes them; how long they are kept is said in [retention] of ktrdr.toml");
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn begin(context: &Context<'_>, reason: &str) -> Result<ExitCode, CliError> {
    let begun = context.opening()?.begin_epoch(reason).await?;
    context.screen.answer(&begun, |screen| {
        screen.line(format!("epoch {} of {} is in force from now on", begun.epoch, begun.store));
        screen.note("say so beside figures: looks at data that were counted before are not in this store");
    })?;
    Ok(ExitCode::SUCCESS)
}
