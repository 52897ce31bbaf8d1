//! Walking a file's tree: a cursor reads values as typed ones, notes each fault with its path and line, and goes on.

use std::collections::HashSet;
use std::fmt::Display;
use std::str::FromStr;

use super::diagnostic::{Diagnostic, Diagnostics, KEPT_MAX, shown};
use super::field::Field;
use super::node::{Content, Node, join};
use super::refused;
use super::words::Words;
use crate::nearest::nearest;

/// A node and the path that leads to it.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'n> {
    pub(super) path: String,
    pub(super) line: Option<u32>,
    node: &'n Node,
}

impl<'n> Cursor<'n> {
    /// The whole file.
    pub(super) fn root(node: &'n Node) -> Self {
        Self { path: String::new(), line: node.line, node }
    }

    /// Notes a fault here.
    pub(super) fn error(&self, out: &mut Diagnostics, message: impl Into<String>, fix: impl Into<String>) {
        let (path, line) = (self.path.clone(), self.line);
        out.error(Diagnostic { path, line, message: message.into(), fix: fix.into() });
    }

    fn expected(&self, out: &mut Diagnostics, what: &str, fix: impl Into<String>) {
        self.error(out, format!("expected {what}, found {}", self.found()), fix);
    }

    /// What stands here, in words.
    fn found(&self) -> String {
        match &self.node.content {
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a map".to_owned(),
            Content::Scalar { text, quoted: true } => format!("the text {}", shown(text)),
            Content::Scalar { text, .. } if is_null(text) => "nothing".to_owned(),
            Content::Scalar { text, .. } => shown(text),
        }
    }

    /// Text as it stands, quoted or not; `None` for lists, maps and nothing.
    fn scalar(&self) -> Option<&'n str> {
        match &self.node.content {
            Content::Scalar { text, quoted } if *quoted || !is_null(text) => Some(text),
            _ => None,
        }
    }

    /// The word `false`, which switches off what has numbers when it is on.
    pub(super) fn is_off(&self) -> bool {
        matches!(&self.node.content, Content::Scalar { text, quoted: false } if is_off(text))
    }

    /// Whether a map stands here.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.node.content, Content::Map(_))
    }

    /// Whether a list stands here.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.content, Content::List(_))
    }

    /// Text.
    pub(super) fn text(&self, out: &mut Diagnostics) -> Option<&'n str> {
        let text = self.scalar();
        if text.is_none() {
            self.expected(out, "text", "write one value, or remove the key");
        }
        text
    }

    /// Text that has a form of its own, such as a timeframe.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, out: &mut Diagnostics, fix: &str) -> Option<T> {
        let text = self.text(out)?;
        text.parse().map_err(|fault: T::Err| self.error(out, fault.to_string(), fix)).ok()
    }

    /// One of a closed set of words.
    pub(super) fn word<T: Words>(&self, out: &mut Diagnostics) -> Option<T> {
        let text = self.text(out)?;
        let value = T::from_word(text);
        if value.is_none() {
            self.no_such_word(out, text, &T::words());
        }
        value
    }

    /// Notes that `text` is none of `words`, naming the nearest.
    pub(super) fn no_such_word(&self, out: &mut Diagnostics, text: &str, words: &[&str]) {
        let message = format!("{} is not known here", shown(text));
        let fix = refused::word(text).map_or_else(|| advice(text, words), str::to_owned);
        self.error(out, message, fix);
    }

    /// A number within a field's range.
    pub(super) fn number(&self, out: &mut Diagnostics, field: &Field) -> Option<f64> {
        let value = match &self.node.content {
            Content::Scalar { text, quoted: false } => number(text),
            _ => None,
        };
        let Some(value) = value else {
            let percent = match &self.node.content {
                Content::Scalar { text, .. } => refused::fraction(text),
                _ => None,
            };
            let fix = percent.unwrap_or_else(|| "write a plain decimal number, without quotes".to_owned());
            self.expected(out, &field.range(), &fix);
            return None;
        };
        if !field.allows(value) {
            let fix = refused::range_hint(&self.path).unwrap_or("choose a value in the range");
            // Debug, because Display writes 1e308 with all its zeros.
            let value = format!("{value:?}");
            let value = value.trim_end_matches(".0");
            self.error(out, format!("{value} is out of range: it must be {}", field.range()), fix);
            return None;
        }
        Some(value)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, out: &mut Diagnostics) -> Option<bool> {
        match &self.node.content {
            Content::Scalar { text, quoted: false } if text.eq_ignore_ascii_case("true") => Some(true),
            Content::Scalar { text, quoted: false } if is_off(text) => Some(false),
            _ => {
                self.expected(out, "true or false", "write true or false, without quotes");
                None
            }
        }
    }

    /// The items of a list of 1 to `most`.
    pub(super) fn items(&self, out: &mut Diagnostics, most: usize) -> Option<Vec<Cursor<'n>>> {
        let Content::List(items) = &self.node.content else {
            self.expected(out, "a list", "write [first, second]");
            return None;
        };
        if items.is_empty() || items.len() > most {
            self.error(out, format!("the list has {} items", items.len()), format!("keep 1 to {most}"));
            return None;
        }
        let cursor = |(i, node): (usize, &'n Node)| Cursor {
            path: format!("{}[{i}]", self.path),
            line: node.line,
            node,
        };
        Some(items.iter().enumerate().map(cursor).collect())
    }

    /// A reader of the map that stands here. `name` is what [`refused`] calls it.
    pub(super) fn map_reader(&self, out: &mut Diagnostics, name: &'static str) -> Option<MapReader<'n>> {
        let Content::Map(entries) = &self.node.content else {
            self.expected(out, "a map", "write `key: value` lines, indented below");
            return None;
        };
        let mut map = MapReader { cursor: self.clone(), name, entries: Vec::new(), asked: Vec::new() };
        let mut seen = HashSet::new();
        for entry in entries {
            let cursor = Cursor { path: join(&self.path, &entry.key), line: entry.line, node: &entry.node };
            if seen.insert(entry.key.as_str()) {
                map.entries.push((&entry.key, cursor));
            } else {
                cursor.error(out, "the key stands here a second time", "keep one of the two");
            }
        }
        Some(map)
    }
}

/// A map being read. It remembers which keys were asked for; [`MapReader::finish`] refuses the others.
pub(super) struct MapReader<'n> {
    pub(super) cursor: Cursor<'n>,
    name: &'static str,
    entries: Vec<(&'n str, Cursor<'n>)>,
    asked: Vec<&'static str>,
}

impl<'n> MapReader<'n> {
    /// The value of a key that may be left out.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Cursor<'n>> {
        self.asked.push(key);
        self.entries.iter().find(|(k, _)| *k == key).map(|(_, cursor)| cursor.clone())
    }

    /// The value of a key that must be there.
    pub(super) fn need(&mut self, out: &mut Diagnostics, key: &'static str) -> Option<Cursor<'n>> {
        let cursor = self.get(key);
        if cursor.is_none() {
            let missing = Cursor { path: join(&self.cursor.path, key), ..self.cursor.clone() };
            missing.error(out, "the key is missing", refused::missing_hint(key));
        }
        cursor
    }

    /// A number: as written, else the field's default. `None` when it is faulty or there is neither.
    pub(super) fn number(&mut self, out: &mut Diagnostics, field: &Field) -> Option<f64> {
        match self.get(field.key) {
            Some(cursor) => cursor.number(out, field),
            None => field.default,
        }
    }

    /// A whole number, like [`MapReader::number`].
    pub(super) fn count(&mut self, out: &mut Diagnostics, field: &Field) -> Option<u32> {
        self.number(out, field).map(|n| n as u32)
    }

    /// All of a form's numbers, in the order of its fields. `None` when one is faulty or missing.
    pub(super) fn numbers(&mut self, out: &mut Diagnostics, fields: &[Field]) -> Option<Vec<f64>> {
        let read = |field: &Field| match field.default {
            Some(_) => self.number(out, field),
            None => self.need(out, field.key).and_then(|cursor| cursor.number(out, field)),
        };
        let values: Vec<Option<f64>> = fields.iter().map(read).collect();
        values.into_iter().collect()
    }

    /// A word; `default` when left out, `None` when faulty.
    pub(super) fn word<T: Words>(
        &mut self,
        out: &mut Diagnostics,
        key: &'static str,
        default: T,
    ) -> Option<T> {
        self.get(key).map_or(Some(default), |cursor| cursor.word(out))
    }

    /// A flag; `default` when left out, `None` when faulty.
    pub(super) fn flag(&mut self, out: &mut Diagnostics, key: &'static str, default: bool) -> Option<bool> {
        self.get(key).map_or(Some(default), |cursor| cursor.flag(out))
    }

    /// The entries that nobody asked for, such as the members of a fuzzy set.
    pub(super) fn rest(&self) -> impl Iterator<Item = (&'n str, &Cursor<'n>)> {
        self.entries.iter().filter(|(key, _)| !self.asked.contains(key)).map(|(key, cursor)| (*key, cursor))
    }

    /// Refuses every key that nobody asked for, with the reason or the nearest valid key.
    pub(super) fn finish(self, out: &mut Diagnostics) {
        for (key, cursor) in self.rest().take(KEPT_MAX) {
            match refused::key(self.name, key) {
                Some((reason, fix)) => cursor.error(out, reason, fix),
                None => cursor.error(out, "the key is not known here", advice(key, &self.asked)),
            }
        }
    }
}

/// The nearest of `known`, when one is near, and all of them.
fn advice(text: &str, known: &[&str]) -> String {
    let near = nearest(text, known.iter().copied());
    let all = known.join(", ");
    near.map_or_else(|| format!("use one of: {all}"), |name| format!("did you mean {name:?}? Known: {all}"))
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn is_off(text: &str) -> bool {
    text.eq_ignore_ascii_case("false")
}

/// A finite decimal number. `inf`, `nan`, hexadecimal and `1_000` are not.
fn number(text: &str) -> Option<f64> {
    let decimal = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse().ok().filter(|n: &f64| decimal && n.is_finite())
}
