//! A grid of strategies: one strategy with some of its values exchanged, each combination a strategy of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Strategy;
use super::node::join;
use crate::excerpt::excerpt;
use crate::hash::Sha256;
use crate::name::{BadName, StrategyName};
use crate::nearest;

/// Most strategies of one grid: the best of more than that tells of nothing but their number.
pub const VARIANTS_MAX: usize = 100;

/// Longest name of a strategy, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// A place in a strategy, and the values it takes one after the other: `indicators.rsi_14.period=7,14,21`.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The place, as the messages about strategies write it: `nn_inputs[0].lags`.
    pub path: String,
    /// What stands there, each in its turn; at least one.
    pub values: Vec<Value>,
}

/// One value at its place, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Setting {
    /// The place.
    pub path: String,
    /// What stands there.
    pub value: String,
}

/// One strategy of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The strategy, under a name of its own.
    pub strategy: Strategy,
    /// In what it differs, in the order of the axes.
    pub settings: Vec<Setting>,
}

/// Why there is no grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GridError(String);

impl FromStr for Axis {
    type Err = GridError;
    /// Commas inside brackets belong to a value: `model.architecture.hidden_layers=[8],[16,8]`.
    fn from_str(text: &str) -> Result<Self, GridError> {
        let wrong = || {
            GridError(format!(
                "{:?} is no path=value,value: say such as indicators.rsi_14.period=7,14,21",
                excerpt(text)
            ))
        };
        let (path, values) = text.split_once('=').ok_or_else(wrong)?;
        let values: Vec<&str> = outside_brackets(values).into_iter().map(str::trim).collect();
        if path.trim().is_empty() || values.iter().any(|value| value.is_empty()) {
            return Err(wrong());
        }
        Ok(Self { path: path.trim().to_owned(), values: values.into_iter().map(value).collect() })
    }
}

/// The parts between commas that stand in no bracket.
fn outside_brackets(text: &str) -> Vec<&str> {
    let (mut depth, mut parts, mut begin) = (0_i32, Vec::new(), 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// A number, a flag, a list; a word otherwise.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Every combination of the axes' values, checked as a file is; the last axis turns fastest.
///
/// # Errors
/// When a path leads nowhere, a combination is no valid strategy, two are the same one, or there are too many.
pub fn variants(strategy: &Strategy, axes: &[Axis]) -> Result<Vec<Variant>, GridError> {
    expect_few(axes)?;
    let whole = strategy.to_value();
    axes.iter().try_for_each(|axis| expect_place(&whole, &axis.path))?;
    let mut combinations = vec![Vec::new()];
    for axis in axes {
        combinations = longer(&combinations, axis);
    }
    let variants: Result<Vec<Variant>, GridError> =
        combinations.into_iter().map(|set| variant(strategy, &whole, set)).collect();
    expect_different(variants?)
}

/// A place, and what is to stand there.
type Placed<'a> = (&'a str, &'a Value);

/// Each combination with each value of one more axis.
fn longer<'a>(combinations: &[Vec<Placed<'a>>], axis: &'a Axis) -> Vec<Vec<Placed<'a>>> {
    let mut all = Vec::with_capacity(combinations.len() * axis.values.len());
    for head in combinations {
        for value in &axis.values {
            all.push([head.as_slice(), &[(axis.path.as_str(), value)]].concat());
        }
    }
    all
}

fn expect_few(axes: &[Axis]) -> Result<(), GridError> {
    let mut paths = BTreeSet::new();
    if let Some(twice) = axes.iter().find(|axis| !paths.insert(axis.path.as_str())) {
        return Err(GridError(format!("{} is set twice: name all of its values at once", twice.path)));
    }
    let count = axes.iter().try_fold(1_usize, |count, axis| count.checked_mul(axis.values.len()));
    match count {
        Some(count) if (1..=VARIANTS_MAX).contains(&count) => Ok(()),
        _ => {
            let count = count.map_or_else(|| "too many".to_owned(), |count| count.to_string());
            Err(GridError(format!(
                "{count} variants: up to {VARIANTS_MAX} are compared, so set fewer values"
            )))
        }
    }
}

/// Whether a value stands at the path that may be exchanged.
fn expect_place(whole: &Value, path: &str) -> Result<(), GridError> {
    if path == "name" || path == "version" {
        return Err(GridError(format!("{path} is not set: variants are named by what they differ in")));
    }
    let paths = paths(whole);
    if paths.iter().any(|known| known == path) {
        return Ok(());
    }
    let below =
        paths.iter().find(|known| known.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '['])));
    Err(GridError(match below {
        Some(below) => format!("{path} holds several values: name one of them, such as {below}"),
        None => format!(
            "{} is nowhere in the strategy{}",
            excerpt(path),
            nearest::meant(path, paths.iter().map(String::as_str))
        ),
    }))
}

/// The paths of everything that is no map: scalars, and lists of scalars as a whole, too.
fn paths(whole: &Value) -> Vec<String> {
    let (mut open, mut found) = (vec![(String::new(), whole)], Vec::new());
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(map) => open.extend(map.iter().rev().map(|(key, value)| (join(&path, key), value))),
            Value::Array(items) => {
                if items.iter().all(|item| !item.is_object()) {
                    found.push(path.clone());
                }
                open.extend(items.iter().enumerate().rev().map(|(at, item)| (format!("{path}[{at}]"), item)));
            }
            _ => found.push(path),
        }
    }
    found
}

/// The place of a path, to be written.
fn place<'v>(whole: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let mut here = whole;
    for step in path.split('.') {
        let (key, indices) = step.split_at(step.find('[').unwrap_or(step.len()));
        here = here.get_mut(key)?;
        for index in indices.split_terminator(']') {
            here = here.get_mut(index.strip_prefix('[')?.parse::<usize>().ok()?)?;
        }
    }
    Some(here)
}

fn variant(base: &Strategy, whole: &Value, set: Vec<Placed<'_>>) -> Result<Variant, GridError> {
    let mut changed = whole.clone();
    let settings: Vec<Setting> =
        set.iter().map(|(path, value)| Setting { path: (*path).to_owned(), value: shown(value) }).collect();
    for (path, value) in set {
        let place = place(&mut changed, path);
        *place.ok_or_else(|| GridError(format!("{path} is nowhere in the strategy")))? = value.clone();
    }
    let said = said(&settings);
    let strategy: Strategy = serde_json::from_value(changed.clone())
        .map_err(|why| GridError(format!("with {said} it is no valid strategy:\n{why}")))?;
    let name = name(base, &settings, &changed)?;
    Ok(Variant { strategy: Strategy { name, ..strategy }, settings })
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Settings as they are typed.
fn said(settings: &[Setting]) -> String {
    settings.iter().map(|set| format!("{}={}", set.path, set.value)).collect::<Vec<_>>().join(" ")
}

/// `fx_pullback_rsi_14_period_7_1a2b3c4d`: what it differs in, and a hash of all of it, so that no other strategy, such as a variant
/// of what its base was before somebody changed that, is called so.
fn name(base: &Strategy, settings: &[Setting], changed: &Value) -> Result<StrategyName, GridError> {
    let mut plain = base.name.to_string();
    for Setting { path, value } in settings {
        let steps: Vec<&str> = path.split('.').collect();
        let last = steps[steps.len().saturating_sub(2)..].join("_");
        // Writing to text never fails.
        let _ = write!(plain, "_{}", slug(&format!("{last}_{value}")));
    }
    let no_name = |why: String| GridError(format!("no name is left for {}: {why}", said(settings)));
    let hash = Sha256::of_json(changed).map_err(|why| no_name(why.to_string()))?.short();
    let kept = plain.len().min(NAME_BYTES_MAX - hash.len() - 1);
    format!("{}_{hash}", &plain[..kept]).parse().map_err(|why: BadName| no_name(why.to_string()))
}

/// With nothing but small letters, digits and single underscores.
fn slug(text: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let letters: String = text.chars().map(letter).collect();
    letters.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

/// Two strategies of one content are one trial, and looking at both would count as two.
fn expect_different(variants: Vec<Variant>) -> Result<Vec<Variant>, GridError> {
    let mut seen: Vec<(Sha256, &Variant)> = Vec::with_capacity(variants.len());
    for variant in &variants {
        let hash = variant.strategy.content_sha256();
        if let Some((_, twin)) = seen.iter().find(|(known, _)| *known == hash) {
            let (one, other) = (said(&twin.settings), said(&variant.settings));
            return Err(GridError(format!(
                "{one} and {other} make the same strategy: leave one of them out"
            )));
        }
        seen.push((hash, variant));
    }
    Ok(variants)
}
