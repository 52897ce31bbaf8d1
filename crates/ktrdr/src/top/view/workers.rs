//! Processes: what each takes and runs, and when it was heard of.

use ktrdr_app::workers::{HeardWorker, WorkerState};
use ratatui::text::{Line, Span};

use super::Ink;
use super::grid::{Column, Grid};
use super::words::about;
use crate::describe;
use crate::top::sight::Sight;

/// Where somebody has a GPU, it takes the place of what narrow screens would say of jobs.
fn columns(has_gpu: bool) -> Vec<Column> {
    vec![
        Column::words("PROCESS", 26),
        Column::words("ROLE", 12),
        Column::words("STATE", 8),
        Column::figure("BUSY", 7),
        Column::figure("HEARD", 6),
        Column::words("GPU", 15).only_if(has_gpu),
        Column::words("RUNS", 0).from(if has_gpu { 100 } else { 0 }),
        Column::words("TAKES", 30).from(130),
        Column::words("DEVICE", 20).from(160),
    ]
}

pub(super) fn grid(seen: &Sight, ink: Ink) -> Grid {
    let nothing = "No process was heard of lately: start one with `ktrdr up`, or `ktrdr worker all`.".into();
    let rows = seen.workers.iter().map(|heard| cells(heard, ink)).collect();
    let has_gpu = seen.workers.iter().any(|heard| heard.worker.gpu.is_some());
    Grid { columns: columns(has_gpu), rows, nothing }
}

/// How busy it is, and how much of its memory is in use: `62 % 3.1/80 GB`.
fn gpu(heard: &HeardWorker, ink: Ink) -> Line<'static> {
    let Some(gpu) = heard.worker.gpu else { return Line::default() };
    let busy = gpu.busy_percent.map(|busy| format!("{busy} % ")).unwrap_or_default();
    let (used, all) = (gpu.memory_used_bytes as f64 / 1e9, gpu.memory_bytes as f64 / 1e9);
    let words = format!("{busy}{used:.1}/{all:.0} GB");
    let is_idle = heard.worker.holds_idle_gpu();
    if is_idle { Line::styled(words, ink.warning()) } else { words.into() }
}

fn cells(heard: &HeardWorker, ink: Ink) -> Vec<Line<'static>> {
    let worker = &heard.worker;
    let busy = match worker.slots() {
        0 => "–".into(),
        slots => format!("{}/{slots}", worker.running.len()),
    };
    let runs: Vec<String> = heard.jobs.iter().map(|row| format!("{} {}", row.kind, about(row))).collect();
    let takes: Vec<String> = worker.takes.iter().map(|(kind, slots)| format!("{kind} ×{slots}")).collect();
    vec![
        worker.boot.to_string().into(),
        worker.role.clone().into(),
        state(heard.state, ink).into(),
        busy.into(),
        describe::duration(heard.heard_ms_ago / 1000 * 1000).into(),
        gpu(heard, ink),
        runs.join(", ").into(),
        takes.join(", ").into(),
        worker.device.clone().into(),
    ]
}

fn state(state: WorkerState, ink: Ink) -> Span<'static> {
    match state {
        WorkerState::AtWork => "at work".into(),
        WorkerState::Idle => "idle".into(),
        WorkerState::Busy => Span::styled("busy", ink.moving()),
        WorkerState::Draining => Span::styled("draining", ink.warning()),
        WorkerState::Silent => Span::styled("SILENT", ink.bad()),
    }
}
