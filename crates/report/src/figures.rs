//! Figures as people write them, with their units; what is undefined says so.

use ktrdr_chart::Cell;
use ktrdr_chart::label::grouped;
use ktrdr_domain::{Span, Timestamp};

/// What stands where there is no figure.
pub(crate) const UNDEFINED: &str = "undefined";

/// A fraction as a percentage.
pub(crate) fn percent(fraction: Option<f64>) -> String {
    fraction.map_or_else(|| UNDEFINED.into(), |x| format!("{} %", grouped(x * 100.0, 2)))
}

/// With two decimals.
pub(crate) fn number(x: Option<f64>) -> String {
    decimals(x, 2)
}

/// With so many.
pub(crate) fn decimals(x: Option<f64>, decimals: usize) -> String {
    x.map_or_else(|| UNDEFINED.into(), |x| grouped(x, decimals))
}

/// A count.
pub(crate) fn count(n: u64) -> String {
    grouped(n as f64, 0)
}

/// So many of something.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// The date alone.
pub(crate) fn date(time: Timestamp) -> String {
    time.to_datetime().map_or_else(|| time.to_string(), |at| at.format("%Y-%m-%d").to_string())
}

/// From date to date.
pub(crate) fn dates(span: &Span) -> String {
    format!("{} to {}", date(span.start), date(span.end))
}

/// A cell of a table; a dash where there is no figure.
pub(crate) fn cell(x: Option<f64>, written: impl Fn(Option<f64>) -> String) -> Cell {
    match x.filter(|x| x.is_finite()) {
        Some(x) => Cell::number(written(Some(x))),
        None => Cell::number("–"),
    }
}

/// The same, coloured by how far it is from zero beside `worst`, the farthest of its column.
pub(crate) fn toned(x: Option<f64>, worst: f64, written: impl Fn(Option<f64>) -> String) -> Cell {
    let tone = x.filter(|_| worst > 0.0).map(|x| x / worst);
    Cell { tone, ..cell(x, written) }
}

/// The farthest from zero.
pub(crate) fn farthest(values: impl IntoIterator<Item = Option<f64>>) -> f64 {
    values.into_iter().flatten().filter(|x| x.is_finite()).fold(0.0, |far, x| far.max(x.abs()))
}
