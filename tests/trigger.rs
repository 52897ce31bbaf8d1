//! One research cycle at a time: triggered within limits, watched through its phases, cancelled; also with a strategy that
//! somebody brings along.

use std::process::Output;

use serde_json::Value;

use crate::world::{Engine, World, on_each_engine, shown, wait_for};

on_each_engine!(
    a_cycle_is_triggered_and_comes_to_its_end,
    no_more_cycles_go_on_than_may,
    of_triggers_that_race_one_starts_a_cycle,
    a_cycle_is_seen_in_its_phase_and_cancelled_there,
    a_given_strategy_is_not_designed_but_gated_and_counted,
    a_triggered_cycle_learns_from_those_before_it,
    nothing_is_triggered_for_which_nothing_is_left_to_spend,
);

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 11);
    world
}

fn trigger(symbol: &str) -> Vec<&str> {
    vec!["agent", "trigger", "--symbol", symbol, "--timeframe", "1h"]
}

fn triggered(world: &World, symbol: &str) -> String {
    let answer = world.json(&trigger(symbol));
    assert_eq!(answer["triggered"], true, "{answer}");
    answer["operation"].as_str().unwrap().to_owned()
}

/// A refused command's code, as programs read it.
fn code(world: &World, exit: i32, arguments: &[&str]) -> String {
    let said = world.refused(exit, &[arguments, &["--output", "json"]].concat());
    let line = said.lines().find(|line| line.starts_with("{\"error\"")).unwrap_or_else(|| panic!("{said}"));
    let error = serde_json::from_str::<Value>(line).unwrap()["error"].clone();
    assert_eq!(error["exit_code"], exit);
    error["code"].as_str().unwrap_or_else(|| panic!("{error}")).to_owned()
}

fn active(world: &World) -> Vec<String> {
    let status = world.json(&["agent", "status"]);
    let cycles = status["cycles"].as_array().unwrap();
    assert_eq!(status["capacity"]["active"], cycles.len());
    assert_eq!(status["status"], if cycles.is_empty() { "idle" } else { "active" });
    cycles.iter().map(|cycle| cycle["operation"].as_str().unwrap().to_owned()).collect()
}

fn a_cycle_is_triggered_and_comes_to_its_end(engine: Engine) {
    let world = world(engine);
    assert!(world.json(&["agent", "status"])["last"].is_null());
    let output = world.run(&[&trigger("EURUSD")[..], &["--local"]].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let id = said.lines().find_map(|l| l.strip_prefix("Research cycle started! Operation ID: "));
    let id = id.unwrap_or_else(|| panic!("{}", shown(&output)));
    assert!(id.starts_with("op_agent_research_"), "{id}");
    let row = world.operation(id);
    assert!(["completed", "failed"].contains(&row["status"].as_str().unwrap()), "{row}");
    let status = world.json(&["agent", "status"]);
    assert_eq!((&status["status"], &status["last"]["operation"]), (&"idle".into(), &id.into()));
    let cycle = world.json(&["agent", "status", id]);
    assert!(!cycle["phase"].is_null() && !cycle["strategy"].is_null(), "{cycle}");
    assert_eq!((&cycle["symbol"], &cycle["timeframe"]), (&"EURUSD".into(), &"1h".into()));
    assert_eq!(code(&world, 4, &["agent", "cancel", id]), "not_cancellable");
    assert_eq!(code(&world, 3, &["agent", "cancel"]), "no_active_cycle");
    let design = format!("{id}.agent_design.1");
    assert_eq!(code(&world, 3, &["agent", "cancel", &design]), "not_research");
    assert_eq!(code(&world, 3, &["agent", "status", &design]), "not_research");
}

/// Nobody works here: what is triggered stays in its first phase.
fn no_more_cycles_go_on_than_may(engine: Engine) {
    let world = world(engine).with_setting("KTRDR_RESEARCH__TRIGGERED_MAX", "2");
    world.generate("GBPUSD", "random-walk", 2_000, 12);
    world.generate("USDJPY", "random-walk", 2_000, 13);
    // A repeated request with one key is one cycle, and needs no second place.
    let keyed = [&trigger("EURUSD")[..], &["--idempotency-key", "mine"]].concat();
    let (first, again) = (world.json(&keyed), world.json(&keyed));
    assert_eq!((&again["operation"], &again["triggered"]), (&first["operation"], &false.into()));
    let first = first["operation"].as_str().unwrap();
    world.refused_with(4, &trigger("EURUSD"), &[first, "ktrdr agent cancel", "triggered_per_instrument"]);
    assert_eq!(code(&world, 4, &trigger("EURUSD")), "active_cycle_exists");
    let second = triggered(&world, "GBPUSD");
    assert_eq!(code(&world, 4, &trigger("USDJPY")), "at_capacity");
    assert_eq!(active(&world), [first, &second]);
    assert_eq!(world.json(&["agent", "status"])["cycles"][0]["phase"], "designing");
    assert_eq!(code(&world, 4, &["agent", "cancel"]), "several_active_cycles");
    // Campaigns have limits of their own.
    world.submit(&["research", "run", "--symbol", "EURUSD", "--timeframe", "1h", "--cycles", "2"]);
    assert_eq!(active(&world).len(), 2);
}

fn of_triggers_that_race_one_starts_a_cycle(engine: Engine) {
    let world = world(engine);
    let racing: Vec<_> = (0..6).map(|_| world.start(&trigger("EURUSD"))).collect();
    let ended: Vec<Output> = racing.into_iter().map(crate::world::Running::end).collect();
    let (won, lost): (Vec<_>, Vec<_>) = ended.iter().partition(|output| output.status.success());
    assert_eq!(won.len(), 1, "{}", ended.iter().map(shown).collect::<Vec<_>>().join("\n"));
    assert!(lost.iter().all(|output| output.status.code() == Some(4)), "{}", shown(lost[0]));
    assert_eq!(active(&world).len(), 1);
    assert_eq!(world.operations().iter().filter(|row| row["type"] == "agent_research").count(), 1);
}

fn a_cycle_is_seen_in_its_phase_and_cancelled_there(engine: Engine) {
    let world = world(engine);
    world.json(&["queues", "pause", "training"]);
    let _engine = world.up(&[]);
    let id = triggered(&world, "EURUSD");
    let cycle = wait_for("the training phase", || {
        let status = world.json(&["agent", "status"]);
        Some(status["cycles"][0].clone()).filter(|cycle| cycle["phase"] == "training")
    });
    assert!(cycle["strategy"].is_string(), "what was designed is known: {cycle}");
    assert_eq!(cycle["child"], format!("{id}.training.1"));
    let answer = world.json(&["agent", "cancel", "--reason", "enough"]);
    assert_eq!((&answer["operation"], &answer["answer"]), (&id.as_str().into(), &"requested".into()));
    let row = wait_for("the end", || Some(world.operation(&id)).filter(|r| !r["finished_at"].is_null()));
    assert_eq!((&row["status"], &row["cancel"]["reason"]), (&"cancelled".into(), &"enough".into()));
    assert_eq!(world.operation(&format!("{id}.training.1"))["status"], "cancelled");
    assert!(active(&world).is_empty());
    triggered(&world, "EURUSD");
}

/// The coarser series ends before the traded one, as any does that was made from it.
#[test]
fn a_given_strategy_of_two_timeframes_comes_to_its_exam() {
    let world = World::new()
        .with_setting("KTRDR_GATES__PROFILE", "parity")
        .with_setting("KTRDR_GATES__LOSS_MAX", "1000")
        .with_setting("KTRDR_GATES__LOSS_DECREASE_MIN", "-1000");
    world.generate("EURUSD", "planted-edge", 5_001, 3);
    world.json(&["data", "resample", "EURUSD", "4h"]);
    world.example("trend_cost_aware");
    let given = ["--strategy", "trend_cost_aware", "--seed", "7", "--local", "--output", "json"];
    let output = world.run(&[&trigger("EURUSD")[..], &given].concat());
    assert_eq!(
        world.json(&["ledger", "trials"])["trials"].as_array().unwrap().len(),
        1,
        "{}",
        shown(&output)
    );
}

fn a_given_strategy_is_not_designed_but_gated_and_counted(engine: Engine) {
    // Whatever it is worth, it comes to its exam.
    let world = World::on(engine)
        .with_setting("KTRDR_GATES__ACCURACY_MIN", "0")
        .with_setting("KTRDR_GATES__LOSS_MAX", "1000")
        .with_setting("KTRDR_GATES__LOSS_DECREASE_MIN", "-1000");
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example("fx_pullback");
    let file = world.path("strategies/fx_pullback.yaml");
    let file = file.to_str().unwrap();
    let given = ["--strategy", file, "--gates", "parity", "--seed", "7"];
    let output = world.run(&[&trigger("EURUSD")[..], &given, &["--local", "--output", "json"]].concat());
    let rows = world.whole_operations();
    let root = rows.iter().find(|row| row["type"] == "agent_research").unwrap();
    assert_eq!(root["result"]["strategy"], "fx_pullback", "{}", shown(&output));
    assert_eq!(root["result"]["designer"], "by hand");
    let kinds: Vec<&str> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"training") && !kinds.contains(&"agent_design"), "{kinds:?}");
    let looks = world.json(&["ledger", "trials"])["trials"].as_array().unwrap().len();
    assert_eq!((looks, kinds.contains(&"backtesting")), (1, true), "a look is counted: {kinds:?}");
    // What can not be is refused before anything is submitted.
    let wrong_bars =
        ["agent", "trigger", "--symbol", "EURUSD", "--timeframe", "4h", "--strategy", "fx_pullback"];
    world.generate("GBPUSD", "random-walk", 2_000, 12);
    world.refused_with(3, &wrong_bars, &["EURUSD", "4h"]);
    let other = [&trigger("GBPUSD")[..], &["--strategy", "fx_pullback"]].concat();
    world.refused_with(2, &other, &["trains on EURUSD", "not on GBPUSD"]);
    let both = [&trigger("EURUSD")[..], &["--strategy", "fx_pullback", "--brief", "calm"]].concat();
    world.refused(2, &both);
    world.write("broken.yaml", "name: ../../etc/passwd\n");
    let broken = world.path("broken.yaml");
    world.refused(8, &[&trigger("EURUSD")[..], &["--strategy", broken.to_str().unwrap()]].concat());
    assert_eq!(world.operations().len(), rows.len());
}

/// Alone in its campaign, each would design the same by the same seed.
fn a_triggered_cycle_learns_from_those_before_it(engine: Engine) {
    let world = world(engine);
    for _ in 0..2 {
        world.run(&[&trigger("EURUSD")[..], &["--seed", "7", "--local"]].concat());
    }
    let rows = world.whole_operations();
    let cycles: Vec<&Value> = rows.iter().filter(|row| row["type"] == "agent_research").collect();
    let [second, first] = cycles[..] else { panic!("{cycles:?}") };
    assert!(first["result"]["strategy_sha256"].is_string(), "{first}");
    assert_ne!(first["result"]["strategy_sha256"], second["result"]["strategy_sha256"]);
    let recalled = world.json(&["memory", "search", "--symbol", "EURUSD"]);
    assert_eq!(recalled["of"], 2, "{recalled}");
    assert!(recalled["items"][0]["known_until"].is_string(), "{recalled}");
    let lesson = world.json(&["memory", "show", first["id"].as_str().unwrap()]);
    assert_eq!(lesson["strategy_sha256"], first["result"]["strategy_sha256"]);
    let file = world.path("lessons.jsonl");
    let exported = world.json(&["memory", "export", "--to", file.to_str().unwrap()]);
    assert_eq!(exported["lessons"], 2);
    let lines = std::fs::read_to_string(&file).unwrap();
    let lessons: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lessons.len() == 2 && lessons.iter().all(|lesson| lesson["known_until"].is_string()));
    world.refused(9, &["memory", "export", "--to", file.to_str().unwrap()]);
}

fn nothing_is_triggered_for_which_nothing_is_left_to_spend(engine: Engine) {
    let world = world(engine).with_setting("KTRDR_BUDGET__DAY__MACHINE_TIME", "0s");
    assert_eq!(code(&world, 7, &trigger("EURUSD")), "budget_exhausted");
    assert!(active(&world).is_empty() && world.operations().is_empty());
}
