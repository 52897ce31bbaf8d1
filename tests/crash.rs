//! Any process may die at any moment: nothing is lost, nothing is counted twice.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{World, shown, wait_for};

const CYCLES: usize = 24;
const KILLS: u64 = 6;

fn world() -> World {
    let world = World::new();
    world.generate("EURUSD", "planted-edge", 6_000, 3);
    world.example("fx_pullback");
    world
}

fn kind<'a>(rows: &'a [Value], kind: &str) -> Vec<&'a Value> {
    rows.iter().filter(|o| o["type"] == kind).collect()
}

/// What must be true of a workspace whose work is over, however often its engine died.
pub(crate) fn whole(world: &World) {
    let rows = world.whole_operations();
    for row in &rows {
        assert!(!row["finished_at"].is_null(), "lost: {row}");
        assert!(row["tries"].as_u64() <= row["tries_max"].as_u64(), "{row}");
    }
    for cycle in kind(&rows, "agent_research") {
        assert!(cycle["status"] == "completed" || cycle["reason"] == "gate", "{cycle}");
        let mut children = BTreeMap::new();
        for child in rows.iter().filter(|o| o["root"] == cycle["id"]) {
            *children.entry(child["type"].as_str().unwrap()).or_insert(0) += 1;
        }
        assert!(children.len() >= 2 && children.values().all(|n| *n == 1), "{children:?}");
    }
    for training in kind(&rows, "training") {
        let model = &training["result"]["model"];
        let folder = format!("{}/{}_v{}", model["strategy"], model["timeframe"], model["version"]);
        let manifest = world.path(&format!("models/{}/manifest.json", folder.replace('"', "")));
        assert!(manifest.exists(), "{} has no {}", training["id"], manifest.display());
    }
    // What repeats another design's positions is refused before it looks.
    let backtests: Vec<&Value> =
        kind(&rows, "backtesting").into_iter().filter(|row| row["reason"] != "repetition").collect();
    let trials = world.json(&["ledger", "trials"])["trials"].as_array().unwrap().clone();
    for backtest in &backtests {
        let counted = trials.iter().filter(|t| t["operation"] == backtest["id"]).count();
        assert_eq!(counted, 1, "{} is counted {counted} times", backtest["id"]);
        let report = world.json(&["backtest", "show", backtest["id"].as_str().unwrap()]);
        assert_eq!(report["hashes"], backtest["result"]["hashes"]);
    }
    assert_eq!(trials.len(), backtests.len());
}

#[test]
fn an_engine_killed_again_and_again_loses_nothing_and_counts_nothing_twice() {
    let world = world();
    let cycles = CYCLES.to_string();
    let submitted = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--cycles", &cycles]);
    assert_eq!(submitted.len(), CYCLES);
    let ended = || world.operations().iter().filter(|o| !o["finished_at"].is_null()).count() as u64;
    // Each engine dies once it has ended a few operations more, a number that differs from life to life.
    let mut random = 11u64;
    let mut killed = 0;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let goal = ended() + (random >> 33) % 4 + 1;
        let engine = world.up(&["--until-idle"]);
        let over = wait_for("some work to end", || {
            let idle = world.json(&["operations", "list", "--active"])["operations"] == serde_json::json!([]);
            (idle || ended() >= goal).then_some(idle)
        });
        if over {
            assert!(engine.end().status.success());
            break;
        }
        engine.signal("KILL");
        engine.end();
        killed += 1;
    }
    eprintln!("killed {killed} times");
    assert!(killed >= 2, "the campaign was over too soon to prove anything");
    let output = world.run(&["up", "--until-idle"]);
    assert!(output.status.success(), "{}", shown(&output));
    assert_eq!(kind(&world.operations(), "agent_research").len(), CYCLES);
    whole(&world);
    world.goes_on();
}

#[test]
fn a_local_run_that_was_killed_is_taken_up_by_the_next_engine() {
    let world = world();
    world.example_of_epochs("medium", 2_000);
    let process = world.start(&["training", "run", "--local", "--strategy", "medium"]);
    let id = wait_for("the training to run", || {
        let listed = world.json(&["operations", "list", "--status", "running"]);
        Some(listed["operations"][0]["id"].as_str()?.to_owned())
    });
    process.signal("KILL");
    process.end();
    assert_eq!(world.operation(&id)["status"], "running", "the row can not know yet");
    assert!(world.run(&["up", "--until-idle"]).status.success());
    let row = world.operation(&id);
    assert_eq!((&row["status"], row["fence"].as_u64()), (&"completed".into(), Some(2)), "{row}");
    assert_eq!(row["tries"], 1, "the engine was killed, not the training at fault: {row}");
    whole(&world);
}

#[test]
fn one_engine_holds_a_workspace_and_others_read_submit_and_cancel_meanwhile() {
    let world = world();
    let engine = world.up(&[]);
    let holder = format!("pid {}", engine.pid());
    for arguments in [&["up"][..], &["training", "run", "--local", "--strategy", "fx_pullback"]] {
        world.refused_with(4, arguments, &[holder.as_str(), "stop that process"]);
    }
    let id = world.submit(&["training", "run", "--strategy", "fx_pullback"]).remove(0);
    let watched = world.json(&["operations", "watch", &id]);
    assert_eq!(watched["status"], "completed", "{watched}");
    let waited = world.json(&["backtest", "run", "--wait", "-S", "fx_pullback", "-s", "EURUSD", "-t", "1h"]);
    let replayed = world.json(&["replay", waited["operation"].as_str().unwrap()]);
    assert_eq!(replayed["same"], true);
    engine.signal("TERM");
    assert!(engine.end().status.success());
    assert!(world.run(&["up", "--until-idle"]).status.success(), "the workspace is free again");
}

#[test]
fn work_submitted_to_nobody_waits_for_the_next_engine() {
    let world = world();
    let submitted = world.run(&["training", "run", "--strategy", "fx_pullback"]);
    assert!(shown(&submitted).contains("no engine runs"), "{}", shown(&submitted));
    let research = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--cycles", "2"]);
    assert_eq!(world.operation(&research[0])["status"], "running", "a root runs as soon as it is begun");
    assert!(world.run(&["up", "--until-idle"]).status.success());
    whole(&world);
}

#[test]
fn an_engine_told_to_stop_gives_a_long_training_back_with_its_try() {
    let world = world();
    world.example_of_epochs("long", 10_000);
    let engine = world.up(&[]);
    let id = world.submit(&["training", "run", "--strategy", "long"]).remove(0);
    wait_for("the training to run", || (world.operation(&id)["status"] == "running").then_some(()));
    engine.signal("TERM");
    let output = engine.end();
    assert!(output.status.success(), "{}", shown(&output));
    let row = world.operation(&id);
    assert_eq!((&row["status"], row["tries"].as_u64()), (&"pending".into(), Some(0)), "{row}");
    assert_eq!(row["fence"], 1, "the attempt is counted, the try is not");

    let engine = world.up(&[]);
    wait_for("the training to run again", || (world.operation(&id)["fence"] == 2).then_some(()));
    world.json(&["operations", "cancel", &id]);
    wait_for("the end", || (world.operation(&id)["status"] == "cancelled").then_some(()));
    engine.signal("TERM");
    assert!(engine.end().status.success());
    world.still_works();
}
