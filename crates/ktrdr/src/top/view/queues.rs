//! Queues: what waits and runs, who takes it, and what stands in its way.

use ktrdr_app::queues::QueueStatus;
use ratatui::text::{Line, Span};

use super::Ink;
use super::grid::{Column, Grid};
use crate::describe::{self, thousands};
use crate::top::sight::Sight;

static COLUMNS: [Column; 8] = [
    Column::words("QUEUE", 17),
    Column::figure("WAIT", 7),
    Column::figure("RUN", 7),
    Column::figure("OLDEST", 8),
    Column::figure("WORKERS", 7),
    Column::figure("SLOTS", 6),
    Column::words("STATE", 12),
    Column::words("WHY", 0).from(110),
];

pub(super) fn grid(seen: &Sight, ink: Ink) -> Grid {
    let rows = seen.queues.iter().map(|queue| cells(queue, ink)).collect();
    Grid { columns: &COLUMNS, rows, nothing: String::new() }
}

fn cells(queue: &QueueStatus, ink: Ink) -> Vec<Line<'static>> {
    let oldest =
        queue.oldest_pending_ms.map_or_else(|| "–".into(), |ms| describe::duration(ms / 1000 * 1000));
    let why = queue.reasons.first().map(|reason| reason.message.clone()).unwrap_or_default();
    vec![
        queue.kind.to_string().into(),
        thousands(queue.pending).into(),
        thousands(queue.running).into(),
        oldest.into(),
        queue.workers.to_string().into(),
        queue.slots.to_string().into(),
        state(queue, ink).into(),
        why.into(),
    ]
}

fn state(queue: &QueueStatus, ink: Ink) -> Span<'static> {
    match queue.reasons.first() {
        Some(reason) => Span::styled(reason.why.to_string(), ink.warning()),
        None if queue.running > 0 => Span::styled("at work", ink.moving()),
        None => "open".into(),
    }
}
