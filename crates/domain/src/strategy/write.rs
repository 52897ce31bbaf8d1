//! Strategies as grammar 3.0 files, as JSON of the same shape, and as hashes.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::indicators::{IndicatorSpec, Param, ParamForm};
use super::{Architecture, Strategy};
use crate::hash::Sha256;

/// Longest line that a list or map is put on; longer ones get a line per item.
const LINE_CHARS: usize = 100;

impl Strategy {
    /// The strategy as a grammar 3.0 file that reads back to an equal one. Every value that acts is written out.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut text = String::new();
        block(&self.to_value(), 0, &mut text);
        text
    }

    /// Hash of the whole strategy, name and texts included: which strategy this is. Models, reports and messages
    /// carry it.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(self.to_value().to_string().as_bytes())
    }

    /// Hash of what decides results: without name, description and hypothesis, and whatever the order in which
    /// indicators and fuzzy sets are declared. Two strategies with one content hash are one trial.
    #[must_use]
    pub fn content_sha256(&self) -> Sha256 {
        let mut value = self.to_value();
        if let Some(map) = value.as_object_mut() {
            for key in ["name", "description", "hypothesis"] {
                map.shift_remove(key);
            }
            for key in ["indicators", "fuzzy_sets"] {
                if let Some(Value::Object(section)) = map.get_mut(key) {
                    section.sort_keys();
                }
            }
        }
        Sha256::of(value.to_string().as_bytes())
    }

    /// The strategy as JSON in the shape of a file. Keys are text and numbers are plain, so it can not fail.
    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// `{id: {type, source, parameters…}}`
pub(super) fn indicators<S: Serializer>(
    specs: &IndexMap<String, IndicatorSpec>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(specs.len()))?;
    for (id, spec) in specs {
        map.serialize_entry(id, &indicator(spec))?;
    }
    map.end()
}

fn indicator(spec: &IndicatorSpec) -> Value {
    let definition = spec.kind.definition();
    let mut map = Map::new();
    map.insert("type".to_owned(), json!(spec.kind));
    if definition.has_source {
        map.insert("source".to_owned(), json!(spec.source));
    }
    for param in definition.params {
        map.insert(param.name.to_owned(), parameter(param, spec.number(param.name)));
    }
    let unknown =
        spec.params.iter().filter(|(name, _)| definition.params.iter().all(|p| p.name != name.as_str()));
    map.extend(unknown.map(|(name, value)| (name.clone(), json!(value))));
    Value::Object(map)
}

/// A parameter as a file has it. A value outside its form stays a number, which the reader then refuses.
fn parameter(param: &Param, value: f64) -> Value {
    let is_switch = value == 0.0 || value == 1.0;
    match param.form {
        ParamForm::Count if value.fract() == 0.0 && value.abs() < 1e15 => json!(value as i64),
        ParamForm::Flag if is_switch => json!(value == 1.0),
        ParamForm::Average if is_switch => json!(if value == 1.0 { "EMA" } else { "SMA" }),
        _ => json!(value),
    }
}

/// `{type: mlp, architecture}`
pub(super) fn model<S: Serializer>(architecture: &Architecture, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Model<'a> {
        r#type: &'static str,
        architecture: &'a Architecture,
    }
    Model { r#type: "mlp", architecture }.serialize(serializer)
}

/// Writes the entries of a map or the items of a list, a line or a block each. Sections of the file are set apart.
fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if depth == 0 && nesting(value) > 0 {
                    text.push('\n');
                }
                entry(&format!("{indent}{}:", plain(key)), value, depth, text);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| entry(&format!("{indent}-"), item, depth, text)),
        _ => {}
    }
}

/// Writes one value behind its key or dash: on the same line when it fits, else as a block below.
fn entry(head: &str, value: &Value, depth: usize, text: &mut String) {
    let line = format!("{head} {}", flow(value));
    let short = line.chars().count() <= LINE_CHARS && nesting(value) <= 2 && depth > 0;
    let empty = value.as_object().is_some_and(Map::is_empty);
    if short || empty || nesting(value) == 0 {
        text.push_str(&line);
        text.push('\n');
    } else {
        text.push_str(head);
        text.push('\n');
        block(value, depth + 1, text);
    }
}

/// How deep lists and maps lie inside each other; 0 for a scalar.
fn nesting(value: &Value) -> usize {
    let deepest = |inner: &mut dyn Iterator<Item = &Value>| 1 + inner.map(nesting).max().unwrap_or(0);
    match value {
        Value::Array(items) => deepest(&mut items.iter()),
        Value::Object(map) => deepest(&mut map.values()),
        _ => 0,
    }
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(k, v)| format!("{}: {}", plain(k), flow(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::String(text) => plain(text),
        Value::Number(number) => {
            let digits = number.to_string();
            digits.strip_suffix(".0").unwrap_or(&digits).to_owned()
        }
        Value::Bool(_) | Value::Null => value.to_string(),
    }
}

/// Text without quotes where every YAML reader takes it for text, else in double quotes.
fn plain(text: &str) -> String {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"_-./ ".contains(&b);
    let spoken = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    let safe = text.bytes().all(word)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && !spoken.iter().any(|s| s.eq_ignore_ascii_case(text))
        && !text.starts_with("0x")
        && !text.starts_with("0o")
        && text.parse::<f64>().is_err();
    if safe { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // What YAML does not count as printable, and what turns the direction of writing.
            _ if c.is_control()
                || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                // Writing to a string can not fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
