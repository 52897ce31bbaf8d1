//! Older grammars, brought to the current one before reading. What is dropped is named in a warning, with the reason.
//!
//! | grammar | how it is told apart |
//! |---|---|
//! | 3.0 | `indicators` is a map, or there are `nn_inputs` |
//! | 2 | `training_data`, `scope` or `deployment` |
//! | 1 | `data`, or `indicators` as a list |

mod features;
mod learning;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::node::{Content, Entry, Node, join};
use super::read::VERSION;

/// A grammar that is read but no longer written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OldGrammar {
    /// `data`, a list of indicators, memberships only.
    V1,
    /// `training_data`, a list of indicators with `feature_id`, memberships only.
    V2,
}

impl fmt::Display for OldGrammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::V1 => "1",
            Self::V2 => "2",
        })
    }
}

/// Sections of grammar 2 that nothing here would act on.
const DROPPED: &[(&str, &str)] = &[
    ("scope", "it never acted"),
    ("deployment", "it never acted; a backtest names its symbol"),
    ("orchestrator", "paper and live modes do not exist; see `decisions` and `risk`"),
    ("risk_management", "backtests never used it; position size is risk.position_sizing"),
    ("backtest", "windows belong to the platform"),
    ("backtesting", "windows, capital and costs belong to the platform"),
];

/// The file in the current grammar, and the one it was written in when that is older.
pub(super) fn to_current(mut root: Node, out: &mut Diagnostics) -> (Node, Option<OldGrammar>) {
    let Some(old) = old_grammar(&root) else { return (root, None) };
    let mut top = Old { section: &mut root, path: String::new() };
    for (key, why) in DROPPED {
        top.drop(key, why, out);
    }
    top.take("version");
    if old == OldGrammar::V1 {
        v1_sections(&mut top);
    }
    dates(&mut top, out);
    features::upgrade(&mut top, old, out);
    learning::upgrade(&mut top, old, out);
    top.put("version", Node::plain(None, VERSION));
    (root, Some(old))
}

fn old_grammar(root: &Node) -> Option<OldGrammar> {
    let list = |key| root.get(key).is_some_and(|n| matches!(n.content, Content::List(_)));
    let map = |key| root.get(key).is_some_and(|n| n.entries().is_some());
    let has = |key: &str| root.get(key).is_some();
    if root.entries().is_none() || map("indicators") || has("nn_inputs") {
        None
    } else if list("indicators") && (has("training_data") || has("scope") || has("deployment")) {
        Some(OldGrammar::V2)
    } else if list("indicators") || has("data") {
        Some(OldGrammar::V1)
    } else {
        None
    }
}

/// `data` becomes `training_data`; sections that could be left out are there, for their defaults.
fn v1_sections(top: &mut Old<'_>) {
    if let Some(data) = top.take("data") {
        top.put("training_data", data);
    }
    for key in ["model", "training", "decisions"] {
        if top.section.get(key).is_none() {
            top.put(key, Node::map(None, Vec::new()));
        }
    }
}

/// `date_range` becomes `start_date` and `end_date`; the alias `symbols` or `timeframes` becomes `list`.
fn dates(top: &mut Old<'_>, out: &mut Diagnostics) {
    let Some(mut data) = top.inside("training_data") else { return };
    if let Some(range) = data.take("date_range") {
        for (from, to) in [("start", "start_date"), ("end", "end_date")] {
            if let (None, Some(date)) = (data.section.get(to), range.get(from)) {
                data.put(to, date.clone());
            }
        }
    }
    for key in ["symbols", "timeframes"] {
        if let Some(mut choice) = data.inside(key) {
            choice.drop("selection_criteria", "it never acted; name the symbols", out);
            if let Some(list) = choice.take(key) {
                choice.put("list", list);
            }
        }
    }
}

/// A section of an old file, being changed in place.
struct Old<'n> {
    section: &'n mut Node,
    path: String,
}

impl Old<'_> {
    /// The section under a key, when it is a map.
    fn inside(&mut self, key: &str) -> Option<Old<'_>> {
        let path = join(&self.path, key);
        let entry = self.section.entries_mut()?.iter_mut().find(|e| e.key == key)?;
        entry.node.entries()?;
        Some(Old { section: &mut entry.node, path })
    }

    /// Removes a key and gives its value.
    fn take(&mut self, key: &str) -> Option<Node> {
        let entries = self.section.entries_mut()?;
        let at = entries.iter().position(|e| e.key == key)?;
        Some(entries.remove(at).node)
    }

    /// Adds a key at the end. Should the file have it too, the reader refuses the second.
    fn put(&mut self, key: &str, node: Node) {
        if let Some(entries) = self.section.entries_mut() {
            entries.push(Entry::new(key, node));
        }
    }

    /// Adds what the old grammar took when the key was left out.
    fn put_default(&mut self, key: &str, text: &str) {
        if self.section.get(key).is_none() {
            self.put(key, Node::plain(self.section.line, text));
        }
    }

    /// Removes a key with a warning that says why, when it is there.
    fn drop(&mut self, key: &str, why: &str, out: &mut Diagnostics) {
        let Some(entries) = self.section.entries_mut() else { return };
        let Some(at) = entries.iter().position(|e| e.key == key) else { return };
        let line = entries.remove(at).line;
        dropped(&join(&self.path, key), line, why, out);
    }
}

/// Warns that an upgrade leaves something out.
fn dropped(path: &str, line: Option<u32>, why: &str, out: &mut Diagnostics) {
    let message = format!("dropped: {why}");
    out.warning(Diagnostic {
        path: path.to_owned(),
        line,
        message,
        fix: "it may be removed from the file".to_owned(),
    });
}
