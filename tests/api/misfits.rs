//! Whatever is wrong in a body is told by its field: every field of every endpoint, with every kind of value that it can not have.

use serde_json::{Map, Value, json};

use super::client::{Served, block_on};
use crate::world::World;

/// Where a field stands: names, and an empty one for an entry of a list.
type Place = Vec<String>;

/// Every field of a form, at whatever depth.
fn fields(form: &Value, place: &[String], found: &mut Vec<(Place, Value)>) {
    for (name, field) in form["properties"].as_object().into_iter().flatten() {
        let below = [place, std::slice::from_ref(name)].concat();
        found.push((below.clone(), field.clone()));
        fields(field, &below, found);
    }
    for either in form["oneOf"].as_array().into_iter().flatten() {
        fields(either, place, found);
    }
    if form["items"].is_object() {
        let entry = [place, &[String::new()]].concat();
        found.push((entry.clone(), form["items"].clone()));
        fields(&form["items"], &entry, found);
    }
}

/// What types a form allows, as schemas call them.
fn allowed(form: &Value) -> Vec<String> {
    let own = match &form["type"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        _ => Vec::new(),
    };
    let either = form["oneOf"].as_array().into_iter().flatten();
    own.into_iter().chain(either.flat_map(allowed)).collect()
}

/// A value of each type that is not allowed. What is null is left out.
fn misfits(form: &Value) -> Vec<Value> {
    let allowed = allowed(form);
    let is = |types: &[&str]| allowed.iter().any(|one| types.contains(&one.as_str()));
    let all = [
        (json!({ "nobody": 1 }), is(&["object"])),
        (json!([[]]), is(&["array"])),
        (json!(true), is(&["boolean"])),
        (json!(7.5), is(&["number"])),
        (json!("?"), is(&["string"])),
    ];
    all.into_iter().filter(|(_, fits)| !fits).map(|(value, _)| value).collect()
}

/// Puts a value at a place, beside whatever stands there; of a choice nothing else stays.
fn put(document: &mut Value, place: &[String], value: Value) {
    let Some((first, rest)) = place.split_first() else {
        *document = value;
        return;
    };
    if first.is_empty() {
        *document = json!([null]);
        return put(&mut document[0], rest, value);
    }
    if !document.is_object() || ["name", "yaml"].contains(&first.as_str()) && document.get("cron").is_none() {
        *document = Value::Object(Map::new());
    }
    // The misfit comes first, so that nothing that is missing elsewhere hides it.
    let fields = document.as_object_mut().unwrap();
    let mut below = fields.remove(first).unwrap_or_default();
    put(&mut below, rest, value);
    fields.insert(first.clone(), below);
}

/// As errors say it: `rules.overlap`, `ids[0]`.
fn said(place: &[String]) -> String {
    place.iter().fold(String::new(), |said, name| match (said.as_str(), name.as_str()) {
        (_, "") => format!("{said}[0]"),
        ("", _) => name.clone(),
        _ => format!("{said}.{name}"),
    })
}

#[test]
fn any_value_that_does_not_fit_is_told_by_its_field_and_in_plain_words() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 3);
    let market = ["-s", "EURUSD", "-t", "1h", "-n", "1"];
    let cycle = world.submit(&[&["research", "run", "--campaign", "night"], &market[..]].concat()).remove(0);
    let clock = [
        "schedules",
        "create",
        "nightly",
        "--cron",
        "30 1 * * *",
        "--tz",
        "UTC",
        "--anyway",
        "to be refused",
    ];
    world.json(&[&clock[..], &market].concat());
    let api = Served::up(&world, &[]);
    block_on(async {
        let described = api.got("/openapi.json").await;
        let mut tried = 0;
        for (path, methods) in described["paths"].as_object().unwrap() {
            let body = &methods["post"]["requestBody"]["content"]["application/json"];
            let mut all = Vec::new();
            fields(&body["schema"], &[], &mut all);
            let at = path.replace("/api/v1", "").replace("{operation}", &cycle);
            let at = at
                .replace("{symbol}", "EURUSD")
                .replace("{hypothesis}", "hyp_000000000000")
                .replace("{campaign}", "night")
                .replace("{schedule}", "nightly");
            for (place, form) in all {
                for misfit in misfits(&form) {
                    let mut document = body["example"].clone();
                    put(&mut document, &place, misfit.clone());
                    let (status, problem) = api.post(&at, &document, None).await;
                    let detail = problem["detail"].as_str().unwrap_or_default();
                    let field = said(&place);
                    let told = format!("{at} {document}: {status} {detail}");
                    assert!(status == 400 || status == 422, "{told}");
                    assert!(detail.contains(&field), "{field} is not named: {told}");
                    for word in ["invalid type", "struct", "u32", "f64", "enum", "column", "variant"] {
                        assert!(!detail.contains(word), "{word}: {told}");
                    }
                    tried += 1;
                }
            }
        }
        assert!(tried > 300, "{tried}");
    });
}
