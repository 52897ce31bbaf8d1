//! Where two documents differ.

use serde_json::Value;

/// Each place where they do, and what stands there.
pub(crate) fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", one, other, &mut found);
    found
}

fn compare(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(ours), Value::Object(theirs)) if ours.keys().eq(theirs.keys()) => {
            for (name, field) in ours {
                compare(&format!("{path}.{name}"), field, &theirs[name], found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (at, (entry, its)) in std::iter::zip(ours, theirs).enumerate() {
                compare(&format!("{path}[{at}]"), entry, its, found);
            }
        }
        _ if one != other => found.push(format!("{path}: {one} against {other}")),
        _ => {}
    }
}
