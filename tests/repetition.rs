//! What repeats an exam spends no look at it: the same strategy twice in flight, in one campaign or in two, and a near-copy of what
//! was examined before.

use ktrdr_fake::{Fake, Mind};
use serde_json::Value;

use crate::claude::{fake, open_gates, world_of};
use crate::world::{Engine, World, on_each_engine, shown, wait_for};

on_each_engine!(
    the_same_design_of_one_generation_is_examined_once,
    the_same_design_of_two_campaigns_at_once_is_examined_once,
    a_near_copy_of_what_was_examined_is_not_looked_at,
);

const MARKET: [&str; 4] = ["-s", "EURUSD", "-t", "1h"];

fn looks(world: &World) -> usize {
    world.json(&["ledger", "trials"])["trials"].as_array().unwrap().len()
}

/// A world whose model writes the same strategy whatever it is told, and whose gates let everything pass.
fn of_one_idea(engine: Engine, fake: &Fake) -> World {
    open_gates(world_of(engine, fake))
}

/// Whether a cycle was refused its exam, and says what it repeats.
fn is_refused(cycle: &Value, words: &str) -> bool {
    let error = cycle["error"].as_str().unwrap_or_default();
    let refused = error.starts_with("Novelty gate failed: repetition (") && error.contains(words);
    refused && cycle["result"]["metrics"].is_null() && cycle["reason"] == "gate"
}

fn the_same_design_of_one_generation_is_examined_once(engine: Engine) {
    let fake = fake(Mind::Repeating);
    let world = of_one_idea(engine, &fake);
    let how = [
        "--agent",
        "claude",
        "--cycles",
        "3",
        "--in-flight",
        "3",
        "--generation",
        "3",
        "--campaign",
        "night",
    ];
    let answer = world.json(&[&["research", "run", "--local"], &MARKET[..], &how].concat());
    let mut cycles = answer["cycles"].as_array().unwrap().clone();
    cycles.sort_by_key(|cycle| cycle["spec"]["index"].as_u64());
    assert_eq!(cycles[0]["status"], "completed", "{cycles:#?}");
    for cycle in &cycles[1..] {
        assert!(is_refused(cycle, "the same strategy was examined as ai_pullback_"), "{cycle:#}");
        let exam = format!("{}.backtesting.1", cycle["id"].as_str().unwrap());
        assert_eq!(world.operation(&exam)["reason"], "repetition");
    }
    assert_eq!(looks(&world), 1);
    let replayed = world.json(&["replay", cycles[0]["result"]["backtest"].as_str().unwrap()]);
    assert_eq!(replayed["same"], true, "a replay is no repetition: {replayed}");
    let lessons = world.json(&["ledger", "lessons"])["lessons"].as_array().unwrap().clone();
    let repeated = lessons.iter().filter(|lesson| lesson["stopped_by"] == "repetition");
    assert_eq!(repeated.filter(|lesson| lesson["reached"] == "trained").count(), 2, "{lessons:#?}");
    let said = shown(&world.run(&["campaign", "show", "night"]));
    assert!(said.contains("2 not examined as repetitions, 0 at the backtest gate, 1 survived"), "{said}");
    assert!(said.contains("novelty gate") && said.contains("stopped by: repetition 2"), "{said}");
}

fn the_same_design_of_two_campaigns_at_once_is_examined_once(engine: Engine) {
    let fake = fake(Mind::Repeating);
    let world = of_one_idea(engine, &fake);
    let _up = world.up(&[]);
    let campaigns = ["one", "two", "three"];
    let cycles: Vec<String> = campaigns
        .iter()
        .map(|name| {
            let how = ["--agent", "claude", "--campaign", name];
            world.submit(&[&["research", "run"], &MARKET[..], &how].concat()).remove(0)
        })
        .collect();
    let ended = cycles.iter().map(|cycle| {
        wait_for("a cycle", || {
            let row = world.operation(cycle);
            (!row["finished_at"].is_null()).then_some(row)
        })
    });
    let ended: Vec<Value> = ended.collect();
    let refused = ended.iter().filter(|cycle| is_refused(cycle, "the same strategy")).count();
    let completed = ended.iter().filter(|cycle| cycle["status"] == "completed").count();
    assert_eq!((completed, refused, looks(&world)), (1, 2, 1), "{ended:#?}");
}

/// The local designer's first strategy.
fn first_design(world: &World) -> String {
    let run =
        [&["research", "run", "--local", "--cycles", "1", "--seed", "6", "--campaign", "first"], &MARKET[..]];
    let cycle = world.json(&run.concat())["cycles"][0].clone();
    let name = cycle["result"]["strategy"].as_str().unwrap();
    std::fs::read_to_string(world.path(&format!("strategies/{name}.yaml"))).unwrap()
}

fn plain(engine: Engine) -> World {
    let world = open_gates(World::on(engine));
    world.generate("EURUSD", "random-walk", 6_000, 3);
    world
}

fn a_near_copy_of_what_was_examined_is_not_looked_at(engine: Engine) {
    let design = first_design(&plain(Engine::Embedded));
    // With another end to its trades it is another strategy, and wants the same.
    let (before, exits) = design.split_once("max_holding_bars: ").unwrap();
    let (bars, behind) = exits.split_at(exits.find(|c: char| !c.is_ascii_digit()).unwrap());
    let longer = bars.parse::<u32>().unwrap() + 1;
    let copy = format!("{before}max_holding_bars: {longer}{behind}");

    let world = plain(engine);
    let file = world.write("copy.yaml", &copy);
    let trigger = ["agent", "trigger", "--local", "--seed", "6", "--strategy", file.to_str().unwrap()];
    world.json(&[&trigger[..], &MARKET].concat());
    assert_eq!(looks(&world), 1);
    first_design(&world);
    let cycle = world.json(&["campaign", "show", "first"])["cycles"][0].clone();
    assert!(is_refused(&cycle, "1.000 is the correlation on dev with auto_"), "{cycle:#}");
    assert_eq!(looks(&world), 1);

    // Whoever gives a strategy of their own may look again, and is counted.
    world.json(&[&trigger[..], &MARKET].concat());
    assert_eq!(looks(&world), 2);
}
