//! What only all rows together tell: the order of day and month, the decimal sign, where the volume is.

use ktrdr_domain::job::DecimalSign;
use memchr::memchr;

use super::ImportOptions;
use super::cells::{Cells, Splitter};
use super::date_orders::{DateOrders, Place};
use super::head::Head;
use super::layout::{Layout, TimeColumns};
use super::moment::{Parts, TimeStyle};
use super::note::Note;
use super::number;
use super::written_date::Date;
use crate::data::fault::{BadBars, Problem};

/// How the rows of a file are written.
pub(super) struct Style {
    pub(super) time: TimeStyle,
    pub(super) decimal: DecimalSign,
    pub(super) volume: Option<usize>,
    pub(super) notes: Vec<Note>,
}

impl Style {
    /// Looks at every row, if the first leaves a question open.
    pub(super) fn of(head: &Head<'_>, options: &ImportOptions) -> Result<Self, BadBars> {
        let mut survey = Survey::default();
        let mut splitter = Splitter::new(head.delimiter);
        for (number, line) in head.rows.clone() {
            let Ok(cells) = splitter.split(line) else { continue };
            if !head.layout.fits(cells) {
                continue;
            }
            let is_first = survey.rows == 0;
            survey.look(&head.layout, number, line, cells);
            if is_first && !survey.has_questions(head) {
                break;
            }
        }
        survey.style(head, options)
    }
}

#[derive(Default)]
struct Survey {
    rows: u64,
    dates: DateOrders,
    has_clocks_of_digits: bool,
    clock_digits_max: usize,
    /// The first price with a comma.
    comma: Option<Place>,
    /// What a price tells of the decimal sign, and what a volume does.
    decimal: Option<DecimalSign>,
    decimal_of_volume: Option<DecimalSign>,
    traded: bool,
    ticked: bool,
}

impl Survey {
    fn has_questions(&self, head: &Head<'_>) -> bool {
        let both_volumes = head.layout.volume.is_some() && head.layout.ticks.is_some();
        self.dates.are_open() || self.has_clocks_of_digits || both_volumes || commas_may_be_inside(head)
    }

    fn look(&mut self, layout: &Layout, number: u64, line: &[u8], cells: Cells<'_>) {
        self.rows += 1;
        let (date, clock) = match layout.time {
            TimeColumns::One(at) => {
                let parts = Parts::of(cells.get(at));
                (parts.date, parts.clock)
            }
            TimeColumns::DateAndTime(date, time) => (cells.get(date), cells.get(time)),
        };
        if let Some(Date::Ordered(read)) = Date::of(date) {
            self.dates.look(&read, number, date);
        }
        if !clock.is_empty() && clock.iter().all(u8::is_ascii_digit) {
            self.has_clocks_of_digits = true;
            self.clock_digits_max = self.clock_digits_max.max(clock.len());
        }
        if memchr(b',', line).is_some() {
            self.look_at_commas(layout, number, cells);
        }
        let counts = |at: Option<usize>| at.is_some_and(|at| is_counted(cells.get(at)));
        self.traded |= counts(layout.volume);
        self.ticked |= counts(layout.ticks);
    }

    fn look_at_commas(&mut self, layout: &Layout, line: u64, cells: Cells<'_>) {
        for price in layout.prices.map(|at| cells.get(at)) {
            if price.contains(&b',') {
                self.comma.get_or_insert_with(|| Place::of(line, price));
            }
            self.decimal = self.decimal.or_else(|| number::decimal_of(price));
        }
        let volume = layout.volume.map(|at| cells.get(at)).unwrap_or_default();
        self.decimal_of_volume = self.decimal_of_volume.or_else(|| number::decimal_of_volume(volume));
    }

    fn style(self, head: &Head<'_>, options: &ImportOptions) -> Result<Style, BadBars> {
        let mut notes = Vec::new();
        let order = match options.date_order {
            Some(order) => Some(order),
            None => self.dates.order(&mut notes)?,
        };
        let decimal = self.decimal(head, options.decimal, &mut notes)?;
        let ticks =
            head.layout.ticks.filter(|_| !self.traded && (self.ticked || head.layout.volume.is_none()));
        let volume = ticks.or(head.layout.volume);
        notes.extend(volume.is_none().then_some(Note::NoVolume));
        notes.extend(ticks.map(|_| Note::TickVolume));
        let clocks_have_seconds = self.clock_digits_max > 4;
        Ok(Style { time: TimeStyle { order, clocks_have_seconds }, decimal, volume, notes })
    }

    /// The sign before fractions: as was asked for, as prices or else volumes tell, or by habit, which is said.
    fn decimal(
        &self,
        head: &Head<'_>,
        given: Option<DecimalSign>,
        notes: &mut Vec<Note>,
    ) -> Result<DecimalSign, BadBars> {
        let of_volume = self.decimal_of_volume.filter(|_| self.comma.is_some());
        match (given.or(self.decimal).or(of_volume), &self.comma) {
            (Some(DecimalSign::Comma), _) => {
                notes.push(Note::DecimalCommas);
                Ok(DecimalSign::Comma)
            }
            (Some(DecimalSign::Point), _) | (None, None) => Ok(DecimalSign::Point),
            (None, Some(_)) if head.delimiter == b';' => {
                notes.push(Note::DecimalCommasAssumed);
                Ok(DecimalSign::Comma)
            }
            (None, Some(Place { line, text })) => {
                Err(BadBars::at(*line, Problem::DecimalSign { text: text.clone() }))
            }
        }
    }
}

/// Whether a volume is there and is not zero.
fn is_counted(text: &[u8]) -> bool {
    !matches!(text, b"" | b"-") && number::volume(text, DecimalSign::Point) != Some(0.0)
}

/// Whether a cell can hold a comma: between quotes, or where other signs separate.
fn commas_may_be_inside(head: &Head<'_>) -> bool {
    let sign = if head.delimiter == b',' { b'"' } else { b',' };
    memchr(sign, head.rows.rest()).is_some()
}
