//! What only all rows together tell: the order of day and month, the decimal sign, where the volume is.

use memchr::memchr;

use super::cells::{Cells, Splitter};
use super::head::Head;
use super::layout::{Layout, TimeColumns};
use super::moment::{Date, DateOrder, Parts, TimeStyle};
use super::note::Note;
use super::number::{self, Decimal};
use crate::data::fault::{BadBars, Problem, shown};

/// How the rows of a file are written.
pub(super) struct Style {
    pub(super) time: TimeStyle,
    pub(super) decimal: Decimal,
    pub(super) volume: Option<usize>,
    pub(super) notes: Vec<Note>,
}

impl Style {
    /// Looks at every row, if the first leaves a question open. `given` is the order of dates that was asked for.
    pub(super) fn of(head: &Head<'_>, given: Option<DateOrder>) -> Result<Self, BadBars> {
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
        survey.style(head, given)
    }
}

/// A date that has one order only, and its line.
struct Ordered {
    order: DateOrder,
    line: u64,
    text: String,
}

#[derive(Default)]
struct Survey {
    rows: u64,
    /// The first date that ends with its year and has no usual order.
    open_date: Option<(u64, String)>,
    ordered: Option<Ordered>,
    /// The first date that has another order than `ordered`.
    contrary: Option<Ordered>,
    has_dates_with_year_last: bool,
    has_clocks_of_digits: bool,
    clock_digits_max: usize,
    has_commas: bool,
    decimal: Option<Decimal>,
    traded: bool,
    ticked: bool,
}

impl Survey {
    fn has_questions(&self, head: &Head<'_>) -> bool {
        let both_volumes = head.layout.volume.is_some() && head.layout.ticks.is_some();
        self.has_dates_with_year_last
            || self.has_clocks_of_digits
            || both_volumes
            || commas_may_be_inside(head)
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
        self.look_at_date(number, date);
        if !clock.is_empty() && clock.iter().all(u8::is_ascii_digit) {
            self.has_clocks_of_digits = true;
            self.clock_digits_max = self.clock_digits_max.max(clock.len());
        }
        if memchr(b',', line).is_some() {
            for price in layout.prices.map(|at| cells.get(at)) {
                self.has_commas |= price.contains(&b',');
                self.decimal = self.decimal.or_else(|| Decimal::of(price));
            }
        }
        let counts = |at: Option<usize>| at.is_some_and(|at| is_counted(cells.get(at)));
        self.traded |= counts(layout.volume);
        self.ticked |= counts(layout.ticks);
    }

    fn look_at_date(&mut self, line: u64, text: &[u8]) {
        let Some(Date::YearLast(date)) = Date::of(text) else { return };
        self.has_dates_with_year_last = true;
        match (date.order(), &self.ordered) {
            (Some(order), None) => self.ordered = Some(Ordered { order, line, text: shown(text) }),
            (Some(order), Some(known)) if order != known.order && self.contrary.is_none() => {
                self.contrary = Some(Ordered { order, line, text: shown(text) });
            }
            (None, _) if self.open_date.is_none() && date.usual_order().is_none() => {
                self.open_date = Some((line, shown(text)));
            }
            _ => {}
        }
    }

    fn style(self, head: &Head<'_>, given: Option<DateOrder>) -> Result<Style, BadBars> {
        let mut notes = Vec::new();
        let order = match given {
            Some(order) => Some(order),
            None => self.order(&mut notes)?,
        };
        let by_habit =
            if head.delimiter != b',' && self.has_commas { Decimal::Comma } else { Decimal::Point };
        let decimal = self.decimal.unwrap_or(by_habit);
        notes.extend((decimal == Decimal::Comma).then_some(Note::DecimalCommas));
        let ticks =
            head.layout.ticks.filter(|_| !self.traded && (self.ticked || head.layout.volume.is_none()));
        let volume = ticks.or(head.layout.volume);
        notes.extend(volume.is_none().then_some(Note::NoVolume));
        notes.extend(ticks.map(|_| Note::TickVolume));
        let clocks_have_seconds = self.clock_digits_max > 4;
        Ok(Style { time: TimeStyle { order, clocks_have_seconds }, decimal, volume, notes })
    }

    /// The one order that all dates can have.
    fn order(&self, notes: &mut Vec<Note>) -> Result<Option<DateOrder>, BadBars> {
        match (&self.ordered, &self.contrary, &self.open_date) {
            (Some(known), Some(contrary), _) => Err(BadBars::at(
                contrary.line,
                Problem::MixedDateOrders {
                    text: contrary.text.clone(),
                    order: known.order.word(),
                    other_text: known.text.clone(),
                    other_line: known.line,
                },
            )),
            (Some(known), None, _) => {
                notes.push(Note::DateOrderFound { order: known.order.word(), line: known.line });
                Ok(Some(known.order))
            }
            (None, _, Some((line, text))) => {
                Err(BadBars::at(*line, Problem::DateOrder { text: text.clone() }))
            }
            (None, ..) => Ok(None),
        }
    }
}

/// Whether a volume is there and is not zero.
fn is_counted(text: &[u8]) -> bool {
    !matches!(text, b"" | b"-") && number::volume(text, Decimal::Point) != Some(0.0)
}

/// Whether a cell can hold a comma: between quotes, or where other signs separate.
fn commas_may_be_inside(head: &Head<'_>) -> bool {
    let sign = if head.delimiter == b',' { b'"' } else { b',' };
    memchr(sign, head.rows.rest()).is_some()
}
