//! `ktrdr workers …`: answered from the store; no worker is asked.

use std::process::ExitCode;

use ktrdr_fabric::registry::{WorkerEntry, WorkerInfo};
use ktrdr_fabric::store::{BootId, Filter};
use serde::Serialize;

use super::Context;
use crate::cli::fleet::{WorkersArguments, WorkersVerb};
use crate::describe;
use crate::exit::{CliError, Kind};
use crate::screen::table;
use crate::workspace::Workspace;

pub(crate) fn run(context: &Context<'_>, arguments: &WorkersArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let workspace = context.open_beside().await?;
        match &arguments.verb {
            WorkersVerb::List => list(context, &workspace).await?,
            WorkersVerb::Drain { boot } => drain(context, &workspace, boot).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// A worker, and how long ago it was heard of.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    worker: WorkerInfo,
    heard_ms_ago: i64,
}

async fn list(context: &Context<'_>, workspace: &Workspace) -> Result<(), CliError> {
    let seen = workspace.registry.workers().await?;
    // By the store's clock, which told the other time, too.
    let now_ms = workspace.store.list(&Filter { limit: 1, ..Filter::default() }).await?.now_ms;
    let heard =
        |WorkerEntry { worker, at_ms }: WorkerEntry| Listed { worker, heard_ms_ago: (now_ms - at_ms).max(0) };
    let workers: Vec<Listed> = seen.into_iter().map(heard).collect();
    context.screen.list("workers", &workers, |screen| {
        if workers.is_empty() {
            screen.line("no process was heard of lately; start some with `ktrdr serve`, `ktrdr worker KIND` …, or `ktrdr up`");
            return;
        }
        let head = ["PROCESS", "ROLE", "TAKES", "DEVICE", "VERSION", "BUSY", "STATE", "HEARD"];
        for (index, line) in table(&head, &workers.iter().map(row).collect::<Vec<_>>()).lines().enumerate() {
            screen.line(line);
            let running = index.checked_sub(1).and_then(|i| workers.get(i)).map(|l| &l.worker.running);
            running.into_iter().flatten().for_each(|id| screen.line(format!("    {id}")));
        }
    })
}

fn row(listed: &Listed) -> Vec<String> {
    let Listed { worker, heard_ms_ago } = listed;
    let kinds: Vec<&str> = worker.takes.keys().map(|kind| kind.as_str()).collect();
    let takes = match kinds.as_slice() {
        [] => "–".to_owned(),
        [_, _, _, ..] => format!("{} kinds", kinds.len()),
        few => few.join(", "),
    };
    let state = match (worker.is_draining, worker.slots(), worker.running.is_empty()) {
        (true, _, _) => "draining",
        (false, 0, _) => "at work",
        (false, _, true) => "idle",
        (false, _, false) => "busy",
    };
    let busy = match worker.slots() {
        0 => "–".to_owned(),
        slots => format!("{}/{slots}", worker.running.len()),
    };
    let (device, version) = (worker.device.clone(), worker.version.clone());
    let heard = format!("{} ago", describe::duration(heard_ms_ago / 1000 * 1000));
    vec![worker.boot.to_string(), worker.role.clone(), takes, device, version, busy, state.to_owned(), heard]
}

async fn drain(context: &Context<'_>, workspace: &Workspace, boot: &str) -> Result<(), CliError> {
    if !workspace.registry.drain(&BootId(boot.to_owned())).await? {
        let message = format!("no worker {boot:?} was heard of lately; see `ktrdr workers list`");
        return Err(CliError::new(Kind::NotFound, message));
    }
    let document = serde_json::json!({ "worker": boot, "answer": "requested" });
    context.screen.answer(&document, |screen| {
        screen.line(format!("{boot} was asked to end; `ktrdr workers list` shows when it has"));
    })
}
