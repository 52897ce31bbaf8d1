//! Answers are what the description says they are: each that a client of the tests is given is held against it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::undescribed::undescribed;

/// Validators of components by their place: each is made once.
static VALIDATORS: LazyLock<Mutex<BTreeMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The path of the description that an address is an address of.
pub(super) fn template(address: &str) -> Option<&'static str> {
    let asked: Vec<&str> = address.split('?').next().unwrap().split('/').collect();
    let fits = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        let is_alike = |(part, word): (&&str, &&str)| part == word || part.starts_with('{');
        parts.len() == asked.len() && parts.iter().zip(&asked).all(is_alike)
    };
    let known = ktrdr_api::description()["paths"].as_object().unwrap().keys().map(String::as_str);
    // `/operations/cancel` is no operation.
    known.filter(|path| fits(path)).min_by_key(|path| path.matches('{').count())
}

/// What an answer says that the description does not.
pub(super) fn faults(method: &str, address: &str, status: u16, document: &Value) -> Vec<String> {
    let description = ktrdr_api::description();
    let Some(operation) = template(address).map(|path| &description["paths"][path][method.to_lowercase()])
    else {
        return Vec::new();
    };
    // 405 is of no method of the path; 304 has no document.
    if operation.is_null() || status == 304 {
        return Vec::new();
    }
    let told = operation["responses"][status.to_string()]["content"].as_object();
    let schema = told.and_then(|types| types.values().next()).map(|content| &content["schema"]);
    match schema.and_then(|schema| schema["$ref"].as_str()) {
        Some(place) => misfits(place, document),
        None => vec![format!("{status} has no schema")],
    }
}

/// Where a document is not what a component says.
pub(super) fn misfits(place: &str, document: &Value) -> Vec<String> {
    let description = ktrdr_api::description();
    let errors = validator(place)
        .iter_errors(document)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect::<Vec<_>>();
    let unnamed = undescribed(document, &json!({ "$ref": place }), description);
    errors.into_iter().chain(unnamed.into_iter().map(|field| format!("{field} is not described"))).collect()
}

fn validator(place: &str) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let made = known.entry(place.to_owned()).or_insert_with(|| {
        let schema = json!({ "$ref": place, "components": ktrdr_api::description()["components"] });
        Arc::new(jsonschema::options().should_validate_formats(true).build(&schema).unwrap())
    });
    Arc::clone(made)
}
