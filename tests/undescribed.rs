//! What validators let pass: fields of a document that its schema does not name, and fields of a schema that say nothing.

use serde_json::Value;

/// Where they are. References lead into `whole`, the document that the schema is a part of.
pub(crate) fn undescribed(document: &Value, schema: &Value, whole: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(document, &[schema], whole, "", &mut found);
    found
}

/// A value may be of several forms: what one of them names is named.
fn look(value: &Value, forms: &[&Value], whole: &Value, place: &str, found: &mut Vec<String>) {
    let mut all = Vec::new();
    forms.iter().for_each(|form| gather(form, whole, &mut all));
    if all.iter().any(|form| is_open(form)) {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = format!("{place}/{name}");
                let below: Vec<&Value> = all.iter().filter_map(|form| field(form, name)).collect();
                match below.is_empty() {
                    true => found.push(place),
                    false => look(value, &below, whole, &place, found),
                }
            }
        }
        Value::Array(entries) => {
            let below: Vec<&Value> = all.iter().flat_map(|form| items(form)).collect();
            entries.iter().for_each(|entry| look(entry, &below, whole, &format!("{place}/-"), found));
        }
        _ => {}
    }
}

/// A form, and all that it refers to or is made of.
fn gather<'a>(form: &'a Value, whole: &'a Value, all: &mut Vec<&'a Value>) {
    all.push(form);
    if let Some(place) = form["$ref"].as_str().and_then(|place| place.strip_prefix('#')) {
        let target = whole.pointer(place).unwrap_or_else(|| panic!("{place} is not there"));
        gather(target, whole, all);
    }
    for parts in ["allOf", "anyOf", "oneOf"] {
        form[parts].as_array().into_iter().flatten().for_each(|part| gather(part, whole, all));
    }
}

/// What a form says of a field.
fn field<'a>(form: &'a Value, name: &str) -> Option<&'a Value> {
    form["properties"].get(name).or_else(|| form.get("additionalProperties").filter(|any| any.is_object()))
}

fn items(form: &Value) -> Vec<&Value> {
    form.get("items").into_iter().chain(form["prefixItems"].as_array().into_iter().flatten()).collect()
}

/// Whether a form is of any object, or of any value.
fn is_open(form: &Value) -> bool {
    let says_nothing = |form: &serde_json::Map<String, Value>| {
        form.keys().all(|word| ["description", "title"].contains(&word.as_str()))
    };
    form == &Value::Bool(true)
        || form["additionalProperties"] == true
        || form.as_object().is_some_and(says_nothing)
}

/// Fields of a form, at whatever depth, that say nothing. Of a strategy the grammar says what each field is.
pub(crate) fn silent(form: &Value, name: &str) -> Vec<String> {
    match name == "Strategy" || name.starts_with("Strategy.") {
        true => Vec::new(),
        false => silent_below(form, name),
    }
}

fn silent_below(form: &Value, place: &str) -> Vec<String> {
    let fields = form["properties"].as_object().into_iter().flatten();
    let below = fields.flat_map(|(name, field)| {
        let place = format!("{place}.{name}");
        let own = says_nothing(field).then(|| place.clone());
        own.into_iter().chain(silent_below(field, &place))
    });
    let either = ["oneOf", "anyOf"].into_iter().flat_map(|of| form[of].as_array().into_iter().flatten());
    // What is said of one of several forms is said of the word that tells it from the others.
    let either = either.flat_map(|form| {
        let is_below = |field: &String| field.matches('.').count() > place.matches('.').count() + 1;
        let all = silent_below(form, place).into_iter();
        all.filter(|field| says_nothing(form) || is_below(field)).collect::<Vec<_>>()
    });
    let items = form["items"].is_object().then(|| silent_below(&form["items"], place));
    below.chain(either).chain(items.into_iter().flatten()).collect()
}

fn says_nothing(form: &Value) -> bool {
    form["description"].as_str().is_none_or(str::is_empty)
}

#[test]
fn a_field_that_says_nothing_is_found() {
    let form = serde_json::json!({ "properties": {
        "told": { "description": "It." },
        "list": { "description": "Of them.", "items": { "properties": { "silent": {} } } },
        "either": { "description": "One.", "oneOf": [{ "description": "This.", "properties": { "this": {} } }, { "properties": { "that": {} } }] },
    } });
    assert_eq!(silent(&form, "Form"), ["Form.list.silent", "Form.either.that"]);
}

#[test]
fn a_field_that_no_form_names_is_found() {
    let whole = serde_json::json!({ "$defs": {
        "Row": { "type": "object", "properties": { "id": { "type": "string" }, "spec": true } },
        "List": { "type": "object", "properties": { "rows": { "type": "array", "items": { "anyOf": [{ "$ref": "#/$defs/Row" }, { "type": "null" }] } } } },
    } });
    let list = &whole["$defs"]["List"];
    let document = serde_json::json!({ "rows": [{ "id": "a", "spec": { "anything": 1 } }, { "id": "b", "colour": 1 }], "more": 1 });
    assert_eq!(undescribed(&document, list, &whole), ["/rows/-/colour", "/more"]);
}
