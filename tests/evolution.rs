//! Campaigns that evolve: designs are bred on dev, the same ones whoever does the work; champions alone look at the exam, and each
//! look is counted; what is bred grows better on dev than what is drawn without learning.

use ktrdr_fake::{Fake, Mind};
use serde_json::Value;

use crate::world::{Engine, World, on_each_engine};

on_each_engine!(
    a_seed_breeds_the_same_designs_however_many_cycles_run_at_a_time,
    champions_alone_look_at_the_exam_and_are_counted,
);

const RUN: [&str; 5] = ["research", "run", "-s", "SERIES", "-t"];

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("SERIES", "planted-edge", 6_000, 12);
    world
}

/// The cycles of a campaign, in their order.
fn research(world: &World, more: &[&str]) -> Vec<Value> {
    let answer = world.json(&[&RUN[..], &["1h", "--local", "--seed", "5"], more].concat());
    let mut cycles = answer["cycles"].as_array().unwrap().clone();
    cycles.sort_by_key(|cycle| cycle["spec"]["index"].as_u64());
    cycles
}

fn evolve(world: &World, in_flight: &str) -> Vec<Value> {
    let how = ["--agent", "evolve", "--cycles", "12", "--generation", "4", "--in-flight", in_flight];
    research(world, &how)
}

/// What of a cycle depends on nothing but the seed and the data. The count of trials is settled when the campaign closes.
fn told(cycle: &Value) -> [String; 4] {
    let result = &cycle["result"];
    let word = |error: &Value| error.as_str().unwrap_or_default().to_owned();
    let said = Some(word(&cycle["error"])).filter(|said| !said.contains("deflated_sharpe"));
    [
        result["strategy_sha256"].to_string(),
        result["origin"].to_string(),
        result["dev_backtest"].to_string(),
        said.unwrap_or_default(),
    ]
}

fn a_seed_breeds_the_same_designs_however_many_cycles_run_at_a_time(engine: Engine) {
    let bred = |in_flight| evolve(&world(engine), in_flight).iter().map(told).collect::<Vec<_>>();
    let one_by_one = bred("1");
    assert_eq!(one_by_one.len(), 12);
    assert_eq!(bred("4"), one_by_one);
}

fn looked(cycle: &Value) -> bool {
    cycle["result"]["metrics"].is_object()
}

fn champions_alone_look_at_the_exam_and_are_counted(engine: Engine) {
    let world = world(engine);
    let cycles = evolve(&world, "4");
    let bred: Vec<&Value> = cycles[..8].iter().collect();
    assert!(bred.iter().all(|cycle| !looked(cycle)), "{bred:#?}");
    let kept = |cycle: &&Value| {
        let said = cycle["error"].as_str().unwrap_or_default();
        said.starts_with("Champion gate failed: not_a_champion (bred on dev, active")
    };
    assert!(bred.iter().any(kept), "{bred:#?}");

    let presented: Vec<&Value> = cycles.iter().filter(|cycle| looked(cycle)).collect();
    assert!(!presented.is_empty(), "{cycles:#?}");
    for champion in &presented {
        let result = &champion["result"];
        assert!(result["origin"].as_str().unwrap().starts_with("champion "), "{result}");
        let parent =
            bred.iter().find(|cycle| cycle["result"]["strategy_sha256"] == result["strategy_sha256"]);
        let parent = parent.unwrap_or_else(|| panic!("it was bred: {result}"));
        assert_ne!(parent["result"]["test"], result["test"], "it was trained anew with another seed");
    }
    let trials = world.json(&["ledger", "trials"])["trials"].as_array().unwrap().len();
    assert_eq!(trials, presented.len(), "every look is counted, and nothing else is");
    let name = cycles[0]["spec"]["campaign"].as_str().unwrap();
    let told = world.run(&["campaign", "show", name]);
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    let not_champions = cycles.iter().filter(|cycle| kept(cycle)).count();
    let words = format!(", {not_champions} bred and no champion, ");
    assert!(said.contains("not_a_champion") && said.contains(&words), "{said}");
}

#[test]
fn what_is_bred_grows_better_on_dev_than_what_is_drawn_without_learning() {
    let world = World::new();
    world.plant("SERIES", 0.15, 20_000, 12);
    let earned = |cycles: &[Value]| {
        let sharpe = |cycle: &Value| cycle["result"]["dev_backtest"]["active_sharpe_ratio"].as_f64();
        // Who does not trade has earned nothing.
        cycles.iter().map(|cycle| sharpe(cycle).unwrap_or(0.0)).sum::<f64>() / cycles.len() as f64
    };
    let bred = research(&world, &["--agent", "evolve", "--cycles", "24", "--generation", "4"]);
    let drawn = research(&world, &["--cycles", "20", "--generation", "20"]);
    let (late, random) = (earned(&bred[12..20]), earned(&drawn));
    assert!(late > random, "the last two generations that were bred {late:.2}, drawn {random:.2}");
}

#[test]
fn evolution_takes_generations_and_only_others_are_mixed_in() {
    let world = World::new();
    world.generate("SERIES", "random-walk", 2_000, 11);
    let refused = |how: &[&str], words: &[&str]| {
        world.refused_with(2, &[&RUN[..], &["1h", "--local"], how].concat(), words);
    };
    let evolve = ["--agent", "evolve", "--generation", "4"];
    refused(&[&evolve[..], &["--cycles", "4"]].concat(), &["one generation of 4", "use more cycles"]);
    refused(&["--cycles", "8", "--mix", "claude:1/4"], &["--agent evolve"]);
    refused(&[&evolve[..], &["--cycles", "8", "--mix", "evolve:1/4"]].concat(), &["designs of others"]);
    refused(&[&evolve[..], &["--cycles", "8", "--mix", "claude:5/4"]].concat(), &["PROVIDER:N/M"]);
    world.refused_with(
        2,
        &["agent", "trigger", "-s", "SERIES", "-t", "1h", "--agent", "evolve"],
        &["evolution takes generations", "ktrdr research run"],
    );
    assert!(world.operations().is_empty());
    let plan = world.json(&[
        "campaign", "plan", "-s", "SERIES", "-t", "1h", "-n", "20", "--agent", "evolve", "--anyway", "to see",
    ]);
    assert_eq!(plan["looks_expected"], 4, "one for each cycle of the last generation");
}

#[test]
fn designs_of_a_language_model_are_bred_from_like_any_other() {
    let fake = Fake::start(Mind::Good).unwrap().with_key("sk-canary-9d");
    let world = world(Engine::Embedded)
        .with_setting("KTRDR_AGENT__BASE_URL", &fake.base_url())
        .with_setting("KTRDR_AGENT__API_KEY", "sk-canary-9d");
    let how = ["--agent", "evolve", "--mix", "claude:1/4", "--cycles", "12", "--generation", "4"];
    let cycles = research(&world, &how);
    let of = |name: &str| -> Vec<&str> {
        cycles.iter().map(|cycle| cycle["result"][name].as_str().unwrap()).collect()
    };
    let of_four = ["evolve", "evolve", "evolve", "claude-sonnet-5-5"];
    assert_eq!(of("designer"), [of_four, of_four, ["evolve"; 4]].concat());
    assert!(cycles[..8].iter().all(|cycle| !looked(cycle)), "who designed it makes no difference");
    // The model knows what was bred before its second design.
    let said = fake.seen().iter().map(ToString::to_string).collect::<String>();
    assert!(of("strategy")[..3].iter().all(|bred| said.contains(bred)), "{said}");
}
