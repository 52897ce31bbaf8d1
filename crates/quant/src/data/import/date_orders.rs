//! The one order of day, month and year that all dates of a file can have.

use ktrdr_domain::job::DateOrder;

use super::note::Note;
use super::written_date::OrderedDate;
use crate::data::fault::{BadBars, Problem, shown};

/// A text of the file and its line.
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) text: String,
}

impl Place {
    pub(super) fn of(line: u64, text: &[u8]) -> Self {
        Self { line, text: shown(text) }
    }
}

/// Orders in which every date so far can be read.
pub(super) struct DateOrders {
    left: Vec<DateOrder>,
    usual: Option<DateOrder>,
    /// The first date that has several orders.
    open: Option<Place>,
    /// The date that ruled an order out last.
    telling: Option<Place>,
    /// The first date that has none of the orders that were left.
    contrary: Option<Place>,
}

impl Default for DateOrders {
    fn default() -> Self {
        Self { left: DateOrder::ALL.to_vec(), usual: None, open: None, telling: None, contrary: None }
    }
}

impl DateOrders {
    /// Whether the dates seen have several orders by their form.
    pub(super) fn are_open(&self) -> bool {
        self.open.is_some() || self.telling.is_some() || self.contrary.is_some()
    }

    pub(super) fn look(&mut self, date: &OrderedDate, line: u64, text: &[u8]) {
        self.usual = self.usual.or_else(|| date.usual_order());
        let left: Vec<DateOrder> = date.orders().filter(|order| self.left.contains(order)).collect();
        if left.is_empty() {
            // What is a date in no order at all is refused with its row.
            let is_date = date.orders().next().is_some();
            self.contrary = self.contrary.take().or_else(|| is_date.then(|| Place::of(line, text)));
            return;
        }
        if left.len() > 1 {
            self.open.get_or_insert_with(|| Place::of(line, text));
        }
        if left.len() < self.left.len() {
            self.left = left;
            self.telling = Some(Place::of(line, text));
        }
    }

    /// The order of the file; `None` where its dates leave none open, or have a usual one.
    pub(super) fn order(&self, notes: &mut Vec<Note>) -> Result<Option<DateOrder>, BadBars> {
        if let (Some(contrary), Some(telling)) = (&self.contrary, &self.telling) {
            return Err(BadBars::at(
                contrary.line,
                Problem::MixedDateOrders {
                    text: contrary.text.clone(),
                    order: self.names().join(" or "),
                    other_text: telling.text.clone(),
                    other_line: telling.line,
                },
            ));
        }
        match (self.left.as_slice(), &self.telling, &self.open) {
            ([order], Some(Place { line, .. }), _) => {
                notes.push(Note::DateOrderFound { order: order.name(), line: *line });
                Ok(Some(*order))
            }
            (left, _, Some(Place { line, text })) if !self.usual.is_some_and(|o| left.contains(&o)) => {
                Err(BadBars::at(*line, Problem::DateOrder { text: text.clone(), orders: self.names() }))
            }
            _ => Ok(None),
        }
    }

    fn names(&self) -> Vec<&'static str> {
        self.left.iter().map(|order| order.name()).collect()
    }
}
