//! Operations: filtered by the language that the API and the command line have, in the address.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::selection::Selection;
use ktrdr_domain::scope::Scope;
use ktrdr_domain::terms::{self, Term};
use ktrdr_domain::{Kind, Status};

use super::order::{Column, Order};
use super::rows::Row;
use super::said;
use crate::answer::Answer;
use crate::ask::{Ask, Words};
use crate::button::Button;
use crate::selections::Deed;
use crate::shell::{Section, Shell};

/// Rows of a page.
const ROWS: u32 = 50;

/// What is asked for most.
const VIEWS: [(&str, &str); 5] = [
    ("All", ""),
    ("Running", "status=running"),
    ("Waiting", "status=pending"),
    ("Failed, but not at a gate", "status=failed&reason!=gate"),
    ("Cycles", "type=agent_research"),
];

/// A way to narrow, or to widen again.
struct Chip {
    word: String,
    to: String,
    /// `on`, `off`, `not`.
    state: &'static str,
}

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    shell: Shell,
    filter: String,
    views: Vec<Chip>,
    statuses: Vec<Chip>,
    kinds: Vec<Chip>,
    /// Ways to sort what this page shows.
    orders: Vec<Chip>,
    rows: Vec<Row>,
    total: Option<u64>,
    next: Option<String>,
    is_first: bool,
    buttons: Vec<String>,
}

impl OperationsPage {
    fn cli(&self) -> String {
        match self.filter.is_empty() {
            true => "ktrdr operations list".into(),
            false => format!("ktrdr operations list --filter '{}'", self.filter),
        }
    }
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let words = Words::read(&ask.query);
    if let Some(typed) = words.word("filter") {
        // A filter that was typed becomes the address.
        let selection: Selection = typed.parse()?;
        return Ok(Answer::To(address(selection.text())));
    }
    let cursor: Option<u64> = words.read_as("cursor")?;
    let query = said::without(&format!("?{}", ask.query));
    let is_term = |term: &&str| {
        !term.is_empty() && !["cursor=", "filter=", "sort="].iter().any(|own| term.starts_with(own))
    };
    let own: Vec<&str> = query.trim_start_matches('?').split('&').filter(is_term).collect();
    let selection: Selection = own.join("&").parse()?;
    let part = ask.app.select(&selection, cursor, ROWS).await?;
    let filter = selection.text().to_owned();
    let terms = terms::read(&filter).unwrap_or_default();
    let order: Option<Order> = words.read_as("sort")?;
    let mut rows = Row::all(part.operations, part.now_ms);
    order.iter().for_each(|order| order.sort(&mut rows));
    let sorted = order.map(|order| format!("sort={order}"));
    let next = part.next.map(|next| with(&filter, sorted.into_iter().chain([format!("cursor={next}")])));
    let orders = Column::ALL.map(|column| chip_of_order(column, order, &filter, cursor));
    let page = OperationsPage {
        shell: Shell::new(ask, Section::Operations, "Operations").live("operations"),
        views: VIEWS.iter().map(|(name, view)| chip_of_view(name, view, &filter)).collect(),
        statuses: Status::ALL.iter().map(|status| chip(&terms, "status", status.as_str())).collect(),
        orders: orders.into(),
        kinds: Kind::ALL.iter().map(|kind| chip(&terms, "type", kind.as_str())).collect(),
        buttons: if ask.may(Scope::Operator) && !filter.is_empty() { buttons(&filter) } else { Vec::new() },
        is_first: cursor.is_none(),
        total: part.total,
        filter,
        rows,
        next,
    };
    Answer::page(&page)
}

fn address(filter: &str) -> String {
    if filter.is_empty() { "/operations".into() } else { format!("/operations?{filter}") }
}

/// The same with further words behind it.
fn with(filter: &str, more: impl Iterator<Item = String>) -> String {
    let words = [filter.to_owned()].into_iter().filter(|word| !word.is_empty()).chain(more);
    address(&words.collect::<Vec<_>>().join("&"))
}

/// Off, smallest first, greatest first, off again.
fn chip_of_order(column: Column, now: Option<Order>, filter: &str, cursor: Option<u64>) -> Chip {
    let of = |is_down| Order { column, is_down };
    let (state, word, next) = match now.filter(|order| order.column == column) {
        None => ("off", column.to_string(), Some(of(false))),
        Some(Order { is_down: false, .. }) => ("on", format!("{column} ↑"), Some(of(true))),
        Some(_) => ("on", format!("{column} ↓"), None),
    };
    let cursor = cursor.map(|cursor| format!("cursor={cursor}"));
    let to = with(filter, next.map(|order| format!("sort={order}")).into_iter().chain(cursor));
    Chip { word, to, state }
}

fn chip_of_view(name: &str, view: &str, filter: &str) -> Chip {
    Chip { word: name.into(), to: address(view), state: if filter == view { "on" } else { "off" } }
}

/// Off, only these, none of these, off again.
fn chip(terms: &[Term], field: &str, value: &str) -> Chip {
    let about = |negated: bool| {
        terms
            .iter()
            .find(|t| t.field == field && !t.is_partial && t.is_negated == negated)
            .map_or(&[][..], |t| &t.values[..])
    };
    let has = |values: &[String]| values.iter().any(|known| known == value);
    let without =
        |values: &[String]| values.iter().filter(|known| *known != value).cloned().collect::<Vec<_>>();
    let (mut only, mut not) = (without(about(false)), without(about(true)));
    let state = match (has(about(false)), has(about(true))) {
        (true, _) => {
            not.push(value.to_owned());
            "on"
        }
        (_, true) => "not",
        _ => {
            only.push(value.to_owned());
            "off"
        }
    };
    let rest = terms.iter().filter(|term| term.field != field || term.is_partial).cloned();
    let term = |is_negated, values: Vec<String>| {
        (!values.is_empty()).then(|| Term { field: field.to_owned(), is_negated, is_partial: false, values })
    };
    let all: Vec<String> =
        rest.chain(term(false, only)).chain(term(true, not)).map(|term| term.to_string()).collect();
    Chip { word: value.to_owned(), to: address(&all.join("&")), state }
}

/// What can be done with all that match.
fn buttons(filter: &str) -> Vec<String> {
    let of = |deed: Deed, label, about: &str| {
        Button::new("/selections", label, format!("ktrdr operations {} …", deed.word()))
            .about(about)
            .with("filter", filter)
            .with("deed", deed.word())
            .back(address(filter))
            .html()
            .into_string()
    };
    vec![
        of(
            Deed::Cancel,
            "Cancel all that match",
            "They are counted and shown first; nothing is cancelled yet.",
        ),
        of(Deed::Retry, "Retry all that match", "They are counted and shown first; nothing is retried yet."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_goes_from_off_to_only_to_not_and_off_again() {
        let next = |filter: &str| {
            let chip = chip(&terms::read(filter).unwrap(), "status", "failed");
            (chip.state, chip.to)
        };
        assert_eq!(next("type=training"), ("off", "/operations?type=training&status=failed".into()));
        assert_eq!(next("status=failed,running"), ("on", "/operations?status=running&status!=failed".into()));
        assert_eq!(next("status!=failed"), ("not", "/operations".into()));
    }
}
