//! `ktrdr queues …`: one row per kind of job. What waits and runs is answered from rows, who takes it from registry:
//! also when no worker is alive and no broker answers.

use std::process::ExitCode;

use ktrdr_app::diagnosis::Reason;
use ktrdr_app::queues::{PauseAnswer, PinnedJobs, QueueStatus};

use super::Context;
use crate::cli::fleet::{QueuesArguments, QueuesVerb};
use crate::describe;
use crate::exit::CliError;
use crate::reasons;
use crate::screen::{Screen, table};

pub(crate) fn run(context: &Context<'_>, arguments: &QueuesArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let desk = context.desk().await?;
        let app = desk.app();
        match arguments.verb {
            QueuesVerb::List => {
                let queues = app.queues().await?;
                context.screen.list("queues", &queues, |screen| print(screen, &queues))?;
            }
            QueuesVerb::Pause { kind } => said(context, app.pause(kind).await?)?,
            QueuesVerb::Resume { kind } => said(context, app.resume_queue(kind).await?)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn said(context: &Context<'_>, answer: PauseAnswer) -> Result<(), CliError> {
    let PauseAnswer { kind, paused, changed } = answer;
    context.screen.answer(&answer, |screen| {
        screen.line(match (paused, changed) {
            (true, true) => format!("{kind} is paused: running jobs go on, nothing new is taken"),
            (true, false) => format!("{kind} was paused before"),
            (false, true) => format!("{kind} is taken again"),
            (false, false) => format!("{kind} was not paused"),
        });
    })
}

fn print(screen: &Screen, rows: &[QueueStatus]) {
    let head = ["TYPE", "PENDING", "DELAYED", "RUNNING", "OLDEST", "WORKERS", "SLOTS", "STATE"];
    let lines = rows.iter().flat_map(|row| std::iter::once(cells(row)).chain(pinned_cells(row)));
    screen.line(table(&head, &lines.collect::<Vec<_>>()));
    let mut told: Vec<&Reason> = Vec::new();
    for reason in rows.iter().flat_map(|row| &row.reasons) {
        if !told.iter().any(|before| before.is_like(reason)) {
            reasons::print(screen, reason);
            told.push(reason);
        }
    }
}

fn cells(row: &QueueStatus) -> Vec<String> {
    let oldest = row.oldest_pending_ms.map_or_else(|| "–".into(), |ms| describe::duration(ms / 1000 * 1000));
    vec![
        row.kind.to_string(),
        row.pending.to_string(),
        row.delayed.to_string(),
        row.running.to_string(),
        oldest,
        row.workers.to_string(),
        row.slots.to_string(),
        state(row).to_owned(),
    ]
}

/// What of it asks for a device, a line for each.
fn pinned_cells(row: &QueueStatus) -> impl Iterator<Item = Vec<String>> + '_ {
    row.pinned.iter().map(|pinned| {
        vec![
            format!("  of these on {}", pinned.device),
            pinned.pending.to_string(),
            "–".into(),
            "–".into(),
            "–".into(),
            pinned.workers.to_string(),
            pinned.slots.to_string(),
            pinned_state(row, pinned).to_owned(),
        ]
    })
}

/// What stands in its way, in a word; the words below the table say more.
fn state(row: &QueueStatus) -> &str {
    match (row.reasons.first(), row.workers) {
        (Some(reason), _) => &reason.why,
        (None, 0) => "no worker",
        (None, _) => "open",
    }
}

fn pinned_state<'a>(row: &'a QueueStatus, pinned: &PinnedJobs) -> &'a str {
    if pinned.workers == 0 { "no_worker" } else { state(row) }
}
