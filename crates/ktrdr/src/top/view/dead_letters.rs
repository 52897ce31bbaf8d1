//! Dead letters: operations that used up their tries, newest first.

use ktrdr_app::dead_letters::GivenUp;
use ratatui::text::Line;

use super::Ink;
use super::clock::Clock;
use super::grid::{Column, Grid};
use super::words::{about, short};
use crate::top::sight::Sight;

fn columns(clock: Clock) -> Vec<Column> {
    vec![
        Column::words("ID", 8),
        Column::words("TYPE", 16),
        Column::figure("ENDED", clock.width()),
        Column::words("ERROR", 0),
        Column::words("ABOUT", 30).from(120),
        Column::words("RETRIED", 8),
    ]
}

pub(super) fn grid(seen: &Sight, clock: Clock, ink: Ink) -> Grid {
    let rows = seen.dead.dead_letters.iter().map(|dead| cells(dead, clock, ink)).collect();
    Grid { columns: columns(clock), rows, nothing: "No dead letters.".into() }
}

fn cells(dead: &GivenUp, clock: Clock, ink: Ink) -> Vec<Line<'static>> {
    let row = &dead.operation;
    let error = row.error.as_deref().and_then(|error| error.lines().next()).unwrap_or_default().to_owned();
    let retried = dead.retried_as.as_ref().map(short).unwrap_or_default();
    vec![
        short(&row.id).into(),
        row.kind.to_string().into(),
        clock.cell(row.finished_at_ms.unwrap_or(row.created_at_ms)).into(),
        Line::styled(error, ink.bad()),
        about(row).into(),
        retried.into(),
    ]
}
