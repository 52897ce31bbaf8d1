//! What a request must not say: the contract as the newest models hold it.

use std::collections::HashMap;

use serde_json::Value;

/// Models that are served.
const MODELS: [&str; 4] =
    ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-haiku-4-5-20251001"];

/// Most marks of the cache.
const MARKS_MAX: usize = 4;

/// A status and its words.
pub(crate) type No = (u16, String);

/// Thinking that was handed out, by its signature.
pub(crate) type Thoughts = HashMap<String, String>;

/// What is wrong with a request, if anything.
pub(crate) fn check(request: &Value, thoughts: &Thoughts) -> Result<(), No> {
    refused_parameters(request)?;
    let model = request["model"].as_str().unwrap_or_default();
    if !MODELS.contains(&model) {
        return Err((404, format!("model: {model}")));
    }
    if request["max_tokens"].as_u64().is_none_or(|n| n == 0) {
        return Err(bad("max_tokens: Field required"));
    }
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    match messages.last().map(|last| &last["role"]) {
        Some(role) if role == "user" => {}
        Some(_) => return Err(bad("This model does not support assistant message prefill.")),
        None => return Err(bad("messages: at least one message is required")),
    }
    if marks(request) > MARKS_MAX {
        return Err(bad("A maximum of 4 blocks with cache_control may be provided."));
    }
    calls_are_answered(messages)?;
    thinking_is_unchanged(messages, thoughts)
}

fn bad(words: &str) -> No {
    (400, words.to_owned())
}

/// The five 400s, and their relatives.
fn refused_parameters(request: &Value) -> Result<(), No> {
    let thinking = &request["thinking"];
    if thinking["type"] == "disabled" {
        return Err(bad("thinking.type: disabled is not supported by this model"));
    }
    if thinking.get("budget_tokens").is_some() {
        return Err(bad("thinking.budget_tokens: not supported, use output_config.effort"));
    }
    for sampling in ["temperature", "top_p", "top_k"] {
        if request.get(sampling).is_some() {
            return Err(bad(&format!("{sampling}: sampling parameters are not supported by this model")));
        }
    }
    if request["tool_choice"]["type"].as_str().is_some_and(|kind| kind == "any" || kind == "tool") {
        return Err(bad("tool_choice: forced tool use is not supported with thinking"));
    }
    Ok(())
}

fn marks(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(marks).sum(),
        Value::Object(map) => {
            usize::from(map.contains_key("cache_control")) + map.values().map(marks).sum::<usize>()
        }
        _ => 0,
    }
}

/// Each call is answered in the very next turn.
fn calls_are_answered(messages: &[Value]) -> Result<(), No> {
    for (at, message) in messages.iter().enumerate() {
        let calls: Vec<&Value> =
            blocks(message).iter().filter(|b| b["type"] == "tool_use").map(|b| &b["id"]).collect();
        let next = messages.get(at + 1).map(blocks).unwrap_or_default();
        let answers: Vec<&Value> =
            next.iter().filter(|b| b["type"] == "tool_result").map(|b| &b["tool_use_id"]).collect();
        if let Some(open) = calls.iter().find(|id| !answers.contains(id)) {
            return Err(bad(&format!("tool_use {open} has no tool_result")));
        }
        if let Some(odd) = answers.iter().find(|id| !calls.contains(id)) {
            return Err(bad(&format!("tool_result {odd} has no tool_use")));
        }
    }
    Ok(())
}

/// Thinking goes back as it came, before whatever followed it.
fn thinking_is_unchanged(messages: &[Value], thoughts: &Thoughts) -> Result<(), No> {
    for message in messages.iter().filter(|m| m["role"] == "assistant") {
        let first = blocks(message).first().cloned().unwrap_or_default();
        let signature = first["signature"].as_str().unwrap_or_default();
        let thought = thoughts.get(signature).map(String::as_str);
        if first["type"] != "thinking" || thought.is_none() || first["thinking"].as_str() != thought {
            return Err(bad("thinking blocks must be returned unchanged"));
        }
    }
    Ok(())
}

fn blocks(message: &Value) -> &[Value] {
    message["content"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain() -> Value {
        json!({"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": []}]})
    }

    #[test]
    fn the_five_refused_parameters_are_refused_and_a_plain_request_is_not() {
        assert_eq!(check(&plain(), &Thoughts::new()), Ok(()));
        let cases = [
            ("thinking", json!({"type": "disabled"})),
            ("thinking", json!({"type": "enabled", "budget_tokens": 1024})),
            ("temperature", json!(0.2)),
            ("tool_choice", json!({"type": "any"})),
            ("messages", json!([{"role": "user", "content": []}, {"role": "assistant", "content": []}])),
        ];
        for (key, value) in cases {
            let mut request = plain();
            request[key] = value;
            assert_eq!(check(&request, &Thoughts::new()).unwrap_err().0, 400, "{request}");
        }
    }

    #[test]
    fn thinking_that_came_back_changed_is_refused() {
        let thoughts = Thoughts::from([("sig".to_owned(), "hm".to_owned())]);
        let with = |thinking: &str| {
            let mut request = plain();
            let thinking = json!({"type": "thinking", "thinking": thinking, "signature": "sig"});
            request["messages"] = json!([{"role": "user", "content": []},
                {"role": "assistant", "content": [thinking]}, {"role": "user", "content": []}]);
            check(&request, &thoughts)
        };
        assert_eq!(with("hm"), Ok(()));
        assert!(with("hm!").is_err());
    }
}
