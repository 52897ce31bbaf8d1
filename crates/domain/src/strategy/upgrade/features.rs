//! Lists of indicators, memberships keyed by `feature_id`, and lags for all of them.

use std::collections::HashSet;

use super::{Old, OldGrammar, dropped};
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::indicators::IndicatorKind;
use crate::strategy::node::{Content, Entry, Node};

/// Parameters that the old system knew and that changed nothing a strategy could read.
const IDLE: &[&str] = &["adjust", "include_middle", "include_oscillator"];

pub(super) fn upgrade(top: &mut Old<'_>, old: OldGrammar, out: &mut Diagnostics) {
    let lags = lags(top, old, out);
    let ids = indicators(top, out);
    fuzzy_sets(top, &ids, out);
    inputs(top, lags.as_ref());
}

/// `model.features.lookback_periods`; the rest of `model.features` never acted.
fn lags(top: &mut Old<'_>, old: OldGrammar, out: &mut Diagnostics) -> Option<Node> {
    let mut model = top.inside("model")?;
    let path = format!("{}.features", model.path);
    let features = model.take("features");
    let default = || (old == OldGrammar::V1).then(|| Node::plain(None, "2"));
    let Some(features) = features else { return default() };
    for entry in features.entries().unwrap_or_default().iter().filter(|e| e.key != "lookback_periods") {
        dropped(&format!("{path}.{}", entry.key), entry.line, "it never acted; see `nn_inputs`", out);
    }
    features.get("lookback_periods").cloned().or_else(default)
}

/// `[{name, feature_id, …}]` becomes `{feature_id: {type, …}}`. Gives the ids.
fn indicators(top: &mut Old<'_>, out: &mut Diagnostics) -> HashSet<String> {
    let Some(list) = top.take("indicators") else { return HashSet::new() };
    let line = list.line;
    let Content::List(items) = list.content else {
        top.put("indicators", list);
        return HashSet::new();
    };
    let entries: Vec<Entry> = items.into_iter().map(|item| indicator(item, out)).collect();
    let ids = entries.iter().map(|e| e.key.clone()).collect();
    top.put("indicators", Node::map(line, entries));
    ids
}

fn indicator(mut item: Node, out: &mut Diagnostics) -> Entry {
    let line = item.line;
    let mut old = Old { section: &mut item, path: "indicators".to_owned() };
    let name = old.take("name");
    let text = |node: Option<Node>| node.and_then(|n| n.text().map(str::to_owned));
    let id = text(old.take("feature_id")).or_else(|| text(name.clone()).map(|n| n.to_ascii_lowercase()));
    let id = id.unwrap_or_else(|| "unnamed".to_owned());
    old.path = format!("indicators.{id}");
    if let Some(Node { content: Content::Map(params), .. }) = old.take("params") {
        old.section.entries_mut().into_iter().for_each(|entries| entries.extend(params.iter().cloned()));
    }
    for key in IDLE {
        old.drop(key, "it changes no value a strategy can read", out);
    }
    let kind = name.as_ref().and_then(Node::text).and_then(|n| n.parse::<IndicatorKind>().ok());
    if kind.is_some_and(|k| !k.definition().has_source) {
        old.drop("source", "the indicator reads fixed bar fields", out);
    }
    if let (Some(entries), Some(name)) = (old.section.entries_mut(), name) {
        entries.insert(0, Entry::new("type", name));
    }
    Entry { key: id, line, node: item }
}

/// Each set reads the indicator whose id it has; a set without one was never computed.
fn fuzzy_sets(top: &mut Old<'_>, ids: &HashSet<String>, out: &mut Diagnostics) {
    let Some(sets) = top.inside("fuzzy_sets") else { return };
    let Some(entries) = sets.section.entries_mut() else { return };
    for orphan in entries.iter().filter(|set| !ids.contains(&set.key)) {
        let path = format!("fuzzy_sets.{}", orphan.key);
        dropped(&path, orphan.line, "no indicator has this feature_id, so nothing computed it", out);
    }
    entries.retain(|set| ids.contains(&set.key));
    for set in entries {
        let reference = Node::plain(set.line, set.key.clone());
        if let Some(members) = set.node.entries_mut() {
            members.insert(0, Entry::new("indicator", reference));
        }
    }
}

/// Every fuzzy set, on every timeframe.
fn inputs(top: &mut Old<'_>, lags: Option<&Node>) {
    let Some(sets) = top.section.get("fuzzy_sets") else { return };
    let input = |set: &Entry| {
        let mut entries = vec![
            Entry::new("fuzzy_set", Node::plain(set.line, set.key.clone())),
            Entry::new("timeframes", Node::plain(set.line, "all")),
        ];
        entries.extend(lags.map(|lags| Entry::new("lags", lags.clone())));
        Node::map(set.line, entries)
    };
    let items = sets.entries().unwrap_or_default().iter().map(input).collect();
    let inputs = Node { line: sets.line, content: Content::List(items) };
    top.put("nn_inputs", inputs);
}
