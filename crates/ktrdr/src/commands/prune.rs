//! `ktrdr prune`: files of the workspace that nobody needs any more.

use std::process::ExitCode;

use ktrdr_app::prune::{FilePruneRequest, Pile};
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use crate::cli::prune::PruneArguments;
use crate::describe::thousands;
use crate::exit::CliError;
use crate::screen::{Screen, table};

/// What nobody needs any more, and what stays.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Pruned<'a> {
    /// What went, or would go.
    goes: &'a [Pile],
    /// What stays.
    stays: &'a [Pile],
    /// Whether nothing was removed.
    dry_run: bool,
}

pub(crate) fn run(context: &Context<'_>, arguments: &PruneArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let app = context.open_beside().await?.app;
        let plan = app.plan_file_prune(&FilePruneRequest::from(arguments)).await?;
        if arguments.yes {
            app.prune_files(&plan).await?;
        }
        let document = Pruned { goes: &plan.goes, stays: &plan.stays, dry_run: !arguments.yes };
        context.screen.answer(&document, |screen| {
            print(screen, &plan.goes, &plan.stays, arguments.yes);
        })?;
        Ok(ExitCode::SUCCESS)
    })
}

fn print(screen: &Screen, goes: &[Pile], stays: &[Pile], is_done: bool) {
    let head = |fate| ["SORT", "COUNT", "SIZE", "OLDEST", fate];
    let rows = |piles: &[Pile]| piles.iter().map(|pile| cells(screen, pile)).collect::<Vec<_>>();
    if goes.is_empty() {
        screen.line("there is nothing that nobody needs");
    } else {
        let fate = if is_done { "REMOVED, BECAUSE" } else { "WOULD GO, BECAUSE" };
        screen.line(table(&head(fate), &rows(goes)));
    }
    if !stays.is_empty() {
        screen.line("");
        screen.line(table(&head("STAYS, BECAUSE"), &rows(stays)));
    }
    if !goes.is_empty() && !is_done {
        screen.note("nothing was removed: --yes removes it, --older-than leaves more alone");
    }
}

fn cells(screen: &Screen, pile: &Pile) -> Vec<String> {
    let size = format!("{:.1} MB", pile.bytes as f64 / 1e6);
    let oldest = screen.at(pile.oldest_ms);
    vec![pile.sort.as_str().to_owned(), thousands(pile.count), size, oldest, pile.why.to_owned()]
}
