//! A language model designs and assesses: full cycles through the real binary, against a server that plays the model.

use ktrdr_fake::{Fake, Fault, Mind};
use serde_json::Value;

use crate::world::{Engine, World, on_each_engine, shown, wait_for};

const KEY: &str = "sk-canary-9d";

/// A world whose `claude` is this fake, on bars with a planted edge.
pub(crate) fn world_of(engine: Engine, fake: &Fake) -> World {
    let world = World::on(engine)
        .with_setting("KTRDR_AGENT__BASE_URL", &fake.base_url())
        .with_setting("KTRDR_AGENT__API_KEY", KEY);
    world.generate("EURUSD", "random-walk", 6_000, 3);
    world
}

pub(crate) fn fake(mind: Mind) -> Fake {
    Fake::start(mind).unwrap().with_key(KEY)
}

/// So many cycles that every gate lets pass.
pub(crate) fn research(world: &World, cycles: &str) -> Vec<Value> {
    let run = ["research", "run", "--local", "--symbol", "EURUSD", "--timeframe", "1h", "--agent", "claude"];
    let answer = world.json(&[&run[..], &["--cycles", cycles, "--brief", "calm pullbacks"]].concat());
    answer["cycles"].as_array().unwrap().clone()
}

on_each_engine!(a_model_designs_and_assesses_whole_cycles, a_design_that_is_cancelled_ends_its_call_at_once,);

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
pub(crate) fn open_gates(world: World) -> World {
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
        assert!(said.contains("there is no setting") && !said.contains("canary"), "{said}");
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

#[test]
fn no_figure_of_an_exam_is_ever_told_to_a_model() {
    let fake = fake(Mind::Good);
    let world = open_gates(world_of(Engine::Embedded, &fake)).with_setting("KTRDR_RESEARCH__GENERATION", "1");
    let cycles = research(&world, "3");
    assert!(cycles.iter().all(|c| c["status"] == "completed"), "{cycles:#?}");
    let mut sentinels = Vec::new();
    for file in world.files().iter().filter(|f| f.ends_with("backtest.json")) {
        let report: Value = serde_json::from_slice(&std::fs::read(world.path(file)).unwrap()).unwrap();
        figures(&report["metrics"], &mut sentinels);
        figures(&report["evidence"], &mut sentinels);
    }
    assert!(sentinels.len() > 60, "only {} figures", sentinels.len());
    let told: String = fake.seen().iter().map(ToString::to_string).collect();
    assert!(told.contains("# What was tried (2 designs"), "later designs were told of earlier ones");
    let leaked: Vec<&String> = sentinels.iter().filter(|figure| told.contains(figure.as_str())).collect();
    assert!(leaked.is_empty(), "{leaked:?}");
}

/// The first five digits of every number that has so many, as a fraction and in percent.
fn figures(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.values().for_each(|value| figures(value, found)),
        Value::Number(number) => {
            for x in [1.0, 100.0].iter().filter_map(|factor| Some(number.as_f64()?.abs() * factor)) {
                let shown = format!("{x:.8}");
                let digits = shown.trim_start_matches(['0', '.']).len();
                if x.fract() != 0.0 && digits > 5 {
                    let leading = shown.len() - digits;
                    let end = leading + 5 + usize::from(shown[leading..].find('.').is_some_and(|at| at < 5));
                    found.push(shown[..end].to_owned());
                }
            }
        }
        _ => {}
    }
}

#[test]
fn an_assessment_that_fails_loses_no_cycle_and_says_who_judged() {
    let fake = fake(Mind::Good);
    let world = open_gates(world_of(Engine::Embedded, &fake));
    fake.fail_next([None, None, None, Some(Fault::Status(400, None))]);
    let cycle = research(&world, "1").remove(0);
    assert_eq!(cycle["status"], "completed", "{cycle:#}");
    let judged = assessment(&world, cycle["result"]["strategy"].as_str().unwrap());
    let assessor = judged["assessor"].as_str().unwrap();
    assert!(
        assessor.starts_with("local, in place of claude-sonnet-5-5:") && assessor.contains("400"),
        "{assessor}"
    );
}

#[test]
fn a_night_is_gone_through_once_more_without_server_key_or_cost() {
    let fake = fake(Mind::Good);
    let world = open_gates(world_of(Engine::Embedded, &fake)).with_setting("KTRDR_AGENT__REPLIES", "reuse");
    let strategies = |cycles: Vec<Value>| {
        cycles.iter().map(|c| c["result"]["strategy_sha256"].clone()).collect::<Vec<_>>()
    };
    let first = strategies(research(&world, "2"));
    drop(fake);
    let world = world.with_setting("KTRDR_AGENT__REPLIES", "replay").with_setting("KTRDR_AGENT__API_KEY", "");
    assert_eq!(strategies(research(&world, "2")), first);
    let replies: Vec<String> = world.files().into_iter().filter(|f| f.starts_with("replies/")).collect();
    assert!(replies.len() >= 8, "{replies:?}");
    for file in replies {
        assert!(!std::fs::read_to_string(world.path(&file)).unwrap().contains("canary"), "{file}");
    }
}

#[test]
fn a_hostile_model_harms_nothing_and_a_useless_one_is_told_by_its_reason() {
    let injecting = fake(Mind::Injecting);
    let world = world_of(Engine::Embedded, &injecting)
        .with_setting("KTRDR_AGENT__REPAIRS_MAX", "20")
        .with_setting("KTRDR_AGENT__TURNS_MAX", "20");
    let output = world.run(&["research", "run", "--local", "-s", "EURUSD", "-t", "1h", "--agent", "claude"]);
    let said = shown(&output);
    assert!(!said.contains('\u{1b}') && !said.contains("panicked"), "{said}");
    let strategies: Vec<String> = world.files().into_iter().filter(|f| f.ends_with(".yaml")).collect();
    let [strategy] = strategies.as_slice() else { panic!("{strategies:?}") };
    assert!(strategy.starts_with("strategies/ai_pullback_"), "{strategy}");
    let text = std::fs::read_to_string(world.path(strategy)).unwrap();
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");

    let lazy = fake(Mind::Lazy);
    let world = world_of(Engine::Embedded, &lazy);
    let cycle = research_failed(&world);
    let error = cycle["error"].as_str().unwrap();
    assert!(
        error.contains("claude-sonnet-5-5 gave no usable answer") && error.contains("agent.repairs_max"),
        "{error}"
    );
}

/// The one cycle of a campaign in which something goes wrong.
fn research_failed(world: &World) -> Value {
    let run = ["research", "run", "--local", "-s", "EURUSD", "-t", "1h", "--agent", "claude", "-o", "json"];
    let output = world.run(&run);
    assert!(!output.status.success(), "{}", shown(&output));
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&output)));
    answer["cycles"][0].clone()
}

#[test]
fn a_cycle_that_can_not_pay_for_a_call_asks_nothing() {
    let fake = fake(Mind::Good);
    let world = world_of(Engine::Embedded, &fake).with_setting("KTRDR_BUDGET__CYCLE__MONEY", "0.02usd");
    let cycle = research_failed(&world);
    assert_eq!(cycle["reason"], "budget_exhausted", "{cycle:#}");
    assert!(fake.seen().is_empty());
}

#[test]
fn the_key_is_in_no_answer_and_no_log_whatever_the_server_says() {
    let fake = fake(Mind::Good);
    let world = world_of(Engine::Embedded, &fake).with_setting("KTRDR_LOG", "trace");
    for fault in [Fault::RepeatKey(false), Fault::RepeatKey(true), Fault::Status(401, None)] {
        fake.fail_always(Some(fault.clone()));
        let output =
            world.run(&["research", "run", "--local", "-s", "EURUSD", "-t", "1h", "--agent", "claude"]);
        let said = shown(&output);
        assert!(!output.status.success() && !said.contains("canary"), "{fault:?}: {said}");
    }
    let config = shown(&world.run(&["config", "show"]));
    assert!(config.contains("claude-sonnet-5-5") && !config.contains("canary"), "{config}");
    for file in world.files().iter().filter(|f| !f.ends_with(".csv")) {
        let bytes = std::fs::read(world.path(file)).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|w| w == KEY.as_bytes()), "the key is in {file}");
    }
}

/// At once: long before the next beat could have brought the word. How long it takes where nothing else runs stands in
/// docs/benchmarks.md.
fn a_design_that_is_cancelled_ends_its_call_at_once(engine: Engine) {
    let fake = fake(Mind::Good);
    let world = world_of(engine, &fake)
        .with_setting("KTRDR_FLEET__LEASE", "120s")
        .with_setting("KTRDR_FLEET__HEARTBEAT", "30s");
    fake.fail_always(Some(Fault::Silent));
    let _engine = world.up(&[]);
    let cycles = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--agent", "claude"]);
    wait_for("the call", || (!fake.seen().is_empty()).then_some(()));
    world.json(&["operations", "cancel", &cycles[0]]);
    let cancelled = std::time::Instant::now();
    wait_for("the end of the call", || (fake.given_up() > 0).then_some(()));
    let took = cancelled.elapsed();
    eprintln!("the call ended {} ms after the command to cancel it had answered", took.as_millis());
    assert!(took.as_secs() < 10, "{took:?}: it was not the hint that ended it");
    let row =
        wait_for("the end", || Some(world.operation(&cycles[0])).filter(|r| !r["finished_at"].is_null()));
    assert_eq!(row["status"], "cancelled");
}

#[test]
fn the_smoke_script_asks_nobody_without_a_key_and_tells_the_cost_with_one() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/claude-smoke");
    let smoke = |settings: &[(&str, &str)]| {
        let mut command = std::process::Command::new(script);
        for name in ["ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY_FILE"] {
            command.env_remove(name);
        }
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
            command.env_remove(name);
        }
        command.args(["--program", env!("CARGO_BIN_EXE_ktrdr")]).envs(settings.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
        shown(&output)
    };
    assert!(smoke(&[]).contains("no model was asked"));
    let fake = fake(Mind::Good);
    let said = smoke(&[("KTRDR_AGENT__BASE_URL", &fake.base_url()), ("KTRDR_AGENT__API_KEY", KEY)]);
    assert!(
        said.contains("design: completed - claude-haiku-5-5 in 3 turns") && said.contains("tokens in"),
        "{said}"
    );
    assert!(said.contains("of $0.20") || said.contains("$0.20"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}
