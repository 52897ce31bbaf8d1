//! A strategy file as a tree that remembers its lines.
//!
//! Scalars stay text until the grammar says what they are, so the symbol `NO` is not a boolean and `1e5` not a string.

use serde_json::Value;

/// Deepest nesting of lists and maps.
pub(super) const DEPTH_MAX: usize = 32;

/// Most nodes in one file; the largest strategy within the other limits has fewer.
pub(super) const NODES_MAX: usize = 50_000;

/// A scalar, list or map and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Line in the file, from 1; `None` when it came from JSON.
    pub(super) line: Option<u32>,
    pub(super) content: Content,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Text. Quoted text is never a number or a flag.
    Scalar { text: String, quoted: bool },
    /// Items in order.
    List(Vec<Node>),
    /// Entries in file order; keys may repeat until the reader refuses them.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: Option<u32>,
    pub(super) node: Node,
}

impl Entry {
    /// An entry that no file holds, on the line of what it stands for.
    pub(super) fn new(key: &str, node: Node) -> Self {
        Self { key: key.to_owned(), line: node.line, node }
    }
}

impl Node {
    /// A plain scalar on `line`.
    pub(super) fn plain(line: Option<u32>, text: impl Into<String>) -> Self {
        Self { line, content: Content::Scalar { text: text.into(), quoted: false } }
    }

    /// A map on `line`.
    pub(super) fn map(line: Option<u32>, entries: Vec<Entry>) -> Self {
        Self { line, content: Content::Map(entries) }
    }

    /// The entries, when this is a map.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entries to change, when this is a map.
    pub(super) fn entries_mut(&mut self) -> Option<&mut Vec<Entry>> {
        match &mut self.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key, when this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|e| e.key == key).map(|e| &e.node)
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The line of a path such as `nn_inputs[0].lags`; of the nearest place above it that has one, else.
    pub(super) fn line_at(&self, path: &str) -> Option<u32> {
        let path = path.strip_prefix('.').unwrap_or(path);
        let below = match &self.content {
            Content::Scalar { .. } => None,
            Content::List(items) => {
                let index = path.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                index.and_then(|(i, rest)| items.get(i.parse::<usize>().ok()?)?.line_at(rest))
            }
            Content::Map(entries) => entries.iter().find_map(|entry| {
                let rest = path.strip_prefix(entry.key.as_str()).filter(|rest| ends_name(rest))?;
                if rest.is_empty() { entry.line } else { entry.node.line_at(rest).or(entry.line) }
            }),
        };
        below.or(self.line)
    }
}

/// Whether what follows a name in a path is the end of the path or another step.
pub(super) fn ends_name(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['.', '['])
}

/// `training` and `epochs` make `training.epochs`. Foreign keys are cut short and lose control characters.
pub(super) fn join(path: &str, key: &str) -> String {
    let key: String = key.chars().take(64).flat_map(char::escape_debug).collect();
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

impl From<&Value> for Node {
    /// JSON as the same tree. Depth is limited by the JSON reader.
    fn from(value: &Value) -> Self {
        let content = match value {
            Value::Array(items) => Content::List(items.iter().map(Self::from).collect()),
            Value::Object(map) => {
                let entry = |(key, value): (&String, &Value)| Entry::new(key, Self::from(value));
                Content::Map(map.iter().map(entry).collect())
            }
            Value::String(text) => Content::Scalar { text: text.clone(), quoted: true },
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                Content::Scalar { text: value.to_string(), quoted: false }
            }
        };
        Self { line: None, content }
    }
}
