//! The main job: campaigns. On noise nothing may be found, on a planted edge that is strong and can be believed something
//! must be.

use serde_json::Value;

use crate::world::{Engine, World, on_each_engine};

on_each_engine!(twenty_cycles_find_a_planted_edge);

fn campaign(world: &World, cycles: &str) -> Vec<Value> {
    let answer = world.json(&[
        "research",
        "run",
        "--local",
        "--symbol",
        "SERIES",
        "--timeframe",
        "1h",
        "--cycles",
        cycles,
    ]);
    answer["cycles"].as_array().unwrap().clone()
}

fn survivors(cycles: &[Value]) -> usize {
    cycles.iter().filter(|c| c["status"] == "completed").count()
}

/// Every cycle ended for a reason, and every strategy is another one.
fn orderly(cycles: &[Value]) {
    let ended_well = |c: &&Value| c["status"] == "completed" || c["reason"] == "gate";
    let odd: Vec<&Value> = cycles.iter().filter(|c| !ended_well(c)).collect();
    assert!(odd.is_empty(), "{odd:#?}");
    let mut strategies: Vec<&str> = cycles.iter().filter_map(|c| c["result"]["strategy"].as_str()).collect();
    assert_eq!(strategies.len(), cycles.len());
    strategies.sort_unstable();
    strategies.dedup();
    assert_eq!(strategies.len(), cycles.len(), "a design was repeated");
}

#[test]
fn twenty_cycles_on_a_random_walk_pass_the_honest_gates_at_most_once() {
    let world = World::new();
    world.generate("SERIES", "random-walk", 20_000, 11);
    let cycles = campaign(&world, "20");
    orderly(&cycles);
    assert!(survivors(&cycles) <= 1, "{} of 20 passed on noise", survivors(&cycles));
    let lessons = world.json(&["ledger", "lessons"]);
    assert_eq!(lessons["lessons"].as_array().unwrap().len(), 20);
}

fn twenty_cycles_find_a_planted_edge(engine: Engine) {
    let world = World::on(engine);
    world.plant("SERIES", 0.3, 40_000, 12);
    let cycles = campaign(&world, "20");
    orderly(&cycles);
    assert!(survivors(&cycles) >= 1, "{:#?}", cycles.iter().map(|c| &c["error"]).collect::<Vec<_>>());
    let survivor = cycles.iter().find(|c| c["status"] == "completed").unwrap();
    let name = survivor["result"]["strategy"].as_str().unwrap();
    let assessment = std::fs::read(world.path(&format!("strategies/{name}/assessment.json"))).unwrap();
    let assessment: Value = serde_json::from_slice(&assessment).unwrap();
    assert!(assessment["strengths"].as_array().is_some_and(|s| !s.is_empty()));
}
