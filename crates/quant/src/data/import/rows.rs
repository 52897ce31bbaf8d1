//! A line as a row of numbers.

use ktrdr_domain::job::DecimalSign;

use super::cells::{Cells, Splitter};
use super::head::Head;
use super::layout::TimeColumns;
use super::moment::{Clock, Moment};
use super::number;
use super::rounding::LastDigits;
use super::survey::Style;
use super::written_date::DateForm;
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

/// The date whose form all others must have.
struct FirstDate {
    form: DateForm,
    line: u64,
    text: String,
}

/// Turns lines into drafts, and counts what it had to assume.
pub(super) struct RowReader<'a> {
    head: &'a Head<'a>,
    style: &'a Style,
    last_digits: LastDigits,
    first_date: Option<FirstDate>,
    /// Rows whose volume is empty.
    pub(super) volumes_missing: u64,
    /// Rows whose high or low was widened.
    pub(super) mended: u64,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(head: &'a Head<'a>, style: &'a Style) -> Self {
        Self {
            head,
            style,
            last_digits: LastDigits::default(),
            first_date: None,
            volumes_missing: 0,
            mended: 0,
        }
    }

    /// Reads one line; `splitter` lends its memory.
    pub(super) fn read(
        &mut self,
        (number, line): (u64, &[u8]),
        splitter: &mut Splitter,
    ) -> Result<Draft, Problem> {
        let mut draft = match csv::plain_row(line).filter(|_| self.head.is_own) {
            Some(row) => Draft {
                moment: Moment { wall_s: row.time, clock: Clock::Ahead(0), form: DateForm::YearFirst(b'-') },
                values: row.values,
            },
            None => self.read_cells(splitter.split(line)?).map_err(|problem| self.named(problem, line))?,
        };
        self.keep_to_one_form(draft.moment.form, number, line, splitter)?;
        let [open, high, low, close, _] = draft.values;
        if (high < open || high < close || low > open || low > close)
            && let Some(mended) = self.last_digits.mended(draft.values, self)
        {
            draft.values = mended;
            self.mended += 1;
        }
        Ok(draft)
    }

    /// What a line that could not be read is, where it is none of the rows.
    fn named(&self, problem: Problem, line: &[u8]) -> Problem {
        let begins = line.trim_ascii_start().iter().find(|b| **b != b'"');
        let is_letter = |b: &u8| b.is_ascii_alphabetic() || !b.is_ascii() || b"#*(".contains(b);
        let is_text = begins.is_some_and(is_letter) && self.time_column() == 0;
        match problem {
            // The rows before left no order open, so their dates have another form.
            Problem::DateOrder { text, .. } if self.first_date.is_some() => self.mixed_forms(text),
            Problem::Fields { .. } | Problem::Time { .. } if is_text => Problem::Words { text: shown(line) },
            problem => problem,
        }
    }

    /// Dates of two forms come from two sources, and may show two clocks.
    fn keep_to_one_form(
        &mut self,
        form: DateForm,
        line: u64,
        text: &[u8],
        splitter: &mut Splitter,
    ) -> Result<(), Problem> {
        if self.first_date.as_ref().is_some_and(|first| first.form == form) {
            return Ok(());
        }
        let text = splitter.split(text).map(|cells| shown(cells.get(self.time_column())))?;
        let first = self.first_date.get_or_insert_with(|| FirstDate { form, line, text: text.clone() });
        if first.form == form {
            return Ok(());
        }
        Err(self.mixed_forms(text))
    }

    fn mixed_forms(&self, text: String) -> Problem {
        let (other_text, other_line) =
            self.first_date.as_ref().map_or_else(Default::default, |first| (first.text.clone(), first.line));
        Problem::MixedDateForms { text, other_text, other_line }
    }

    fn time_column(&self) -> usize {
        match self.head.layout.time {
            TimeColumns::One(at) | TimeColumns::DateAndTime(at, _) => at,
        }
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
    pub(super) fn each_row_of_prices(&self, mut look: impl FnMut([&[u8]; 4], DecimalSign)) {
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
