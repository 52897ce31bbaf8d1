//! JSON schemas of what is taken: the types behind them check every value, these tell callers the names and forms.

use serde_json::{Map, Value, json};

use crate::form;

/// An object of these fields; those that end with `*` must be there.
pub(super) fn object(fields: &[(&str, Value)]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, form) in fields {
        let bare = name.trim_end_matches('*');
        if bare.len() < name.len() {
            required.push(bare);
        }
        let form = if bare.len() < name.len() { form.clone() } else { or_null(form.clone()) };
        properties.insert(bare.to_owned(), form);
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// What may be left out may be null as well: that says the same.
fn or_null(mut form: Value) -> Value {
    if let Some(one) = form["type"].as_str().map(str::to_owned) {
        form["type"] = json!([one, "null"]);
    }
    for alternatives in ["enum", "oneOf"] {
        if let Some(all) = form[alternatives].as_array_mut() {
            all.push(if alternatives == "enum" { Value::Null } else { json!({ "type": "null" }) });
        }
    }
    form.as_object_mut().into_iter().for_each(|fields| fields.retain(|_, value| !value.is_null()));
    form
}

/// A form with its words.
pub(super) fn about(mut form: Value, about: &str) -> Value {
    form["description"] = about.into();
    form
}

pub(super) fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

pub(super) fn number(about: &str) -> Value {
    json!({ "type": "number", "description": about })
}

pub(super) fn integer(about: &str, least: u64, most: u64) -> Value {
    json!({ "type": "integer", "description": about, "minimum": least, "maximum": most })
}

pub(super) fn flag(about: &str) -> Value {
    json!({ "type": "boolean", "description": about })
}

pub(super) fn words(about: &str, allowed: &[&str]) -> Value {
    json!({ "type": "string", "description": about, "enum": allowed })
}

pub(super) fn list(of: &Value, about: &str) -> Value {
    json!({ "type": "array", "items": of, "description": about })
}

pub(super) fn symbol() -> Value {
    json!({ "type": "string", "description": "The instrument, such as EURUSD.", "pattern": form::SYMBOL, "maxLength": form::SYMBOL_MAX })
}

/// A name of lower-case words.
pub(super) fn slug(about: &str) -> Value {
    json!({ "type": "string", "description": about, "pattern": form::SLUG })
}

pub(super) fn timeframe() -> Value {
    json!({ "type": "string", "description": "The length of a bar, such as 1h.", "pattern": form::TIMEFRAME })
}

/// A strategy of the workspace, or the text of one.
pub(super) fn strategy() -> Value {
    let one = |name: &str, of: Value| object(&[(&format!("{name}*"), of)]);
    let either =
        [one("name", slug("One of the workspace.")), one("yaml", text("The text of a strategy file."))];
    json!({ "oneOf": either, "description": "Which strategy: one of the workspace by its name, or the text of one." })
}

pub(super) fn device() -> Value {
    words("What trainings compute on.", &["any", "cpu", "gpu"])
}

pub(super) fn gates() -> Value {
    words("Rules of the gates.", &["honest", "parity"])
}

/// What differs from the configured account.
pub(super) fn account() -> Value {
    let fields = object(&[
        ("initial_capital", number("Money at the start, in the quote currency.")),
        ("units", number("Always trade this many units.")),
        ("fraction", number("Trade this fraction of equity.")),
        ("commission_rate", number("Commission as a fraction of traded value, per side.")),
        ("spread", number("Full bid–ask spread in price units.")),
        ("slippage_rate", number("Slippage as a fraction of price, per side.")),
        ("whole_units", flag("Round positions down to whole units.")),
    ]);
    about(fields, "What differs from the configured account.")
}

pub(super) fn key() -> Value {
    json!({ "type": "string", "description": "As the header Idempotency-Key.", "pattern": form::KEY })
}
