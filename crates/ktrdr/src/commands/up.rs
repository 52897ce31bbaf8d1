//! `ktrdr up`: every role in this process, until Ctrl-C.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use ktrdr_domain::Kind as OperationKind;
use ktrdr_fabric::store::{Filter, StoreHint};
use schemars::JsonSchema;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::Context;
use super::roles::until_stopped;
use crate::cli::UpArguments;
use crate::device::Computing;
use crate::exit::CliError;
use crate::roles::Roles;
use crate::serving;
use crate::workspace::Workspace;

/// A look at the rows when no hint came for this long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(crate) fn run(context: &Context<'_>, arguments: &UpArguments) -> Result<ExitCode, CliError> {
    let mut context = context.at(&context.folder);
    let fleet = &mut context.settings.fleet;
    fleet.training_slots = arguments.training_slots.unwrap_or(fleet.training_slots);
    fleet.backtest_slots = arguments.backtest_slots.unwrap_or(fleet.backtest_slots);
    let roles = Roles::all(fleet, Computing::on(arguments.device)?);
    let listening = arguments.listen.listening(&context.settings.api)?;
    let banner = format!(
        "ktrdr is up on {} · trains on {} · {} training and {} backtest slots · Ctrl-C stops it, nothing is lost",
        context.folder.display(),
        roles.computing.name,
        roles.slots(OperationKind::Training),
        roles.slots(OperationKind::Backtesting)
    );
    context.block_on(async {
        let workspace = context.open_to_run().await?.measured();
        let idle = async {
            match arguments.until_idle {
                true => until_idle(&workspace).await,
                false => std::future::pending().await,
            }
        };
        let stop = CancellationToken::new();
        let api = serving::listen(&workspace, &roles, listening.as_ref(), &stop).await?;
        let banner = match &api {
            Some(api) => {
                format!("{banner}\nthe dashboard is at {0}/, the API answers at {0}/api/v1/docs/", api.url())
            }
            None => banner,
        };
        let playing = until_stopped(&context, &workspace, &roles, &banner, idle);
        let ended = serving::beside(api, stop, playing).await?;
        let answer = Ended { workspace: &context.folder, ended };
        context.screen.answer(&answer, |_| ())?;
        Ok(ExitCode::SUCCESS)
    })
}

/// An engine that ended in good order.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ended<'a> {
    /// The folder that it ran on.
    workspace: &'a Path,
    /// What ended it.
    ended: &'static str,
}

async fn until_idle(workspace: &Workspace) -> Result<(), CliError> {
    let mut hints = workspace.app.store.hints();
    loop {
        let page = workspace.app.store.list(&Filter { active: true, limit: 1, ..Filter::default() }).await?;
        if page.total == 0 && !workspace.app.is_any_closing().await? {
            return Ok(());
        }
        let changed =
            async { while matches!(hints.recv().await, Ok(StoreHint::Outbox | StoreHint::Control)) {} };
        let _ = tokio::time::timeout(LOOK_AGAIN, changed).await;
    }
}
