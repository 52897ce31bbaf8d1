//! From indicators to features: references, width, names, scales.

use std::collections::HashSet;

use super::at;
use crate::strategy::diagnostic::{Diagnostics, shown};
use crate::strategy::feature;
use crate::strategy::field::FEATURES_MAX;
use crate::strategy::read::Draft;
use crate::strategy::{IndicatorKind, IndicatorRef, NnInput, Normalization};

/// Fuzzy sets and inputs name what exists; a warning tells what nothing names.
pub(super) fn references(draft: &Draft, out: &mut Diagnostics) {
    let mut used = HashSet::new();
    for (id, set) in &draft.fuzzy_sets {
        indicator(&set.indicator, &format!("fuzzy_sets.{id}.indicator"), draft, out);
        used.insert(set.indicator.id.as_str());
    }
    let mut sets_used = HashSet::new();
    for (i, input) in draft.nn_inputs.iter().enumerate() {
        if let Some(raw) = &input.raw_indicator {
            indicator(raw, &format!("nn_inputs[{i}].raw_indicator"), draft, out);
            used.insert(raw.id.as_str());
        }
        if let Some(set) = &input.fuzzy_set {
            fuzzy_set(set, &format!("nn_inputs[{i}].fuzzy_set"), draft, out);
            sets_used.insert(set.as_str());
        }
    }
    for id in draft.indicators.keys().filter(|id| !used.contains(id.as_str())) {
        out.warning(at(
            format!("indicators.{id}"),
            "nothing reads this indicator",
            "remove it, or read it in a fuzzy set",
        ));
    }
    for id in draft.fuzzy_sets.keys().filter(|id| !sets_used.contains(id.as_str())) {
        out.warning(at(
            format!("fuzzy_sets.{id}"),
            "no input reads this fuzzy set",
            "remove it, or add it to nn_inputs",
        ));
    }
}

fn indicator(wanted: &IndicatorRef, path: &str, draft: &Draft, out: &mut Diagnostics) {
    let Some(spec) = draft.indicators.get(&wanted.id) else {
        if !out.faulty(&format!("indicators.{}", wanted.id)) {
            let known: Vec<&str> = draft.indicators.keys().map(String::as_str).collect();
            let message = format!("there is no indicator {}", shown(&wanted.id));
            out.error(at(path, message, format!("name one of: {}", known.join(", "))));
        }
        return;
    };
    let outputs = spec.kind.definition().outputs;
    if let Some(output) = wanted.output.as_deref().filter(|o| !outputs.contains(o)) {
        let message = format!("{} has no output {}", spec.kind, shown(output));
        let fix = match outputs {
            [_] => format!("write {}", wanted.id),
            _ => format!("its outputs are {}", outputs.join(", ")),
        };
        out.error(at(path, message, fix));
    }
}

fn fuzzy_set(wanted: &str, path: &str, draft: &Draft, out: &mut Diagnostics) {
    if !draft.fuzzy_sets.contains_key(wanted) && !out.faulty(&format!("fuzzy_sets.{wanted}")) {
        let known: Vec<&str> = draft.fuzzy_sets.keys().map(String::as_str).collect();
        let message = format!("there is no fuzzy set {}", shown(wanted));
        out.error(at(path, message, format!("name one of: {}", known.join(", "))));
    }
}

/// The feature vector is not too wide, and no two of its columns have the same name.
pub(super) fn width_and_names(draft: &Draft, out: &mut Diagnostics) {
    let width: usize = draft.nn_inputs.iter().map(|input| width(input, draft)).sum();
    if width > FEATURES_MAX {
        let fix = format!("keep it within {FEATURES_MAX}: fewer lags, timeframes or members");
        return out.error(at("nn_inputs", format!("the feature vector has {width} columns"), fix));
    }
    let mut names = HashSet::new();
    for (i, input) in draft.nn_inputs.iter().enumerate() {
        let columns = feature::columns(input, &draft.fuzzy_sets);
        if let Some(twice) = columns.into_iter().find(|column| !names.insert(column.name.clone())) {
            let message = format!("the feature {:?} is in the vector a second time", twice.name);
            out.error(at(
                format!("nn_inputs[{i}]"),
                message,
                "remove one of the two inputs, or rename a set or member",
            ));
        }
    }
}

fn width(input: &NnInput, draft: &Draft) -> usize {
    let members =
        input.fuzzy_set.as_ref().and_then(|id| draft.fuzzy_sets.get(id)).map_or(0, |set| set.members.len());
    let values = members + usize::from(input.raw_indicator.is_some());
    input.timeframes.len() * values * (1 + input.lags as usize)
}

/// Warns of values that mean little: of no fixed size, upside down, or different for each symbol.
pub(super) fn scales(draft: &Draft, out: &mut Diagnostics) {
    for (i, input) in draft.nn_inputs.iter().enumerate() {
        let spec = input.raw_indicator.as_ref().and_then(|raw| draft.indicators.get(&raw.id));
        if spec.is_some_and(|s| s.kind.definition().bounds.is_none())
            && input.normalization == Normalization::None
        {
            let message = "values of any size reach the network";
            out.warning(at(format!("nn_inputs[{i}]"), message, "add normalization: zscore"));
        }
    }
    for (id, spec) in draft.indicators.iter().filter(|(_, spec)| spec.kind == IndicatorKind::Macd) {
        let (fast, slow) = (spec.count("fast_period"), spec.count("slow_period"));
        if fast >= slow {
            let message = format!("the fast period {fast} is not below the slow period {slow}");
            out.warning(at(format!("indicators.{id}"), message, "let fast_period be the smaller"));
        }
    }
    if draft.training_data.as_ref().is_none_or(|data| data.symbols.len() < 2) {
        return;
    }
    for (id, set) in &draft.fuzzy_sets {
        let definition = draft.indicators.get(&set.indicator.id).map(|spec| spec.kind.definition());
        if let Some(definition) = definition.filter(|d| d.in_price_units) {
            let message = format!(
                "{} is in price units: its members mean something else for each symbol",
                definition.name
            );
            out.warning(at(
                format!("fuzzy_sets.{id}"),
                message,
                "read an indicator in percent, such as distancefromma",
            ));
        }
    }
}
