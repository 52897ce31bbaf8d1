//! `ktrdr up`: every role in this process, until Ctrl-C.

use std::process::ExitCode;
use std::time::Duration;

use ktrdr_fabric::store::{Filter, StoreHint};

use super::Context;
use super::start::on_interrupt;
use crate::cli::UpArguments;
use crate::exit::CliError;
use crate::fleet::{Roles, RunningRoles};
use crate::workspace::Workspace;

/// A look at the rows when no hint came for this long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(crate) fn run(context: &Context<'_>, arguments: &UpArguments) -> Result<ExitCode, CliError> {
    let mut context = context.at(&context.folder);
    let fleet = &mut context.settings.fleet;
    fleet.training_slots = arguments.training_slots.unwrap_or(fleet.training_slots);
    fleet.backtest_slots = arguments.backtest_slots.unwrap_or(fleet.backtest_slots);
    context.block_on(async {
        let workspace = context.open_to_run()?;
        let fleet = RunningRoles::start(&workspace, &Roles::all(&workspace.settings.fleet))?;
        context.screen.note(format!(
            "ktrdr is up on {} · {} training and {} backtest slots · Ctrl-C stops it, nothing is lost",
            workspace.folder.display(),
            workspace.settings.fleet.training_slots,
            workspace.settings.fleet.backtest_slots
        ));
        let interrupted = on_interrupt();
        let ended = tokio::select! {
            () = interrupted.cancelled() => "interrupted",
            () = terminated() => "terminated",
            idle = until_idle(&workspace), if arguments.until_idle => idle.map(|()| "idle")?,
        };
        if ended != "idle" {
            context.screen.note("stopping: running jobs end or go back undone (Ctrl-C gives up waiting)");
        }
        let impatient = on_interrupt();
        tokio::select! {
            drained = fleet.drain() => drained?,
            () = impatient.cancelled() => {}
        }
        let answer = serde_json::json!({ "workspace": workspace.folder, "ended": ended });
        context.screen.answer(&answer, |_| ())?;
        Ok(ExitCode::SUCCESS)
    })
}

/// A supervisor's polite request.
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM can not be heard");
            std::future::pending::<()>().await;
        }
    }
}

async fn until_idle(workspace: &Workspace) -> Result<(), CliError> {
    let mut hints = workspace.store.hints();
    loop {
        let page = workspace.store.list(&Filter { active: true, limit: 1, ..Filter::default() }).await?;
        if page.total == 0 {
            return Ok(());
        }
        let changed = async { while matches!(hints.recv().await, Ok(StoreHint::Outbox)) {} };
        let _ = tokio::time::timeout(LOOK_AGAIN, changed).await;
    }
}
