//! A line as a row of numbers.

use super::cells::{Cells, Splitter};
use super::head::Head;
use super::layout::TimeColumns;
use super::moment::{Clock, Moment};
use super::number::{self, Decimal};
use super::rounding::LastDigits;
use super::survey::Style;
use crate::data::csv;
use crate::data::fault::{Problem, shown};
use crate::data::intake::COLUMNS;

/// A row whose time is still what a clock showed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft {
    pub(super) moment: Moment,
    /// Open, high, low, close, volume.
    pub(super) values: [f64; 5],
}

/// Turns lines into drafts, and counts what it had to assume.
pub(super) struct RowReader<'a> {
    head: &'a Head<'a>,
    style: &'a Style,
    last_digits: LastDigits,
    /// Rows whose volume is empty.
    pub(super) volumes_missing: u64,
    /// Rows whose high or low was widened.
    pub(super) mended: u64,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(head: &'a Head<'a>, style: &'a Style) -> Self {
        Self { head, style, last_digits: LastDigits::default(), volumes_missing: 0, mended: 0 }
    }

    /// Reads one line; `splitter` lends its memory.
    pub(super) fn read(&mut self, line: &[u8], splitter: &mut Splitter) -> Result<Draft, Problem> {
        let mut draft = match csv::plain_row(line).filter(|_| self.head.is_own) {
            Some(row) => {
                Draft { moment: Moment { wall_s: row.time, clock: Clock::Ahead(0) }, values: row.values }
            }
            None => self.read_cells(splitter.split(line)?)?,
        };
        let [open, high, low, close, _] = draft.values;
        if (high < open || high < close || low > open || low > close)
            && let Some(mended) = self.last_digits.mended(draft.values, self)
        {
            draft.values = mended;
            self.mended += 1;
        }
        Ok(draft)
    }

    fn read_cells(&mut self, cells: Cells<'_>) -> Result<Draft, Problem> {
        let layout = &self.head.layout;
        if !layout.fits(cells) {
            return Err(Problem::Fields { found: cells.len(), expected: layout.width });
        }
        let moment = match layout.time {
            TimeColumns::One(at) => Moment::read(cells.get(at), self.style.time)?,
            TimeColumns::DateAndTime(date, time) => {
                Moment::read(&[cells.get(date), cells.get(time)].join(&b' '), self.style.time)?
            }
        };
        let mut values = [0.0; 5];
        for ((value, column), at) in values.iter_mut().zip(COLUMNS).zip(layout.prices) {
            let text = cells.get(at);
            *value = number::price(text, self.style.decimal)
                .ok_or_else(|| Problem::Number { column, text: shown(text) })?;
        }
        if let Some(at) = self.style.volume {
            values[4] = self.volume(cells.get(at))?;
        }
        Ok(Draft { moment, values })
    }

    /// Vendors leave the volume empty, or write a dash, where they have none.
    fn volume(&mut self, text: &[u8]) -> Result<f64, Problem> {
        if matches!(text, b"" | b"-") {
            self.volumes_missing += 1;
            return Ok(0.0);
        }
        number::volume(text, self.style.decimal)
            .ok_or_else(|| Problem::Number { column: COLUMNS[4], text: shown(text) })
    }

    /// Hands over the texts of the prices of every row.
    pub(super) fn each_row_of_prices(&self, mut look: impl FnMut([&[u8]; 4], Decimal)) {
        let mut splitter = Splitter::new(self.head.delimiter);
        for (_, line) in self.head.rows.clone() {
            if let Ok(cells) = splitter.split(line)
                && self.head.layout.fits(cells)
            {
                look(self.head.layout.prices.map(|at| cells.get(at)), self.style.decimal);
            }
        }
    }
}
