//! A table whose columns depend on how much room there is.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState};

use super::Ink;
use super::wrapping::cut;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    /// In characters; 0 takes what is left.
    width: u16,
    /// From which width of the table on it is shown.
    from: u16,
    is_figure: bool,
}

impl Column {
    /// Words of at most so many characters.
    pub(super) const fn words(title: &'static str, width: u16) -> Self {
        Self { title, width, from: 0, is_figure: false }
    }

    /// Figures, which are aligned right.
    pub(super) const fn figure(title: &'static str, width: u16) -> Self {
        Self { title, width, from: 0, is_figure: true }
    }

    /// The same, where the table is so wide.
    pub(super) const fn from(self, from: u16) -> Self {
        Self { from, ..self }
    }

    /// The same, if anybody has something to say there.
    pub(super) const fn only_if(self, is_wanted: bool) -> Self {
        if is_wanted { self } else { self.from(u16::MAX) }
    }
}

/// A table with its rows: a cell for every column, shown or not.
pub(super) struct Grid {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Line<'static>>>,
    /// What is said where there are none.
    pub(super) nothing: String,
}

impl Grid {
    /// Draws it, with the row under the cursor in sight.
    pub(super) fn draw(self, frame: &mut Frame<'_>, area: Rect, cursor: Option<usize>, ink: Ink) {
        if self.rows.is_empty() {
            return frame.render_widget(Paragraph::new(self.nothing).style(ink.faint()), area);
        }
        let Self { columns, rows, .. } = self;
        let shown = |column: &Column| column.from <= area.width;
        let rest = rest(columns.iter().filter(|column| shown(column)), area.width);
        let aligned = |column: &Column, line: Line<'static>| match (column.is_figure, column.width) {
            (true, _) => line.alignment(Alignment::Right),
            (false, 0) => cut(line, rest),
            (false, width) => cut(line, width),
        };
        let heads = columns.iter().filter(|column| shown(column));
        let head = heads.clone().map(|column| Cell::from(Text::from(aligned(column, column.title.into()))));
        let widths = heads.map(|column| match column.width {
            0 => Constraint::Fill(1),
            width => Constraint::Length(width),
        });
        let body = rows.into_iter().map(|cells| {
            let cells = columns.iter().zip(cells).filter(|(column, _)| shown(column));
            Row::new(cells.map(|(column, cell)| Cell::from(Text::from(aligned(column, cell)))))
        });
        let table = Table::new(body, widths.collect::<Vec<_>>())
            .header(Row::new(head).style(ink.faint()))
            .row_highlight_style(ink.chosen());
        frame.render_stateful_widget(table, area, &mut TableState::default().with_selected(cursor));
    }
}

/// What is left for each column that takes some of the rest.
fn rest<'a>(shown: impl Iterator<Item = &'a Column>, width: u16) -> u16 {
    let (mut taken, mut takers, mut columns) = (0, 0, 0_u16);
    for column in shown {
        (taken, takers, columns) = (taken + column.width, takers + u16::from(column.width == 0), columns + 1);
    }
    width.saturating_sub(taken + columns.saturating_sub(1)) / takers.max(1)
}
