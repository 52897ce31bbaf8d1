//! `ktrdr workers …`: answered from the store; no worker is asked.

use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::diagnosis::Reason;
use ktrdr_app::workers::{HeardWorker, WorkerState};
use ktrdr_domain::OperationId;
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use crate::cli::fleet::{WorkersArguments, WorkersVerb};
use crate::describe;
use crate::exit::CliError;
use crate::reasons;
use crate::screen::table;

pub(crate) fn run(context: &Context<'_>, arguments: &WorkersArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let desk = context.desk().await?;
        let app = desk.app();
        match &arguments.verb {
            WorkersVerb::List => list(context, app).await?,
            WorkersVerb::Drain { boot } => drain(context, app, boot).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Who is there.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Workers<'a> {
    /// Processes that were heard of lately.
    workers: &'a [HeardWorker],
    /// What stands in the way of work, what is behind other things first.
    reasons: &'a [Reason],
}

async fn list(context: &Context<'_>, app: &dyn UseCases) -> Result<(), CliError> {
    let workers = app.workers().await?;
    let reasons = app.obstacles().await?;
    let document = Workers { workers: &workers, reasons: &reasons };
    context.screen.list_in(&document, &workers, |screen| {
        if workers.is_empty() {
            screen.line("no process was heard of lately; start some with `ktrdr serve`, `ktrdr worker TYPE` …, or `ktrdr up`");
            return reasons.iter().for_each(|reason| reasons::print(screen, reason));
        }
        let head = ["PROCESS", "ROLE", "TAKES", "DEVICE", "VERSION", "BUSY", "STATE", "HEARD"];
        for (index, line) in table(&head, &workers.iter().map(row).collect::<Vec<_>>()).lines().enumerate() {
            screen.line(line);
            let heard = index.checked_sub(1).and_then(|i| workers.get(i));
            let more = |heard: &HeardWorker| gpu(heard).into_iter().chain(jobs(heard));
            heard.into_iter().flat_map(more).for_each(|line| screen.line(line));
        }
        reasons.iter().for_each(|reason| reasons::print(screen, reason));
    })
}

/// A line about its GPU, where the driver tells of one.
fn gpu(heard: &HeardWorker) -> Option<String> {
    let gpu = heard.worker.gpu?;
    let [used, all] = [gpu.memory_used_bytes, gpu.memory_bytes].map(|bytes| bytes as f64 / 1e9);
    let busy = gpu.busy_percent.map(|busy| format!(", computes {busy} % of the time"));
    let idle = if heard.worker.holds_idle_gpu() { ": HELD, AND IDLE" } else { "" };
    Some(format!("    GPU: {used:.1} of {all:.1} GB in use{}{idle}", busy.unwrap_or_default()))
}

/// A line for each job that it runs.
fn jobs(heard: &HeardWorker) -> Vec<String> {
    let line = |id: &OperationId| {
        let row = heard.jobs.iter().find(|row| row.id == *id);
        let about = row.map(|row| [row.subject.to_string(), describe::doing(row, None)].join(" · "));
        format!("    {id} {}", about.unwrap_or_default().trim_matches([' ', '·']))
    };
    heard.worker.running.iter().map(|id| line(id).trim_end().to_owned()).collect()
}

fn row(heard: &HeardWorker) -> Vec<String> {
    let HeardWorker { worker, heard_ms_ago, state, .. } = heard;
    let kinds: Vec<&str> = worker.takes.keys().map(|kind| kind.as_str()).collect();
    let takes = match kinds.as_slice() {
        [] => "–".to_owned(),
        [_, _, _, ..] => format!("{} types", kinds.len()),
        few => few.join(", "),
    };
    let state = match state {
        WorkerState::AtWork => "at work",
        WorkerState::Idle => "idle",
        WorkerState::Busy => "busy",
        WorkerState::Draining => "draining",
        WorkerState::Silent => "SILENT",
    };
    let busy = match worker.slots() {
        0 => "–".to_owned(),
        slots => format!("{}/{slots}", worker.running.len()),
    };
    let (device, version) = (worker.device.clone(), worker.version.clone());
    let heard = format!("{} ago", describe::duration(heard_ms_ago / 1000 * 1000));
    vec![worker.boot.to_string(), worker.role.clone(), takes, device, version, busy, state.to_owned(), heard]
}

/// A process that was asked to end.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Draining<'a> {
    /// Which.
    worker: &'a str,
    /// `requested`
    answer: &'static str,
}

async fn drain(context: &Context<'_>, app: &dyn UseCases, boot: &str) -> Result<(), CliError> {
    app.drain_worker(boot).await?;
    let document = Draining { worker: boot, answer: "requested" };
    context.screen.answer(&document, |screen| {
        screen.line(format!("{boot} was asked to end; `ktrdr workers list` shows when it has"));
    })
}
