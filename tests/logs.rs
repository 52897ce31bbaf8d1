//! Logs for programs: on stderr every line is a JSON object, whoever wrote it; and those about an operation say its trace.

use std::process::Output;

use serde_json::Value;

use crate::world::{World, shown};

/// The lines on stderr.
fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let line =
        |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{}", shown(output)));
    let lines: Vec<Value> = text.lines().map(line).collect();
    assert!(lines.iter().all(Value::is_object), "{}", shown(output));
    lines
}

fn said(line: &Value) -> &str {
    line["fields"]["message"].as_str().unwrap_or_default()
}

#[test]
fn every_line_is_json_and_an_attempt_is_one_event_with_its_trace() {
    let world = World::new().with_setting("KTRDR_LOG_FORMAT", "json").with_setting("KTRDR_LOG", "info");
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("brief", 2);
    let output = world.run(&["training", "run", "--local", "--strategy", "brief"]);
    assert!(output.status.success(), "{}", shown(&output));
    let lines = lines(&output);
    let ended: Vec<&Value> = lines.iter().filter(|line| said(line) == "attempt ended").collect();
    let [ended] = ended.as_slice() else { panic!("{lines:#?}") };
    let id = ended["operation"].as_str().unwrap();
    assert_eq!((&ended["fields"]["outcome"], &ended["level"]), (&"completed".into(), &"INFO".into()));
    let status = world.run(&["operations", "status", id, "--output", "json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(ended["trace"], status["trace"]);
}

#[test]
fn what_goes_wrong_is_told_as_json_too() {
    let world = World::new().with_setting("KTRDR_LOG_FORMAT", "json");
    for (code, arguments) in [
        (2, &["--no-such-option"][..]),
        (3, &["operations", "status", "op_training_20261121_025513_99cb0f94"]),
        (3, &["operations", "status", "op_training_20261121_025513_99cb0f94", "--output", "json"]),
        (2, &["worker", "training"]),
    ] {
        let output = world.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
        let lines = lines(&output);
        assert!(!lines.is_empty(), "{}", shown(&output));
    }
}

#[test]
fn lines_for_people_say_the_trace_behind_the_operation() {
    let world = World::new().with_setting("KTRDR_LOG", "info");
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("brief", 2);
    let output = world.run(&["training", "run", "--local", "--strategy", "brief"]);
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let line = text.lines().find(|line| line.contains("attempt ended")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains(" operation=op_training_") && line.contains(" trace="), "{line}");
}
