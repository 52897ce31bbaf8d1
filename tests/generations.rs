//! The same seed gives the same research, whoever does it and however much of it runs side by side.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{Engine, Running, World, on_each_engine};

on_each_engine!(
    a_seed_gives_the_same_research_however_many_cycles_run_at_a_time,
    cycles_that_are_added_to_a_campaign_are_others,
);

const RUN: [&str; 8] = ["research", "run", "-s", "SERIES", "-t", "1h", "--generation", "4"];

/// What of a cycle may not depend on anything but the seed and the data: its design, its trades, its fate, which counts those that
/// were examined before it, and its final verdict.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    strategy: String,
    origin: String,
    model: String,
    exam: Option<[String; 3]>,
    stopped_by: String,
    finally: Value,
}

fn found(cycle: &Value) -> (u64, Found) {
    let result = &cycle["result"];
    let exam = result["metrics"].is_object().then(|| {
        ["total_return", "turnover", "total_trades"].map(|figure| result["metrics"][figure].to_string())
    });
    let found = Found {
        strategy: result["strategy_sha256"].to_string(),
        origin: result["origin"].to_string(),
        model: result["test"].to_string() + &result["dev_backtest"].to_string(),
        exam,
        finally: finally(&result["final"]),
        stopped_by: cycle["error"].as_str().unwrap_or_default().to_owned(),
    };
    (cycle["spec"]["index"].as_u64().unwrap(), found)
}

/// A final verdict, but for whose it is.
fn finally(verdict: &Value) -> Value {
    let figures =
        ["gate", "code", "figures", "trials", "different_trials", "luck_sharpe_daily", "deflated_sharpe"];
    serde_json::json!(figures.map(|name| verdict[name].clone()))
}

/// `how` it is worked on: `--local` by this process, `--wait` by others.
fn research(world: &World, how: &str, in_flight: &str) -> (BTreeMap<u64, Found>, Vec<Value>) {
    let more = [how, "--cycles", "10", "--seed", "5", "--campaign", "night", "--in-flight", in_flight];
    let answer = world.json(&[&RUN[..], &more].concat());
    let cycles = answer["cycles"].as_array().unwrap().iter().map(found).collect();
    (cycles, answer["closings"].as_array().unwrap().iter().map(tests).collect())
}

/// The tests of a closing, but for whose exams they are.
fn tests(closing: &Value) -> Value {
    let mut tests = closing["tests"].clone();
    tests.as_array_mut().unwrap().iter_mut().for_each(|test| test["best"] = Value::Null);
    tests
}

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("SERIES", "planted-edge", 6_000, 12);
    world
}

fn a_seed_gives_the_same_research_however_many_cycles_run_at_a_time(engine: Engine) {
    let one_by_one = research(&world(engine), "--local", "1");
    let (cycles, closings) = &one_by_one;
    assert_eq!((cycles.len(), closings.len()), (10, 1));
    assert!(cycles.values().any(|found| found.exam.is_some()), "{one_by_one:#?}");
    assert!(cycles.values().any(|found| found.origin.contains("mutation of")), "{one_by_one:#?}");
    assert!(cycles.values().any(|found| found.finally[0] == "passed"), "{one_by_one:#?}");
    assert_eq!(closings[0][0]["number"], 1);
    // Each in a world of its own: who looks later is judged by more looks.
    for in_flight in ["2", "8"] {
        assert_eq!(research(&world(engine), "--local", in_flight), one_by_one, "{in_flight} in flight");
    }
}

#[test]
fn two_workers_of_each_kind_on_a_fleet_find_what_one_process_finds() {
    let alone = world(Engine::Embedded);
    let fleet = world(Engine::Fleet);
    let roles = ["serve", "orchestrator"].map(|role| vec![role]);
    let kinds = ["design", "training", "backtesting", "assessment"];
    let workers = [kinds, kinds].concat().into_iter().map(|kind| vec!["worker", kind]);
    let _processes: Vec<Running> = roles.into_iter().chain(workers).map(|role| fleet.start(&role)).collect();
    assert_eq!(research(&fleet, "--wait", "4"), research(&alone, "--local", "1"));
}

fn cycles_that_are_added_to_a_campaign_are_others(engine: Engine) {
    let world = world(engine);
    let more = ["--local", "--cycles", "3", "--campaign", "c"];
    let designs = || -> Vec<String> {
        let answer = world.json(&[&RUN[..], &more].concat());
        let cycles = answer["cycles"].as_array().unwrap().iter();
        cycles.map(|cycle| cycle["result"]["strategy_sha256"].to_string()).collect()
    };
    let (first, second) = (designs(), designs());
    assert!(second.iter().all(|design| !first.contains(design)), "{first:?} {second:?}");
    let lessons = world.json(&["ledger", "lessons", "--campaign", "c"]);
    let mut indices: Vec<u64> =
        lessons["lessons"].as_array().unwrap().iter().map(|l| l["index"].as_u64().unwrap()).collect();
    indices.sort_unstable();
    assert_eq!(indices, [0, 1, 2, 4, 5, 6], "a new generation begins");
    let closings = world.json(&["ledger", "closings", "--campaign", "c"])["closings"].clone();
    let cycles = |n: usize| (closings[n]["after"].clone(), closings[n]["cycles"].clone());
    assert_eq!([cycles(0), cycles(1)], [(0.into(), 3.into()), (3.into(), 6.into())], "it is closed again");
}
