//! Schemas of arguments: no field that is not named, and a bound on every size. What they say is checked again where a request
//! is read.

use ktrdr_domain::schedule::Overlap;
use ktrdr_domain::{Kind, Status};
use rmcp::model::JsonObject;
use serde_json::{Value, json};

use crate::limits::{CYCLES_MAX, ENTRIES, ENTRIES_MAX, NAME_MAX, STRATEGY_BYTES_MAX, WORDS_MAX};

/// An object with these properties, of which those are required.
fn object(properties: &Value, required: &[&str]) -> JsonObject {
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    match schema {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

/// The same with which part of a list is wanted.
fn list(mut properties: Value, required: &[&str]) -> JsonObject {
    properties["limit"] = json!({
        "type": "integer", "minimum": 1, "maximum": ENTRIES_MAX, "default": ENTRIES,
        "description": "At most so many.",
    });
    properties["offset"] = json!({
        "type": "integer", "minimum": 0, "default": 0, "description": "Skip so many of the first.",
    });
    object(&properties, required)
}

/// The same of a list that is read by position.
fn list_behind(mut properties: Value, required: &[&str]) -> JsonObject {
    properties["limit"] = json!({
        "type": "integer", "minimum": 1, "maximum": ENTRIES_MAX, "default": ENTRIES,
        "description": "At most so many.",
    });
    properties["after"] = json!({
        "type": "integer", "minimum": 0, "description": "Go on behind the part that answered with this as next.",
    });
    object(&properties, required)
}

fn name(about: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": NAME_MAX, "description": about })
}

fn words(about: &str) -> Value {
    json!({ "type": "string", "maxLength": WORDS_MAX, "description": about })
}

fn one_of(about: &str, values: impl Iterator<Item = String>) -> Value {
    json!({ "type": "string", "enum": values.collect::<Vec<_>>(), "description": about })
}

fn symbol() -> Value {
    name("The instrument, such as EURUSD.")
}

fn timeframe() -> Value {
    name("The bars, such as 1h.")
}

fn seed() -> Value {
    json!({ "type": "integer", "minimum": 0, "description": "Of everything random." })
}

fn key() -> Value {
    name("The same key again is the same request: choose one before you ask, and repeat it after a failure.")
}

fn text_of_a_strategy() -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": STRATEGY_BYTES_MAX,
        "description": "The text of a strategy, grammar 3.0, YAML.",
    })
}

fn choice_of_a_strategy() -> Value {
    json!({
        "description": "One of the workspace by name, or a text.",
        "oneOf": [
            object(&json!({ "name": name("A strategy of the workspace.") }), &["name"]),
            object(&json!({ "yaml": text_of_a_strategy() }), &["yaml"]),
        ],
    })
}

pub(super) fn nothing() -> JsonObject {
    object(&json!({}), &[])
}

pub(super) fn page() -> JsonObject {
    list(json!({}), &[])
}

pub(super) fn list_operations() -> JsonObject {
    let kinds = Kind::ALL.iter().map(ToString::to_string);
    let statuses = Status::ALL.iter().map(ToString::to_string);
    let properties = json!({
        "campaign": name("Only this campaign: its cycles and their jobs."),
        "type": one_of("Only this type.", kinds),
        "status": one_of("Only this status.", statuses),
        "active": flag("Only pending and running ones."),
    });
    list_behind(properties, &[])
}

pub(super) fn one_operation() -> JsonObject {
    object(&json!({ "id": name("Its id.") }), &["id"])
}

pub(super) fn one_campaign() -> JsonObject {
    list_behind(json!({ "campaign": name("Its name.") }), &["campaign"])
}

pub(super) fn campaigns() -> JsonObject {
    list_behind(json!({}), &[])
}

pub(super) fn budget() -> JsonObject {
    let properties = json!({
        "campaign": name("Only this campaign, beside the days."),
        "days": { "type": "integer", "minimum": 1, "maximum": 31, "default": 7, "description": "How many days." },
    });
    object(&properties, &[])
}

pub(super) fn of_campaign() -> JsonObject {
    list(json!({ "campaign": name("Only this campaign.") }), &[])
}

pub(super) fn one_strategy() -> JsonObject {
    object(&json!({ "name": name("Its name.") }), &["name"])
}

pub(super) fn strategy_text() -> JsonObject {
    object(&json!({ "yaml": text_of_a_strategy() }), &["yaml"])
}

pub(super) fn one_lesson() -> JsonObject {
    object(&json!({ "cycle": name("The cycle it was learnt from.") }), &["cycle"])
}

pub(super) fn recall() -> JsonObject {
    let properties = json!({
        "symbol": name("Only lessons about this instrument."),
        "like": name("A strategy of the workspace: lessons about strategies like it come first."),
        "words": words("Only lessons whose strategy, hypothesis or failure has all of these words."),
    });
    object(&properties, &[])
}

/// A yes or no, no unless said otherwise.
fn flag(about: &str) -> Value {
    json!({ "type": "boolean", "default": false, "description": about })
}

pub(super) fn trigger_cycle() -> JsonObject {
    let properties = json!({
        "symbol": symbol(),
        "timeframe": timeframe(),
        "agent": name("Who designs and assesses; as configured otherwise."),
        "batch": flag("Ask the language model in batches: half the price, answers within a day."),
        "masked": flag("Hide symbol, dates and price level from the language model."),
        "brief": words("What to look for; not together with a strategy."),
        "strategy": choice_of_a_strategy(),
        "seed": seed(),
        "idempotency_key": key(),
    });
    object(&properties, &["symbol", "timeframe"])
}

/// What a campaign is told.
fn campaign() -> Value {
    json!({
        "symbol": symbol(),
        "timeframe": timeframe(),
        "cycles": { "type": "integer", "minimum": 1, "maximum": CYCLES_MAX, "description": "How many." },
        "agent": name("Who designs and assesses; as configured otherwise."),
        "batch": flag("Ask the language model in batches: half the price, answers within a day."),
        "masked": flag("Hide symbol, dates and price level from the language model."),
        "mix": name("Another provider's share of the designs while a campaign that evolves breeds, such as claude:1/4."),
        "brief": words("What to look for."),
        "seed": seed(),
    })
}

const OF_A_CAMPAIGN: [&str; 3] = ["symbol", "timeframe", "cycles"];

pub(super) fn start_campaign() -> JsonObject {
    let mut properties = campaign();
    properties["idempotency_key"] = key();
    object(&properties, &OF_A_CAMPAIGN)
}

pub(super) fn train_strategy() -> JsonObject {
    let properties = json!({
        "strategy": choice_of_a_strategy(),
        "seed": seed(),
        "idempotency_key": key(),
    });
    object(&properties, &["strategy"])
}

pub(super) fn cancel_operation() -> JsonObject {
    object(&json!({ "id": name("Its id."), "reason": words("Why; kept in its row.") }), &["id"])
}

fn schedule() -> Value {
    name("Its name.")
}

pub(super) fn one_schedule() -> JsonObject {
    let limit = json!({
        "type": "integer", "minimum": 1, "maximum": ENTRIES_MAX, "default": ENTRIES,
        "description": "At most so many of its nights.",
    });
    object(&json!({ "schedule": schedule(), "limit": limit }), &["schedule"])
}

pub(super) fn next_ticks() -> JsonObject {
    let count = json!({
        "type": "integer", "minimum": 1, "maximum": ENTRIES_MAX, "default": 10, "description": "How many.",
    });
    object(&json!({ "schedule": name("Only of this one; of all otherwise."), "count": count }), &[])
}

pub(super) fn named_schedule() -> JsonObject {
    object(&json!({ "schedule": schedule() }), &["schedule"])
}

pub(super) fn trigger_schedule() -> JsonObject {
    object(&json!({ "schedule": schedule(), "idempotency_key": key() }), &["schedule"])
}

pub(super) fn pause_schedule() -> JsonObject {
    let note = words("Why: shown wherever the schedule is.");
    object(&json!({ "schedule": schedule(), "note": note }), &["schedule", "note"])
}

pub(super) fn delete_schedule() -> JsonObject {
    object(&json!({ "schedule": schedule(), "reason": words("Why, for the audit log.") }), &["schedule"])
}

pub(super) fn create_schedule() -> JsonObject {
    let seconds = |about: &str| json!({ "type": "integer", "minimum": 0, "maximum": 31 * 86_400, "description": about });
    let overlaps = Overlap::ALL.iter().map(|overlap| overlap.as_str().to_owned());
    let rules = object(
        &json!({
            "overlap": one_of("What becomes of a tick while the night before it goes on: skip by default.", overlaps),
            "catch_up_s": seconds("How old a tick may be that came while nobody was there; 3600 by default."),
            "max_lateness_s": seconds("How long after its tick a night may begin; 43200 by default."),
            "jitter_s": seconds("Begin up to so much later."),
            "max_time_s": seconds("How long a night may take before it is cancelled."),
            "max_machine_time_s": seconds("How long its jobs may run, added up, before it is cancelled."),
            "pause_on_failure": flag("Pause after a night that failed, did not finish, or could not begin."),
        }),
        &[],
    );
    let properties = json!({
        "name": schedule(),
        "cron": name("Minute, hour, day of the month, month, day of the week, such as 30 1 * * *."),
        "zone": name("On whose clock: a name of the IANA database, such as America/New_York."),
        "campaign": object(&campaign(), &OF_A_CAMPAIGN),
        "rules": rules,
    });
    object(&properties, &["name", "cron", "zone", "campaign"])
}
