//! The JSON schema of grammar 3.0, for editors that check and complete strategy files. It is made from the tables
//! that the reader uses, so the two can not drift apart.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::field::{
    BATCH_SIZE, CONFIDENCE, COST_MODEL, DROPOUT, EARLY_STOPPING, EPOCHS, EXITS, FUZZY_SETS_MAX, Field,
    GRADIENT_CLIP, HIDDEN_LAYERS_MAX, HISTORY_REQUIRED, HUBER_DELTA, INDICATORS_MAX, INPUTS_MAX, LABELS,
    LAGS, LEARNING_RATE, LOSSES, MEMBERS_MAX, MEMBERSHIPS, PARAMETER, PROSE_CHARS_MAX, RESERVED_IDS,
    SCHEDULERS, SEPARATION, SHARES, SIZINGS, SYMBOLS_MAX, TIMEFRAMES_MAX, UNITS, Variant, WEIGHT_DECAY,
};
use super::indicators::{INDICATORS, IndicatorDefinition, Param, ParamForm, Source};
use super::network::{Activation, ClassWeights, Optimizer, OutputKind};
use super::words::Words;
use super::{Normalization, Strategy};

/// A strategy's JSON has the shape of its file.
impl JsonSchema for Strategy {
    fn schema_name() -> Cow<'static, str> {
        "Strategy".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let place = format!("#{}/Strategy.", generator.settings().definitions_path);
        let mut schema = json_schema();
        refer(&mut schema, &place);
        let mut fields = schema.as_object().cloned().unwrap_or_default();
        fields.remove("$schema");
        let parts = fields.remove("$defs");
        for (name, part) in parts.iter().filter_map(Value::as_object).flatten() {
            generator.definitions_mut().insert(format!("Strategy.{name}"), part.clone());
        }
        fields.into()
    }
}

/// Has references to parts of the grammar lead to `place`.
fn refer(schema: &mut Value, place: &str) {
    match schema {
        Value::Object(fields) => {
            let part = fields.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix("#/$defs/"));
            if let Some(target) = part.map(|part| format!("{place}{part}")) {
                fields.insert("$ref".to_owned(), target.into());
            }
            fields.values_mut().for_each(|field| refer(field, place));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, place)),
        _ => {}
    }
}

/// The schema, draft 2020-12.
#[must_use]
pub fn json_schema() -> Value {
    let sections = [
        ("name", json!({"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"})),
        ("description", json!({"type": "string", "maxLength": PROSE_CHARS_MAX})),
        ("hypothesis", json!({"type": "string", "maxLength": PROSE_CHARS_MAX})),
        ("version", json!({"enum": ["3.0", 3]})),
        ("training_data", training_data()),
        ("indicators", indicators()),
        ("fuzzy_sets", fuzzy_sets()),
        ("nn_inputs", json!({"type": "array", "minItems": 1, "maxItems": INPUTS_MAX, "items": nn_input()})),
        ("model", model()),
        ("training", training()),
        ("decisions", decisions()),
        ("risk", risk()),
    ];
    let required =
        ["name", "training_data", "indicators", "fuzzy_sets", "nn_inputs", "model", "training", "decisions"];
    let mut schema = object(sections, &required);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("ktrdr strategy, grammar 3.0");
    schema["$defs"] = json!({
        "id": {"type": "string", "pattern": "^[a-zA-Z][a-zA-Z0-9_-]{0,63}$"},
        "symbol": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$"},
        "timeframe": {"type": "string", "pattern": "^[0-9]{1,4}[mhdw]$"},
        "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"},
        "membership": membership(),
    });
    schema
}

fn training_data() -> Value {
    let symbols = list(&json!({"$ref": "#/$defs/symbol"}), SYMBOLS_MAX);
    let timeframes = list(&json!({"$ref": "#/$defs/timeframe"}), TIMEFRAMES_MAX);
    let symbol_choice = object(
        [
            ("mode", json!({"enum": ["single", "multi_symbol"]})),
            ("list", symbols.clone()),
            ("symbol", json!({"$ref": "#/$defs/symbol"})),
        ],
        &[],
    );
    let timeframe_choice = object(
        [
            ("mode", json!({"enum": ["single", "multi_timeframe"]})),
            ("list", timeframes.clone()),
            ("timeframe", json!({"$ref": "#/$defs/timeframe"})),
            ("base_timeframe", json!({"$ref": "#/$defs/timeframe"})),
        ],
        &[],
    );
    let properties = [
        ("symbols", json!({"anyOf": [symbols, symbol_choice]})),
        ("timeframes", json!({"anyOf": [timeframes, timeframe_choice]})),
        ("base_timeframe", json!({"$ref": "#/$defs/timeframe"})),
        (HISTORY_REQUIRED.key, number(&HISTORY_REQUIRED)),
        ("start_date", json!({"$ref": "#/$defs/date"})),
        ("end_date", json!({"$ref": "#/$defs/date"})),
    ];
    object(properties, &["symbols", "timeframes"])
}

/// A map from ids to things of one kind.
fn by_id(thing: &Value, most: usize) -> Value {
    let any_case =
        |id: &str| -> String { id.chars().map(|c| format!("[{}{c}]", c.to_ascii_uppercase())).collect() };
    let reserved: Vec<String> = RESERVED_IDS.iter().map(|id| any_case(id)).collect();
    json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": most,
        "propertyNames": {"$ref": "#/$defs/id", "not": {"pattern": format!("^({})$", reserved.join("|"))}},
        "additionalProperties": thing,
    })
}

fn indicators() -> Value {
    by_id(&json!({"oneOf": INDICATORS.iter().map(indicator).collect::<Vec<_>>()}), INDICATORS_MAX)
}

fn indicator(definition: &IndicatorDefinition) -> Value {
    let mut names = vec![definition.name];
    names.extend(definition.aliases);
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({"enum": names}));
    if definition.has_source {
        properties.insert("source".to_owned(), words::<Source>());
    }
    for param in definition.params {
        properties.insert(param.name.to_owned(), parameter(param));
    }
    json!({
        "type": "object",
        "description": definition.about,
        "properties": properties,
        "required": ["type"],
        "additionalProperties": false,
    })
}

fn parameter(param: &Param) -> Value {
    let (min, max, default) = (digits(param.min), digits(param.max), digits(param.default));
    match param.form {
        ParamForm::Count => json!({"type": "integer", "minimum": min, "maximum": max, "default": default}),
        ParamForm::Number => json!({"type": "number", "minimum": min, "maximum": max, "default": default}),
        ParamForm::Flag => json!({"type": "boolean", "default": param.default == 1.0}),
        ParamForm::Average => json!({"enum": ["SMA", "EMA", "sma", "ema"], "default": "SMA"}),
    }
}

fn fuzzy_sets() -> Value {
    by_id(
        &json!({
            "type": "object",
            "properties": {"indicator": {"type": "string", "description": "id or id.output"}},
            "required": ["indicator"],
            "minProperties": 2,
            "maxProperties": MEMBERS_MAX + 1,
            "propertyNames": {"$ref": "#/$defs/id"},
            "additionalProperties": {"$ref": "#/$defs/membership"},
        }),
        FUZZY_SETS_MAX,
    )
}

fn membership() -> Value {
    let numbers = |least: usize, most: usize| json!({"type": "array", "items": number(&PARAMETER), "minItems": least, "maxItems": most});
    let mut forms = vec![numbers(3, 4)];
    forms.extend(MEMBERSHIPS.iter().map(|shape| {
        let mut names = vec![shape.word];
        names.extend(shape.aliases);
        let count = shape.parameters.len();
        object(
            [("type", json!({"enum": names})), ("parameters", numbers(count, count))],
            &["type", "parameters"],
        )
    }));
    json!({"oneOf": forms})
}

fn nn_input() -> Value {
    let timeframes = list(&json!({"$ref": "#/$defs/timeframe"}), TIMEFRAMES_MAX);
    let properties = [
        ("fuzzy_set", json!({"$ref": "#/$defs/id"})),
        ("raw_indicator", json!({"type": "string", "description": "id or id.output"})),
        ("timeframes", json!({"anyOf": [{"const": "all"}, timeframes]})),
        ("normalization", words::<Normalization>()),
        (LAGS.key, number(&LAGS)),
    ];
    let mut input = object(properties, &["timeframes"]);
    input["oneOf"] = json!([{"required": ["fuzzy_set"]}, {"required": ["raw_indicator"]}]);
    input["dependentRequired"] = json!({"normalization": ["raw_indicator"]});
    input
}

fn model() -> Value {
    let layers =
        json!({"type": "array", "items": number(&UNITS), "minItems": 1, "maxItems": HIDDEN_LAYERS_MAX});
    let properties =
        [("hidden_layers", layers), ("activation", words::<Activation>()), (DROPOUT.key, number(&DROPOUT))];
    let architecture = object(properties, &["hidden_layers"]);
    object([("type", json!({"const": "mlp"})), ("architecture", architecture)], &["architecture"])
}

fn training() -> Value {
    let mut stopping = fields(&EARLY_STOPPING);
    stopping["properties"]["enabled"] = json!({"type": "boolean", "default": true});
    let properties = [
        ("labels", json!({"oneOf": LABELS.iter().map(|f| variant("source", f)).collect::<Vec<_>>()})),
        ("data_split", fields(&SHARES)),
        (EPOCHS.key, number(&EPOCHS)),
        (BATCH_SIZE.key, number(&BATCH_SIZE)),
        (LEARNING_RATE.key, number(&LEARNING_RATE)),
        ("optimizer", words::<Optimizer>()),
        (WEIGHT_DECAY.key, number(&WEIGHT_DECAY)),
        ("lr_scheduler", word_or_map(SCHEDULERS)),
        (GRADIENT_CLIP.key, json!({"anyOf": [number(&GRADIENT_CLIP), {"const": false}]})),
        ("early_stopping", json!({"anyOf": [{"type": "boolean"}, stopping]})),
        ("loss", word_or_map(LOSSES)),
        ("huber_delta", number(&HUBER_DELTA)),
        ("class_weights", words::<ClassWeights>()),
    ];
    object(properties, &["labels"])
}

fn decisions() -> Value {
    let properties = [
        ("output_format", words::<OutputKind>()),
        (CONFIDENCE.key, number(&CONFIDENCE)),
        ("position_awareness", json!({"type": "boolean", "default": true})),
        ("allow_short", json!({"type": "boolean", "default": true})),
        (SEPARATION.key, number(&SEPARATION)),
        ("filters", fields(&[SEPARATION])),
        ("cost_model", fields(COST_MODEL)),
    ];
    object(properties, &["output_format"])
}

fn risk() -> Value {
    let mut sizes = vec![json!({"const": "all_in"})];
    sizes.extend(SIZINGS.iter().map(|size| fields(std::slice::from_ref(size))));
    let exits: Vec<(&str, Value)> = EXITS.iter().map(|exit| (exit.key, number(exit))).collect();
    object([("position_sizing", json!({"oneOf": sizes})), ("exits", object(exits, &[]))], &[])
}

/// A map with these keys and no others.
fn object<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>, required: &[&str]) -> Value {
    let properties: Map<String, Value> = properties.into_iter().map(|(key, v)| (key.to_owned(), v)).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// A map of numbers; those without a default are required.
fn fields(fields: &[Field]) -> Value {
    let required: Vec<&str> = fields.iter().filter(|f| f.default.is_none()).map(|f| f.key).collect();
    object(fields.iter().map(|f| (f.key, number(f))), &required)
}

/// One variant of a choice, as a map.
fn variant(tag: &str, variant: &Variant) -> Value {
    let mut map = fields(variant.fields);
    map["properties"][tag] = json!({"const": variant.word});
    if let Some(required) = map["required"].as_array_mut() {
        required.push(json!(tag));
    }
    map["description"] = json!(variant.about);
    map
}

/// A choice as its word alone, where every number has a default, or as a map with `type`.
fn word_or_map(variants: &[Variant]) -> Value {
    let words: Vec<&str> = variants.iter().map(|f| f.word).collect();
    let maps: Vec<Value> = variants.iter().map(|f| variant("type", f)).collect();
    json!({"anyOf": [{"enum": words}, {"oneOf": maps}]})
}

fn words<T: Words>() -> Value {
    json!({"enum": T::words()})
}

fn list(item: &Value, most: usize) -> Value {
    json!({"type": "array", "items": item, "minItems": 1, "maxItems": most, "uniqueItems": true})
}

fn number(field: &Field) -> Value {
    let kind = if field.whole { "integer" } else { "number" };
    let mut schema = json!({
        "type": kind,
        "minimum": digits(field.min),
        "maximum": digits(field.max),
        "description": field.about,
    });
    if let Some(default) = field.default {
        schema["default"] = digits(default);
    }
    schema
}

/// A number without a fraction it has not.
fn digits(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}
