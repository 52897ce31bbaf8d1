//! Operations: what runs first, then the newest.

use ktrdr_domain::OperationSummary;
use ratatui::text::Line;

use super::Ink;
use super::clock::Clock;
use super::grid::{Column, Grid};
use super::words::{about, doing, progress, short, status};
use crate::describe;

/// Where times say when, there is room for progress on wider screens only.
fn columns(clock: Clock) -> Vec<Column> {
    vec![
        Column::words("ID", 8),
        Column::words("TYPE", 16),
        Column::words("STATUS", 10),
        Column::words("ABOUT", 0),
        Column::words("PROGRESS", 16).from(if clock.is_iso() { 100 } else { 0 }),
        Column::figure(clock.title("CREATED", "AGE"), clock.width()),
        Column::figure("TOOK", 7).from(100),
        Column::words("DOING", 0).from(116),
        Column::words("CAMPAIGN", 24).from(160),
        Column::words("WORKER", 26).from(190),
    ]
}

pub(super) fn grid(rows: &[OperationSummary], clock: Clock, ink: Ink) -> Grid {
    let nothing = "No operations match. `ktrdr research run` starts some; / changes the filter.".into();
    let rows = rows.iter().map(|row| cells(row, clock, ink)).collect();
    Grid { columns: columns(clock), rows, nothing }
}

fn cells(row: &OperationSummary, clock: Clock, ink: Ink) -> Vec<Line<'static>> {
    let took = describe::took_ms(row).map(describe::duration);
    let so_far = row.started_at_ms.filter(|_| !row.status.is_terminal()).map(|from| clock.lasting(from));
    vec![
        short(&row.id).into(),
        row.kind.to_string().into(),
        status(row, ink).into(),
        about(row).into(),
        progress(row, ink),
        clock.cell(row.created_at_ms).into(),
        took.or(so_far).unwrap_or_default().into(),
        doing(row).into(),
        row.campaign.as_ref().map(ToString::to_string).unwrap_or_default().into(),
        row.worker.clone().unwrap_or_default().into(),
    ]
}
