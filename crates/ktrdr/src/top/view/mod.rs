//! The model as characters: from 80 × 24 on, and of a wider or higher screen more.

mod boxes;
mod campaigns;
mod clock;
mod dead_letters;
mod grid;
mod head;
mod ink;
mod operations;
mod page;
mod queues;
mod words;
mod workers;
mod wrapping;

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

pub(crate) use self::ink::Ink;
use super::model::{Model, Table};
use super::sight::Sight;
use crate::screen::drives_a_terminal;
use clock::Clock;
use grid::Grid;

/// From these sizes on, queues and workers stand above the operations.
const TALL: u16 = 32;
const WIDE: u16 = 150;

/// Rows of what stands above.
const ABOVE: u16 = 8;

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, model: &Model, ink: Ink) {
    let area = frame.area();
    let rows = [
        Constraint::Length(1),
        Constraint::Length(head::sentence_lines(model, area.width)),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(boxes::below_lines(model, area.width)),
        Constraint::Length(boxes::keys_lines(model, area.width)),
    ];
    let [title, sentence, tabs, body, below, keys] = Layout::vertical(rows).areas(area);
    head::title(frame, title, model, ink);
    head::sentence(frame, sentence, model, ink);
    head::tabs(frame, tabs, model, ink);
    match (&model.page, &model.seen) {
        (Some(open), _) => page::draw(frame, body, model, open, ink),
        (None, Some(seen)) => tables(frame, body, model, seen, ink),
        (None, None) => {}
    }
    boxes::below(frame, below, model, ink);
    boxes::keys(frame, keys, model, ink);
    boxes::over(frame, body, model, ink);
    make_harmless(frame);
}

/// The chosen table, and above it what there is room for.
fn tables(frame: &mut Frame<'_>, area: Rect, model: &Model, seen: &Sight, ink: Ink) {
    let mut body = area;
    if frame.area().height >= TALL && model.table == Table::Operations {
        let above;
        [above, body] =
            Layout::vertical([Constraint::Length(ABOVE), Constraint::Fill(1)]).spacing(1).areas(area);
        if area.width >= WIDE {
            let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).spacing(2).areas(above);
            queues::grid(model, seen, ink).draw(frame, left, None, ink);
            workers::grid(seen, ink).draw(frame, right, None, ink);
        } else {
            queues::grid(model, seen, ink).draw(frame, above, None, ink);
        }
    }
    let grid = table(model, seen, ink);
    grid.draw(frame, body, Some(model.cursor().index), ink);
}

fn table(model: &Model, seen: &Sight, ink: Ink) -> Grid {
    let clock = Clock::of(model);
    match model.table {
        Table::Operations => operations::grid(&seen.operations, clock, ink),
        Table::Queues => queues::grid(model, seen, ink),
        Table::Workers => workers::grid(seen, ink),
        Table::DeadLetters => dead_letters::grid(seen, clock, ink),
        Table::Campaigns => campaigns::grid(seen, clock, ink),
    }
}

/// Whatever text from outside stands on the screen drives no terminal.
fn make_harmless(frame: &mut Frame<'_>) {
    for cell in &mut frame.buffer_mut().content {
        if cell.symbol().contains(drives_a_terminal) {
            cell.set_symbol("\u{fffd}");
        }
    }
}
