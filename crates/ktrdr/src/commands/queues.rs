//! `ktrdr queues …`: one row per kind of job. What waits and runs is answered from rows, who takes it from registry:
//! also when no worker is alive and no broker answers.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind as OperationKind, Status};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::registry::WorkerEntry;
use ktrdr_fabric::store::Filter;
use serde::Serialize;

use super::Context;
use crate::cli::fleet::{QueuesArguments, QueuesVerb};
use crate::describe;
use crate::exit::CliError;
use crate::screen::{Screen, table};
use crate::workspace::Workspace;

pub(crate) fn run(context: &Context<'_>, arguments: &QueuesArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let workspace = context.open_beside().await?;
        match arguments.verb {
            QueuesVerb::List => list(context, &workspace).await?,
            QueuesVerb::Pause { kind } => {
                let changed = workspace.registry.pause(kind).await?;
                said(context, kind, true, changed)?;
            }
            QueuesVerb::Resume { kind } => {
                let changed = workspace.registry.resume(kind).await?;
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
    /// Of what is pending, what waits for one class of worker. What waits for the time of a retry is not among it.
    pinned: Vec<Pinned>,
}

/// Jobs that ask for a device, and who could take them.
#[derive(Serialize)]
struct Pinned {
    device: DeviceClass,
    pending: u64,
    workers: usize,
    slots: u32,
}

async fn list(context: &Context<'_>, workspace: &Workspace) -> Result<(), CliError> {
    let (paused, workers) = (workspace.registry.paused().await?, workspace.registry.workers().await?);
    let waiting = workspace.store.backlog(Duration::ZERO).await?.waiting;
    let mut rows = Vec::new();
    for kind in OperationKind::ALL.into_iter().filter(|kind| !kind.is_root()) {
        let pinned = waiting.iter().filter_map(|&(queue, pending)| pinned(queue, kind, pending, &workers));
        rows.push(QueueRow { pinned: pinned.collect(), ..row(workspace, kind, &paused, &workers).await? });
    }
    context.screen.list("queues", &rows, |screen| print(screen, &rows))
}

/// The jobs of a queue, if it is one of this kind for one class of worker.
fn pinned(queue: Queue, kind: OperationKind, pending: u64, workers: &[WorkerEntry]) -> Option<Pinned> {
    match queue {
        Queue::Pinned(of, device) if of == kind && pending > 0 => {
            let (workers, slots) = taking(queue, workers);
            Some(Pinned { device, pending, workers, slots })
        }
        Queue::Pinned(..) | Queue::Jobs(_) | Queue::OrchestratorEvents => None,
    }
}

/// Workers that read a queue, and their slots.
fn taking(queue: Queue, workers: &[WorkerEntry]) -> (usize, u32) {
    let slots: Vec<u32> =
        workers.iter().map(|seen| seen.worker.slots_for(queue)).filter(|&slots| slots > 0).collect();
    (slots.len(), slots.iter().sum())
}

async fn row(
    workspace: &Workspace,
    kind: OperationKind,
    paused: &BTreeSet<OperationKind>,
    workers: &[WorkerEntry],
) -> Result<QueueRow, CliError> {
    let of = |status, offset| Filter {
        status: Some(status),
        kind: Some(kind),
        offset,
        limit: 1,
        ..Filter::default()
    };
    let pending = workspace.store.list(&of(Status::Pending, 0)).await?.total;
    let oldest_pending_ms = match pending.checked_sub(1) {
        Some(last) => {
            let page = workspace.store.list(&of(Status::Pending, last)).await?;
            // By the store's clock alone.
            page.operations.first().map(|row| (page.now_ms - row.created_at_ms).max(0))
        }
        None => None,
    };
    let running = workspace.store.list(&of(Status::Running, 0)).await?.total;
    let (workers, slots) = taking(Queue::Jobs(kind), workers);
    Ok(QueueRow {
        kind,
        pending,
        running,
        oldest_pending_ms,
        workers,
        slots,
        paused: paused.contains(&kind),
        pinned: Vec::new(),
    })
}

fn print(screen: &Screen, rows: &[QueueRow]) {
    let head = ["KIND", "PENDING", "RUNNING", "OLDEST", "WORKERS", "SLOTS", "STATE"];
    let lines = rows.iter().flat_map(|row| std::iter::once(cells(row)).chain(pinned_cells(row)));
    screen.line(table(&head, &lines.collect::<Vec<_>>()));
}

fn cells(row: &QueueRow) -> Vec<String> {
    let oldest = row.oldest_pending_ms.map_or_else(|| "–".into(), |ms| describe::duration(ms / 1000 * 1000));
    vec![
        row.kind.to_string(),
        row.pending.to_string(),
        row.running.to_string(),
        oldest,
        row.workers.to_string(),
        row.slots.to_string(),
        state(row.paused, row.workers, row.pending).to_owned(),
    ]
}

/// What of it asks for a device, a line for each.
fn pinned_cells(row: &QueueRow) -> impl Iterator<Item = Vec<String>> + '_ {
    row.pinned.iter().map(|pinned| {
        vec![
            format!("  of these on {}", pinned.device),
            pinned.pending.to_string(),
            "–".into(),
            "–".into(),
            pinned.workers.to_string(),
            pinned.slots.to_string(),
            state(row.paused, pinned.workers, pinned.pending).to_owned(),
        ]
    })
}

fn state(paused: bool, workers: usize, pending: u64) -> &'static str {
    match (paused, workers, pending) {
        (true, _, _) => "paused",
        (false, 0, 1..) => "NOBODY TAKES IT",
        (false, 0, 0) => "no worker",
        (false, _, _) => "open",
    }
}
