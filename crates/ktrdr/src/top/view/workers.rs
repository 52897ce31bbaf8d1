//! Processes: what each takes and runs, and when it was heard of.

use ktrdr_app::workers::{HeardWorker, WorkerState};
use ratatui::text::{Line, Span};

use super::Ink;
use super::grid::{Column, Grid};
use super::words::about;
use crate::describe;
use crate::top::sight::Sight;

static COLUMNS: [Column; 8] = [
    Column::words("PROCESS", 26),
    Column::words("ROLE", 12),
    Column::words("STATE", 8),
    Column::figure("BUSY", 7),
    Column::figure("HEARD", 6),
    Column::words("RUNS", 0),
    Column::words("TAKES", 30).from(130),
    Column::words("DEVICE", 20).from(160),
];

pub(super) fn grid(seen: &Sight, ink: Ink) -> Grid {
    let nothing = "No process was heard of lately: start one with `ktrdr up`, or `ktrdr worker all`.".into();
    let rows = seen.workers.iter().map(|heard| cells(heard, ink)).collect();
    Grid { columns: &COLUMNS, rows, nothing }
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
