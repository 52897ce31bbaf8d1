//! Queues: what waits, runs, comes and goes, who takes it, and what stands in its way.

use ktrdr_app::flow::{Rates, per_minute};
use ktrdr_app::queues::QueueStatus;
use ratatui::text::{Line, Span};

use super::Ink;
use super::grid::{Column, Grid};
use crate::describe::{self, thousands};
use crate::top::model::Model;
use crate::top::sight::Sight;

const COLUMNS: [Column; 11] = [
    Column::words("QUEUE", 17),
    Column::figure("WAIT", 7),
    Column::figure("LATER", 6),
    Column::figure("RUN", 5),
    Column::figure("OLDEST", 7),
    Column::figure("IN/MIN", 6),
    Column::figure("OUT/MIN", 7),
    Column::figure("SLOTS", 5),
    Column::figure("WORKERS", 7).from(90),
    Column::words("STATE", 12),
    Column::words("WHY", 0).from(120),
];

pub(super) fn grid(model: &Model, seen: &Sight, ink: Ink) -> Grid {
    let rows = seen.queues.iter().map(|queue| cells(queue, model.rates(queue.kind), ink)).collect();
    Grid { columns: COLUMNS.to_vec(), rows, nothing: String::new() }
}

fn cells(queue: &QueueStatus, rates: Option<Rates>, ink: Ink) -> Vec<Line<'static>> {
    let rate = |of: fn(Rates) -> f64| rates.map_or_else(|| "–".into(), |rates| per_minute(of(rates)));
    let oldest =
        queue.oldest_pending_ms.map_or_else(|| "–".into(), |ms| describe::duration(ms / 1000 * 1000));
    let why = queue.reasons.first().map(|reason| reason.message.clone()).unwrap_or_default();
    vec![
        queue.kind.to_string().into(),
        thousands(queue.pending).into(),
        thousands(queue.delayed).into(),
        thousands(queue.running).into(),
        oldest.into(),
        rate(|rates| rates.comes).into(),
        rate(|rates| rates.goes).into(),
        queue.slots.to_string().into(),
        queue.workers.to_string().into(),
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
