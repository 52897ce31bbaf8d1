//! What a client is told of the tools: held by a golden file, and by rules that every tool keeps.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use ktrdr_domain::scope::Scope;
use ktrdr_mcp::{Access, listed};
use serde_json::Value;

const OPERATOR: Access = Access { scope: Scope::Operator, show_exam: false };

/// After a change that is meant: `KTRDR_TEST_BLESS=1 cargo test --workspace --test schemas`.
#[test]
fn the_tools_are_those_of_the_golden_file() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tools.json");
    let told = serde_json::to_string_pretty(&listed(OPERATOR)).unwrap() + "\n";
    if std::env::var_os("KTRDR_TEST_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &told).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(golden == told, "{} is not what is told now:\n{told}", file.display());
}

#[test]
fn without_a_persons_word_every_tool_only_reads() {
    let read = listed(Access::default());
    assert!(read.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true));
    let all = listed(OPERATOR);
    let writes: Vec<&Value> = all.iter().filter(|tool| tool["annotations"]["readOnlyHint"] != true).collect();
    assert_eq!(read.len() + writes.len(), all.len());
    let destructive = writes.iter().filter(|tool| tool["annotations"]["destructiveHint"] == true);
    assert_eq!(
        destructive.map(|tool| &tool["name"]).collect::<Vec<_>>(),
        ["cancel_operation", "pause_schedule", "delete_schedule"]
    );
}

#[test]
fn who_may_submit_begins_nights_and_who_steers_makes_them() {
    let has = |scope, name: &str| {
        listed(Access { scope, show_exam: false }).iter().any(|tool| tool["name"] == name)
    };
    for name in ["list_schedules", "get_schedule", "next_ticks"] {
        assert!(has(Scope::Viewer, name), "{name}");
    }
    assert!(!has(Scope::Viewer, "trigger_schedule") && has(Scope::Submit, "trigger_schedule"));
    for name in ["create_schedule", "pause_schedule", "resume_schedule", "delete_schedule"] {
        assert!(!has(Scope::Submit, name) && has(Scope::Operator, name), "{name}");
    }
}

#[test]
fn every_argument_is_named_described_and_bounded() {
    for tool in listed(OPERATOR) {
        let name = &tool["name"];
        assert!(!tool["description"].as_str().unwrap().is_empty(), "{name}");
        assert!(!tool["annotations"]["title"].as_str().unwrap().is_empty(), "{name}");
        check(name, &tool["inputSchema"]);
    }
}

/// No field that is not named, no text without an end, no number without a floor.
fn check(tool: &Value, schema: &Value) {
    match schema["type"].as_str() {
        Some("object") => {
            assert_eq!(schema["additionalProperties"], false, "{tool}: {schema}");
            schema["properties"].as_object().unwrap().values().for_each(|field| check(tool, field));
        }
        Some("string") => {
            assert!(schema["maxLength"].is_u64() || schema["enum"].is_array(), "{tool}: {schema}");
        }
        Some("integer") => assert!(schema["minimum"].is_u64(), "{tool}: {schema}"),
        Some("boolean") => {}
        _ => schema["oneOf"].as_array().unwrap().iter().for_each(|one| check(tool, one)),
    }
}

#[test]
fn no_tool_names_a_window_or_opens_the_vault() {
    for tool in listed(OPERATOR) {
        let schema = tool["inputSchema"].to_string();
        for word in ["vault", "window", "start_date", "\"start\"", "\"end\"", "path", "file"] {
            assert!(!schema.contains(word), "{} speaks of {word}", tool["name"]);
        }
    }
}
