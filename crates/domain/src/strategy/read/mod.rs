//! Reading strategy files: text → tree → grammar 3.0 → [`Strategy`]. Every fault is found in one pass.

mod data;
mod fuzzy;
mod id;
mod indicators;
mod inputs;
mod model;
mod trade;

use indexmap::IndexMap;
use serde_json::Value;

use super::check;
use super::cursor::{Cursor, MapReader};
use super::diagnostic::{Diagnostic, Diagnostics, StrategyErrors};
use super::field::PROSE_CHARS_MAX;
use super::node::Node;
use super::upgrade::{self, OldGrammar};
use super::yaml;
use super::{
    Architecture, Decisions, FuzzySet, IndicatorSpec, NnInput, Risk, Strategy, Training, TrainingData,
};
use crate::name::StrategyName;

/// The grammar that is written; reading upgrades the others to it.
pub const VERSION: &str = "3.0";

/// A strategy as read from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The strategy, checked.
    pub strategy: Strategy,
    /// What may be wrong, and what an upgrade dropped.
    pub warnings: Vec<Diagnostic>,
    /// The grammar the file was written in, when it was not the current one.
    pub upgraded_from: Option<OldGrammar>,
}

impl Strategy {
    /// Reads and checks a strategy file: YAML (or JSON), grammar 3.0, 2 or 1.
    ///
    /// # Errors
    /// Every fault of the file, each with its place and what to do about it.
    pub fn from_yaml(text: &str) -> Result<Read, StrategyErrors> {
        let root = yaml::parse(text).and_then(of_a_strategy).map_err(|fault| StrategyErrors(vec![fault]))?;
        let mut out = Diagnostics::default();
        let (root, upgraded_from) = upgrade::to_current(root, &mut out);
        let (strategy, warnings) = read(&root, out)?;
        Ok(Read { strategy, warnings, upgraded_from })
    }

    /// Checks a strategy that was put together in code as if it had been read from a file.
    ///
    /// # Errors
    /// Every fault that would keep it from being read.
    pub fn check(&self) -> Result<Vec<Diagnostic>, StrategyErrors> {
        read(&Node::from(&self.to_value()), Diagnostics::default()).map(|(_, warnings)| warnings)
    }
}

impl TryFrom<Value> for Strategy {
    type Error = StrategyErrors;
    /// A strategy that arrives as JSON passes the same checks as a file.
    fn try_from(value: Value) -> Result<Self, StrategyErrors> {
        read(&Node::from(&value), Diagnostics::default()).map(|(strategy, _)| strategy)
    }
}

/// The sections of a strategy, as far as they could be read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) name: Option<StrategyName>,
    pub(super) description: Option<String>,
    pub(super) hypothesis: Option<String>,
    pub(super) training_data: Option<TrainingData>,
    pub(super) indicators: IndexMap<String, IndicatorSpec>,
    pub(super) fuzzy_sets: IndexMap<String, FuzzySet>,
    pub(super) nn_inputs: Vec<NnInput>,
    pub(super) model: Option<Architecture>,
    pub(super) training: Option<Training>,
    pub(super) decisions: Option<Decisions>,
    pub(super) risk: Risk,
}

impl Draft {
    /// The strategy, when every section is there.
    fn complete(self) -> Option<Strategy> {
        Some(Strategy {
            name: self.name?,
            description: self.description,
            hypothesis: self.hypothesis,
            version: VERSION.to_owned(),
            training_data: self.training_data?,
            indicators: self.indicators,
            fuzzy_sets: self.fuzzy_sets,
            nn_inputs: self.nn_inputs,
            model: self.model?,
            training: self.training?,
            decisions: self.decisions?,
            risk: self.risk,
        })
    }
}

/// Keys at the top of a strategy, in any grammar.
const TOP_KEYS: [&str; 13] = [
    "name",
    "description",
    "hypothesis",
    "version",
    "scope",
    "training_data",
    "indicators",
    "fuzzy_sets",
    "nn_inputs",
    "model",
    "training",
    "decisions",
    "risk",
];

/// A tree that could be a strategy's. Of any other file nothing is repeated: whoever put its name here may not be the one
/// whom it belongs to.
fn of_a_strategy(root: Node) -> Result<Node, Diagnostic> {
    let is_one = TOP_KEYS.iter().any(|key| root.get(key).is_some());
    if is_one {
        return Ok(root);
    }
    let message = match root.entries() {
        Some(_) => "this is not a strategy: it has none of a strategy's keys",
        None => "this is not a strategy: it is not a map of keys",
    };
    let fix = "start with `name:`, `training_data:` and `indicators:`";
    Err(Diagnostic { path: String::new(), line: root.line, message: message.into(), fix: fix.into() })
}

fn read(root: &Node, mut out: Diagnostics) -> Result<(Strategy, Vec<Diagnostic>), StrategyErrors> {
    let draft = draft(&Cursor::root(root), &mut out).unwrap_or_default();
    check::rules(&draft, &mut out);
    out.locate(|path| root.line_at(path));
    let warnings = out.into_result()?;
    // A draft without faults is complete: each missing section has been noted.
    draft.complete().map(|strategy| (strategy, warnings)).ok_or(StrategyErrors(Vec::new()))
}

fn draft(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Draft> {
    let mut top = cursor.map_reader(out, "strategy")?;
    let name = top.need(out, "name").and_then(|p| p.parsed(out, "choose another name"));
    let description = prose(&mut top, "description", out);
    let hypothesis = prose(&mut top, "hypothesis", out);
    version(&mut top, out);
    let training_data = top.need(out, "training_data").and_then(|p| data::training_data(&p, out));
    let timeframes = training_data.as_ref().map_or(&[][..], |d| &d.timeframes);
    let draft = Draft {
        name,
        description,
        hypothesis,
        indicators: top.need(out, "indicators").map(|p| indicators::indicators(&p, out)).unwrap_or_default(),
        fuzzy_sets: top.need(out, "fuzzy_sets").map(|p| fuzzy::fuzzy_sets(&p, out)).unwrap_or_default(),
        nn_inputs: top
            .need(out, "nn_inputs")
            .map(|p| inputs::nn_inputs(&p, timeframes, out))
            .unwrap_or_default(),
        model: top.need(out, "model").and_then(|p| model::architecture(&p, out)),
        training: top.need(out, "training").and_then(|p| model::training(&p, out)),
        decisions: top.need(out, "decisions").and_then(|p| trade::decisions(&p, out)),
        risk: top.get("risk").and_then(|p| trade::risk(&p, out)).unwrap_or_default(),
        training_data,
    };
    top.finish(out);
    Some(draft)
}

fn prose(top: &mut MapReader<'_>, key: &'static str, out: &mut Diagnostics) -> Option<String> {
    let cursor = top.get(key)?;
    let text = cursor.text(out)?;
    if text.chars().count() > PROSE_CHARS_MAX {
        cursor.error(out, "the text is too long", format!("keep it within {PROSE_CHARS_MAX} characters"));
    }
    Some(text.to_owned())
}

fn version(top: &mut MapReader<'_>, out: &mut Diagnostics) {
    let Some(cursor) = top.get("version") else { return };
    if let Some(text) = cursor.text(out).filter(|text| !matches!(*text, "3.0" | "3")) {
        let message = format!("grammar {} does not fit this file's layout", super::diagnostic::shown(text));
        cursor.error(out, message, format!("write version: \"{VERSION}\""));
    }
}
