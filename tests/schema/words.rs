//! A schema with what the code says of its fields, and the words of a few that no type has.

use serde_json::{Map, Value, json};

use super::fields::{Code, Field};

/// Of fields that are put together where they are printed: the end of their place, and their words. These go before those of the code.
const SAID: &[(&str, &str)] = &[
    ("campaigns/-/campaign", "The campaign."),
    ("costs/account/campaign", "The campaign."),
    ("agent approvals list/hypotheses", "Ideas that wait for a person's word, the most urgent first."),
    ("memory hypotheses/hypotheses", "Ideas, each with what was said of it since, the latest first."),
    ("epochs/-/figures", "Numbers worth showing, by name, as the progress had them then."),
    ("events/-/note", "What there is to say of it, in a few words."),
    (
        "sheet/rolling_sharpe",
        "The Sharpe ratio over a moving stretch; null where the window is too short for one.",
    ),
    ("sheet/rules", "What the network looked at; null where none decided."),
    ("sheet/trades", "The shapes of its trades; null without any."),
    ("sheet/version", "The version of its layout."),
    ("work/campaign/cycles", "How many cycles, 1 to 10,000."),
    ("report/verdict/gate", "passed or failed."),
    ("metrics/epochs", "What was seen of each epoch."),
    ("schedules show/next", "Its next tick."),
    ("token create/token", "The token itself: it is shown this once."),
    ("token list/tokens", "Every token, without what is secret of it."),
    ("work/campaign", "The campaign that each night begins."),
    ("agent budget/days/-/day", "The day, by the clock of the budget."),
    (
        "agent trigger/triggered",
        "Whether this request started the cycle, and not an earlier one with the same key.",
    ),
    ("backtest export/rows", "Rows written."),
    ("backtest export/trades", "Every closed trade, where no file was asked for."),
    ("backtest export/equity", "Equity at every bar's close, where no file was asked for."),
    ("backtest run/trades", "Every closed trade."),
    ("backtest show/trades", "Every closed trade."),
    ("backtest signals/trades", "Every closed trade."),
    (
        "closings/-/verdicts/-/gate",
        "Whether it passed the last gate: the deflated Sharpe ratio with every look counted.",
    ),
    ("campaign show/costs", "What it cost, and what that bought."),
    ("research status/costs", "What it cost, and what that bought."),
    ("completions/script", "The script, to be kept where the shell looks for it."),
    ("completions/shell", "The shell that reads it."),
    ("data list/series", "Every series of bars in the workspace."),
    ("dead-letters list/messages", "Messages that were given up, the latest first."),
    ("demo/campaigns", "The campaigns, one on each series."),
    ("campaigns/-/about", "What the series is."),
    ("demo/workspace", "Its folder."),
    ("event", "What happened: fixed, opened or rolled."),
    ("health/epoch", "Which store answered: its number and what it is known by."),
    ("health/processes", "Processes heard of lately, by name."),
    ("health/store_full", "What the store says of its room; null while there is some."),
    ("init/files", "What belongs into a workspace, written now or kept."),
    ("init/workspace", "Its folder."),
    ("files/-/written", "Whether it was written now; one that was there is kept."),
    ("ledger trials/trials", "Counted looks at data, a part of them."),
    ("man/pages", "The files written."),
    ("measured", "What was measured, each over several runs."),
    ("member/parameters", "The numbers that its form is drawn by, in prices or in the indicator's unit."),
    ("member/type", "Its form."),
    ("source/member", "The fuzzy set that it says how far it belongs to."),
    ("sets/-/-/parameters", "The numbers that its form is drawn by, in the indicator's unit."),
    ("sets/-/-/type", "Its form."),
    ("memory export/lessons", "How many lessons were written."),
    ("memory list/lessons", "What is remembered, the latest first."),
    ("models list/models", "Every model of the workspace."),
    ("queues list/queues", "Every kind of job, and how it stands."),
    ("report/report", "What it is on: backtest, training, comparison or campaign."),
    ("schedules delete/deleted", "The schedule that is no more."),
    ("schedules list/schedules", "Every schedule."),
    ("schedules next/ticks", "Ticks to come, in order."),
    ("sizing/fixed_fraction", "What each position is worth as a fraction of equity."),
    ("store epochs/epochs", "Every store that this workspace has had, the oldest first."),
    ("strategies list/strategies", "Every strategy of the workspace."),
    ("strategies validate/strategies", "Every strategy asked about."),
    ("strategies new/from", "What it began as."),
    ("submitted", "The operations that were handed over, by id."),
    ("token revoke/revoked", "The token that is no longer in force."),
    ("up/ended", "Why it ended."),
    ("up/workspace", "Its folder."),
    ("windows/shares", "The shares of an instrument's first bars, as fractions."),
    ("workers drain/answer", "What became of the request."),
    ("workers drain/worker", "The process that was asked to end."),
    ("workers list/workers", "Every process heard of lately."),
    ("written_to", "The file written; null where it went to stdout."),
];

/// Objects whose fields are described elsewhere, and where.
const ELSEWHERE: &[(&str, &str)] = &[
    ("strategy", "A strategy: `ktrdr strategies schema` describes it."),
    ("spec", "What it was told to do, by its type."),
    ("result", "What it returned, by its type; null before it completed."),
];

/// Has every field of a schema say what it is; `place` is the command, then field after field.
pub(super) fn describe(schema: &mut Value, place: &str, code: &Code) {
    if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let names: Vec<String> = fields.keys().cloned().collect();
        let among: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut left_out = Vec::new();
        for (name, field) in fields.iter_mut() {
            let place = format!("{place}/{name}");
            let known = code.field(name, &among);
            let words = said(&place)
                .or_else(|| elsewhere(name, field))
                .or_else(|| known.map(|known| known.words.as_str()));
            if let (Some(words), Some(form)) = (words, field.as_object_mut()) {
                form.insert("description".into(), json!(words));
            }
            if let Some(known) = known {
                optional(field, known);
                left_out.extend(known.may_be_left_out.then(|| name.clone()));
            }
            describe(field, &place, code);
        }
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| !left_out.iter().any(|left| name == left));
        }
    }
    for below in ["items", "additionalProperties"] {
        if let Some(entry) = schema.get_mut(below) {
            describe(entry, &format!("{place}/-"), code);
        }
    }
}

/// A field that may be null says so, whether or not it was when it was seen.
fn optional(field: &mut Value, known: &Field) {
    let mut types = match &field["type"] {
        Value::String(one) => vec![json!(one)],
        Value::Array(several) => several.clone(),
        _ => return,
    };
    if known.may_be_null && !types.contains(&json!("null")) {
        types.push(json!("null"));
        field["type"] = types.into();
    }
}

fn elsewhere(name: &str, field: &Value) -> Option<&'static str> {
    let is_object = field["type"] == "object"
        || field["type"].as_array().is_some_and(|types| types.contains(&"object".into()));
    let (_, words) = ELSEWHERE.iter().find(|(known, _)| *known == name).filter(|_| is_object)?;
    Some(words)
}

fn said(place: &str) -> Option<&'static str> {
    let ends_with =
        |end: &str| place == end || place.strip_suffix(end).is_some_and(|rest| rest.ends_with('/'));
    SAID.iter().filter(|(end, _)| ends_with(end)).max_by_key(|(end, _)| end.len()).map(|(_, words)| *words)
}

/// Places of a schema whose field says nothing.
pub(super) fn silent(schema: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        if field["description"].as_str().is_none_or(str::is_empty) {
            found.push(place.clone());
        }
        found.extend(silent(field, &place));
    }
    for below in ["items", "additionalProperties"] {
        if schema[below].is_object() {
            found.extend(silent(&schema[below], &format!("{place}/-")));
        }
    }
    found
}

/// The ends of places for which no schema has a field.
pub(super) fn unused(schemas: &Map<String, Value>) -> Vec<&'static str> {
    let places: Vec<String> = schemas.iter().flat_map(|(name, schema)| places(schema, name)).collect();
    let is_used = |end: &str| {
        places
            .iter()
            .any(|place| place == end || place.strip_suffix(end).is_some_and(|rest| rest.ends_with('/')))
    };
    SAID.iter().map(|(end, _)| *end).filter(|end| !is_used(end)).collect()
}

fn places(schema: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        found.push(place.clone());
        found.extend(places(field, &place));
    }
    for below in ["items", "additionalProperties"] {
        if schema[below].is_object() {
            found.extend(places(&schema[below], &format!("{place}/-")));
        }
    }
    found
}
