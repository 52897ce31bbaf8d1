//! Labels, optimisation and decisions, with the defaults that the old grammars had.

use super::{Old, OldGrammar, dropped};
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::node::{Content, Entry, Node};

/// What the old trainer took when `model.training` left a key out.
const TRAINING: &[(&str, &str)] = &[
    ("epochs", "100"),
    ("batch_size", "32"),
    ("learning_rate", "0.001"),
    ("optimizer", "adam"),
    ("weight_decay", "0.0001"),
    ("gradient_clip", "false"),
    ("early_stopping", "false"),
];

pub(super) fn upgrade(top: &mut Old<'_>, old: OldGrammar, out: &mut Diagnostics) {
    let optimisation = model(top, old, out);
    training(top, old, optimisation, out);
    decisions(top, out);
}

/// The architecture; gives the keys of `model.training`.
fn model(top: &mut Old<'_>, old: OldGrammar, out: &mut Diagnostics) -> Vec<Entry> {
    let Some(mut model) = top.inside("model") else { return Vec::new() };
    let optimisation = model.take("training");
    if old == OldGrammar::V1 && model.section.get("architecture").is_none() {
        model.put("architecture", Node::map(None, Vec::new()));
    }
    if let Some(mut architecture) = model.inside("architecture") {
        architecture.drop("output_activation", "the output is fixed by decisions.output_format", out);
        architecture.put_default("dropout", "0.2");
        if old == OldGrammar::V1 && architecture.section.get("hidden_layers").is_none() {
            let units = ["50", "25"].map(|n| Node::plain(None, n));
            architecture.put("hidden_layers", Node { line: None, content: Content::List(units.into()) });
        }
    }
    match optimisation.map(|node| node.content) {
        Some(Content::Map(entries)) => entries,
        _ => Vec::new(),
    }
}

fn training(top: &mut Old<'_>, old: OldGrammar, optimisation: Vec<Entry>, out: &mut Diagnostics) {
    let Some(mut training) = top.inside("training") else { return };
    training.drop("method", "there is only supervised training", out);
    training.drop("fitness_metrics", "the platform's gates judge a model", out);
    if let Some(entries) = training.section.entries_mut() {
        entries.extend(optimisation);
    }
    for (key, default) in TRAINING {
        training.put_default(key, default);
    }
    if let Some(mut stopping) = training.inside("early_stopping") {
        stopping.drop("monitor", "it always watches the validation loss", out);
        stopping.put_default("patience", "10");
    }
    if training.section.get("labels").is_none() {
        training.put("labels", Node::map(None, Vec::new()));
    }
    if let Some(mut labels) = training.inside("labels") {
        labels.drop("label_lookahead", "zigzag labels never looked a fixed number of bars ahead", out);
        labels.put_default("source", "zigzag");
        if labels.section.get("source").and_then(Node::text) == Some("zigzag") {
            let threshold = labels.take("zigzag_threshold");
            let default = if old == OldGrammar::V1 { "0.03" } else { "0.05" };
            labels.put("threshold", threshold.unwrap_or_else(|| Node::plain(None, default)));
        }
    }
}

/// Long only, as the old engine was.
fn decisions(top: &mut Old<'_>, out: &mut Diagnostics) {
    let Some(mut decisions) = top.inside("decisions") else { return };
    decisions.put_default("output_format", "classification");
    decisions.put_default("confidence_threshold", "0.6");
    decisions.put_default("allow_short", "false");
    let filters = decisions.take("filters");
    for entry in filters.iter().flat_map(|f| f.entries().unwrap_or_default()) {
        if entry.key == "min_signal_separation" {
            decisions.put("min_signal_separation", entry.node.clone());
        } else {
            let path = format!("decisions.filters.{}", entry.key);
            dropped(&path, entry.line, "no such filter exists, nor did one before", out);
        }
    }
    decisions.put_default("min_signal_separation", "4");
}
