//! A strategy as a model wrote it: read by the same reader as any file from outside, on the bars there are, under a name that no
//! other design has. What comes out is the typed form.

use ktrdr_agent::DesignBrief;
use ktrdr_domain::{Sha256, Strategy};
use serde_json::{Value, json};

use super::findings::{self, fault};
use crate::mask;
use crate::words::harmless;

/// Most characters of a description or a hypothesis.
const PROSE_CHARS_MAX: usize = 1_000;

/// Characters of a name that are the model's; the rest tells designs of one name apart.
const NAME_CHARS_MAX: usize = 40;

/// The strategy that a call carries, as an object or as the text of a file.
pub(super) fn read(brief: &DesignBrief<'_>, input: &Value) -> Result<Strategy, Value> {
    let read = match &input["strategy"] {
        Value::String(text) => Strategy::from_yaml(text).map(|read| read.strategy),
        value => Strategy::try_from(with_harmless_prose(value)),
    };
    let mut strategy = read.map_err(|faults| {
        let listed: Vec<Value> = faults.0.iter().take(findings::LISTED_MAX).map(|d| {
            json!({"severity": "error", "code": "invalid", "at": d.path, "message": d.message, "fix": d.fix})
        }).collect();
        json!({"findings": listed})
    })?;
    check_data(brief, &strategy)?;
    strategy.training_data.symbols = vec![brief.symbol.clone()];
    // How dev is split is the platform's choice: only then are designs comparable.
    strategy.training.data_split = brief.split;
    strategy.description = strategy.description.map(|text| harmless(&text, PROSE_CHARS_MAX));
    strategy.hypothesis = strategy.hypothesis.map(|text| harmless(&text, PROSE_CHARS_MAX));
    Ok(strategy)
}

/// Whether it reads what there is, on the bars that are traded.
fn check_data(brief: &DesignBrief<'_>, strategy: &Strategy) -> Result<(), Value> {
    let data = &strategy.training_data;
    let there: Vec<String> = brief.dev_bars.iter().map(|bars| bars.timeframe.to_string()).collect();
    let base = brief.dev_bars.first().map(|bars| bars.timeframe);
    let symbol = mask::symbol(brief.symbol, brief.masked);
    let (what, fix) = match () {
        () if data.symbols != [symbol.clone()] => {
            ("the strategy is for other symbols".to_owned(), format!("write symbols: [{symbol}]"))
        }
        () if Some(data.base_timeframe) != base => (
            format!("it decides on bars of {}", data.base_timeframe),
            format!("its shortest timeframe must be {}", there.first().map_or("", String::as_str)),
        ),
        () if data.timeframes.iter().any(|t| !there.contains(&t.to_string())) => {
            ("there are no bars of one of its timeframes".to_owned(), format!("use {}", there.join(", ")))
        }
        () if brief.masked && mask::set_of_prices(strategy).is_some() => (
            format!(
                "the fuzzy set {} reads prices, which are hidden",
                mask::set_of_prices(strategy).unwrap_or_default()
            ),
            "read a relative indicator, or take this one as a raw input with a normalization".to_owned(),
        ),
        () if data.start_date.is_some() || data.end_date.is_some() => {
            ("it narrows the development window".to_owned(), "leave out start_date and end_date".to_owned())
        }
        () => return Ok(()),
    };
    Err(fault("other_data", &what, &fix))
}

/// The strategy under a name that no other design has, whatever the model calls it: no file of anybody is written over.
pub(super) fn named(mut strategy: Strategy, content: &Sha256) -> Result<Strategy, String> {
    let own: String = strategy.name.as_str().chars().take(NAME_CHARS_MAX).collect();
    strategy.name = format!("ai_{own}_{}", content.short()).parse().map_err(|e| format!("{e}"))?;
    Ok(strategy)
}

/// The same without escapes in its words, which would make the reader refuse it for no fault of the design.
fn with_harmless_prose(value: &Value) -> Value {
    let mut value = value.clone();
    for key in ["description", "hypothesis"] {
        if let Some(Value::String(text)) = value.get_mut(key) {
            *text = harmless(text, PROSE_CHARS_MAX);
        }
    }
    value
}
