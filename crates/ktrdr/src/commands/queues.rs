//! `ktrdr queues …`: one row per kind of job. What waits and runs is answered from rows, who takes it from presence:
//! also when no worker is alive and no broker answers.

use std::collections::BTreeSet;
use std::process::ExitCode;

use ktrdr_domain::{Kind as OperationKind, Status};
use ktrdr_fabric::presence::Seen;
use ktrdr_fabric::store::Filter;
use serde::Serialize;

use super::Context;
use crate::cli::fleet::{QueuesArguments, QueuesVerb};
use crate::describe;
use crate::exit::CliError;
use crate::screen::{Screen, table};
use crate::workspace::{Workspace, now_ms};

pub(crate) fn run(context: &Context<'_>, arguments: &QueuesArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let workspace = context.open_beside().await?;
        match arguments.verb {
            QueuesVerb::List => list(context, &workspace).await?,
            QueuesVerb::Pause { kind } => {
                let changed = workspace.presence.pause(kind).await?;
                said(context, kind, true, changed)?;
            }
            QueuesVerb::Resume { kind } => {
                let changed = workspace.presence.resume(kind).await?;
                said(context, kind, false, changed)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn said(context: &Context<'_>, kind: OperationKind, paused: bool, changed: bool) -> Result<(), CliError> {
    let document = serde_json::json!({ "kind": kind, "paused": paused, "changed": changed });
    context.screen.answer(&document, |screen| {
        screen.line(match (paused, changed) {
            (true, true) => format!("{kind} is paused: running jobs go on, nothing new is taken"),
            (true, false) => format!("{kind} was paused before"),
            (false, true) => format!("{kind} is taken again"),
            (false, false) => format!("{kind} was not paused"),
        });
    })
}

/// One kind of job.
#[derive(Serialize)]
struct QueueRow {
    kind: OperationKind,
    pending: u64,
    running: u64,
    /// How long the oldest has waited, milliseconds; `None` when nothing waits.
    oldest_pending_ms: Option<i64>,
    workers: usize,
    slots: u32,
    paused: bool,
}

async fn list(context: &Context<'_>, workspace: &Workspace) -> Result<(), CliError> {
    let (paused, workers) = (workspace.presence.paused().await?, workspace.presence.workers().await?);
    let mut rows = Vec::new();
    for kind in OperationKind::ALL.into_iter().filter(|kind| !kind.is_root()) {
        rows.push(row(workspace, kind, &paused, &workers).await?);
    }
    context.screen.list("queues", &rows, |screen| print(screen, &rows))
}

async fn row(
    workspace: &Workspace,
    kind: OperationKind,
    paused: &BTreeSet<OperationKind>,
    workers: &[Seen],
) -> Result<QueueRow, CliError> {
    let of = |status, offset| Filter {
        status: Some(status),
        kind: Some(kind),
        offset,
        limit: 1,
        ..Filter::default()
    };
    let pending = workspace.store.list(&of(Status::Pending, 0)).await?.total;
    let oldest = match pending.checked_sub(1) {
        Some(last) => workspace.store.list(&of(Status::Pending, last)).await?.operations.pop(),
        None => None,
    };
    let running = workspace.store.list(&of(Status::Running, 0)).await?.total;
    let taking: Vec<_> = workers.iter().filter(|seen| seen.worker.kinds.contains(&kind)).collect();
    Ok(QueueRow {
        kind,
        pending,
        running,
        oldest_pending_ms: oldest.map(|row| (now_ms() - row.created_at_ms).max(0)),
        workers: taking.len(),
        slots: taking.iter().map(|seen| seen.worker.slots).sum(),
        paused: paused.contains(&kind),
    })
}

fn print(screen: &Screen, rows: &[QueueRow]) {
    let cells = |r: &QueueRow| {
        let oldest =
            r.oldest_pending_ms.map_or_else(|| "–".into(), |ms| describe::duration(ms / 1000 * 1000));
        let state = match (r.paused, r.workers, r.pending) {
            (true, _, _) => "paused",
            (false, 0, 1..) => "NOBODY TAKES IT",
            (false, 0, 0) => "no worker",
            (false, _, _) => "open",
        };
        let number = |n: u64| n.to_string();
        vec![
            r.kind.to_string(),
            number(r.pending),
            number(r.running),
            oldest,
            number(r.workers as u64),
            number(u64::from(r.slots)),
            state.to_owned(),
        ]
    };
    let head = ["KIND", "PENDING", "RUNNING", "OLDEST", "WORKERS", "SLOTS", "STATE"];
    screen.line(table(&head, &rows.iter().map(cells).collect::<Vec<_>>()));
}
