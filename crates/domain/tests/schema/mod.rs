//! The part of JSON schema, draft 2020-12, that the strategy schema uses. Any other keyword is a panic, so that no
//! rule passes unread.

use regex_lite::Regex;
use serde_json::Value;

/// The first rule that `value` breaks, with its place; nothing when it is valid.
pub(crate) fn fault(value: &Value, schema: &Value, root: &Value) -> Option<String> {
    let rules = match schema {
        Value::Bool(true) => return None,
        Value::Bool(false) => return Some(format!("{value} is not allowed")),
        _ => schema.as_object().unwrap(),
    };
    rules.iter().find_map(|(keyword, rule)| {
        let fault = broken(keyword, rule, value, schema, root)?;
        Some(if fault.is_empty() { format!("{value} breaks {keyword} {rule}") } else { fault })
    })
}

/// Nothing, or why the keyword is broken (empty for "see the rule").
fn broken(keyword: &str, rule: &Value, value: &Value, schema: &Value, root: &Value) -> Option<String> {
    let unless = |holds: bool| (!holds).then(String::new);
    let count = || rule.as_u64().unwrap() as usize;
    let valid = |value: &Value, schema: &Value| fault(value, schema, root).is_none();
    let inside = |key: &str, inner: &Value, schema: &Value| {
        fault(inner, schema, root).map(|fault| format!("{key}: {fault}"))
    };
    let branches = || rule.as_array().unwrap().iter().filter(|branch| valid(value, branch)).count();
    match keyword {
        "$schema" | "$defs" | "title" | "description" | "default" => None,
        "$ref" => {
            let target = root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
            fault(value, target, root)
        }
        "type" => unless(match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "number" => value.is_number(),
            "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
            other => panic!("type {other}"),
        }),
        "enum" => unless(rule.as_array().unwrap().contains(value)),
        "const" => unless(rule == value),
        "minimum" => unless(value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap())),
        "maximum" => unless(value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap())),
        "pattern" => {
            unless(value.as_str().is_none_or(|s| Regex::new(rule.as_str().unwrap()).unwrap().is_match(s)))
        }
        "maxLength" => unless(value.as_str().is_none_or(|s| s.chars().count() <= count())),
        "minItems" => unless(value.as_array().is_none_or(|items| items.len() >= count())),
        "maxItems" => unless(value.as_array().is_none_or(|items| items.len() <= count())),
        "uniqueItems" => unless(
            value.as_array().is_none_or(|all| all.iter().enumerate().all(|(i, x)| !all[..i].contains(x))),
        ),
        "items" => {
            value.as_array()?.iter().enumerate().find_map(|(i, item)| inside(&i.to_string(), item, rule))
        }
        "minProperties" => unless(value.as_object().is_none_or(|map| map.len() >= count())),
        "maxProperties" => unless(value.as_object().is_none_or(|map| map.len() <= count())),
        "required" => unless(value.as_object().is_none_or(|map| {
            rule.as_array().unwrap().iter().all(|key| map.contains_key(key.as_str().unwrap()))
        })),
        "dependentRequired" => unless(value.as_object().is_none_or(|map| {
            rule.as_object().unwrap().iter().all(|(key, needs)| {
                !map.contains_key(key)
                    || needs.as_array().unwrap().iter().all(|n| map.contains_key(n.as_str().unwrap()))
            })
        })),
        "properties" => value.as_object()?.iter().find_map(|(key, inner)| inside(key, inner, rule.get(key)?)),
        "propertyNames" => {
            value.as_object()?.keys().find_map(|key| inside("name", &key.as_str().into(), rule))
        }
        "additionalProperties" => {
            let known = |key: &str| schema.get("properties").is_some_and(|p| p.get(key).is_some());
            value
                .as_object()?
                .iter()
                .filter(|(key, _)| !known(key))
                .find_map(|(key, inner)| inside(key, inner, rule))
        }
        "not" => unless(!valid(value, rule)),
        "anyOf" => unless(branches() > 0),
        "oneOf" => unless(branches() == 1),
        other => panic!("the keyword {other} is not read here"),
    }
}
