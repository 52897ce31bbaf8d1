//! A language model designs and assesses: full cycles through the real binary, against a server that plays the model.

use ktrdr_fake::{Fake, Fault, Mind};
use serde_json::Value;

use crate::world::{Engine, World, on_each_engine, shown};

const KEY: &str = "sk-canary-9d";

/// A world whose `claude` is this fake, on bars with a planted edge.
fn world_of(engine: Engine, fake: &Fake) -> World {
    let world = World::on(engine)
        .with_setting("KTRDR_AGENT__BASE_URL", &fake.base_url())
        .with_setting("KTRDR_AGENT__API_KEY", KEY);
    world.generate("EURUSD", "random-walk", 6_000, 3);
    world
}

fn fake(mind: Mind) -> Fake {
    Fake::start(mind).unwrap().with_key(KEY)
}

/// So many cycles that every gate lets pass.
fn research(world: &World, cycles: &str) -> Vec<Value> {
    let run = ["research", "run", "--local", "--symbol", "EURUSD", "--timeframe", "1h", "--agent", "claude"];
    let answer = world.json(&[&run[..], &["--cycles", cycles, "--brief", "calm pullbacks"]].concat());
    answer["cycles"].as_array().unwrap().clone()
}

on_each_engine!(a_model_designs_and_assesses_whole_cycles);

fn a_model_designs_and_assesses_whole_cycles(engine: Engine) {
    let fake = fake(Mind::Good);
    let world = open_gates(world_of(engine, &fake));
    let cycles = research(&world, "2");
    for cycle in &cycles {
        assert_eq!(cycle["status"], "completed", "{cycle:#}");
        assert_eq!(cycle["result"]["verdict"], "mediocre", "{cycle:#}");
        let name = cycle["result"]["strategy"].as_str().unwrap();
        assert!(name.starts_with("ai_pullback_"), "{name}");
        let assessment = assessment(&world, name);
        assert_eq!(assessment["assessor"], "claude-sonnet-5-5");
        assert_eq!(assessment["hypotheses"][0], "Quick stretches fade sooner at night.");
        world.json(&["strategies", "validate", name]);
    }
    assert_ne!(cycles[0]["result"]["strategy"], cycles[1]["result"]["strategy"]);
    let said = fake.seen().iter().map(ToString::to_string).collect::<String>();
    assert!(said.contains("calm pullbacks") && !said.contains("canary"));
}

/// The same with gates that let everything pass.
fn open_gates(world: World) -> World {
    let open = [
        ("KTRDR_GATES__PROFILE", "parity"),
        ("KTRDR_GATES__ACCURACY_MIN", "0.0"),
        ("KTRDR_GATES__LOSS_MAX", "1e300"),
        ("KTRDR_GATES__LOSS_DECREASE_MIN", "-1e300"),
        ("KTRDR_GATES__WIN_RATE_MIN", "0.0"),
        ("KTRDR_GATES__DRAWDOWN_MAX", "1.0"),
        ("KTRDR_GATES__SHARPE_MIN", "-1e300"),
    ];
    open.into_iter().fold(world, |world, (name, value)| world.with_setting(name, value))
}

fn assessment(world: &World, strategy: &str) -> Value {
    let path = world.path(&format!("strategies/{strategy}/assessment.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn without_a_key_nothing_is_submitted_and_no_worker_starts() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 1);
    let run = ["research", "run", "--local", "--symbol", "EURUSD", "--timeframe", "1h", "--agent", "claude"];
    let words = ["claude can not design here", "ANTHROPIC_API_KEY", "--agent local"];
    world.refused_with(8, &run, &words);
    assert!(world.operations().is_empty());
    let world = world.with_setting("KTRDR_RESEARCH__AGENT", "claude-opus-5-5");
    world.refused_with(8, &["up"], &["claude-opus-5-5 can not design here", "ANTHROPIC_API_KEY"]);
    let world = world
        .with_setting("KTRDR_AGENT__BASE_URL", "https://elsewhere.example")
        .with_setting("ANTHROPIC_API_KEY", KEY);
    world.refused_with(8, &["up"], &["elsewhere.example needs a key of its own"]);
}

#[test]
fn a_file_of_the_workspace_sets_neither_server_nor_key() {
    for line in ["base_url = \"http://127.0.0.1:1\"", "api_key = \"sk-canary-9d\"", "api_key_file = \"k\""] {
        let world = World::new();
        world.write("ktrdr.toml", format!("[agent]\n{line}\n"));
        let said = world.refused(8, &["operations", "list"]);
        assert!(said.contains("agent") && !said.contains("canary"), "{said}");
    }
}

#[test]
fn the_demo_with_a_fake_says_so_first() {
    let world = World::new();
    let output = world.run(&["demo", "--agent", "fake", "--cycles", "1"]);
    let said = shown(&output);
    assert!(output.status.success(), "{said}");
    let first = String::from_utf8(output.stdout).unwrap().lines().next().unwrap().to_owned();
    assert!(first.contains("no model is asked here"), "{first}");
    assert!(said.contains("ai_pullback_"), "{said}");
}

#[test]
fn faults_on_the_way_are_gone_through_and_told_by_their_reason() {
    let fake = fake(Mind::Good);
    let world = open_gates(world_of(Engine::Embedded, &fake));
    let faults = [Fault::Status(529, Some(0.01)), Fault::Status(429, Some(0.01)), Fault::Cut(3)];
    fake.fail_next(faults.map(Some));
    assert_eq!(research(&world, "1")[0]["status"], "completed");
}
