//! What a model owes to its inputs: told on rows of dev alone, with luck beside it, and the same every time.

use serde_json::Value;

use crate::api::client::Served;
use crate::remote::elsewhere::Elsewhere;
use crate::reports::text;
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(what_a_model_owes_to_its_inputs_is_told_with_luck_beside_it);

const TRAIN: [&str; 5] = ["training", "run", "--local", "--strategy", "fx_pullback"];

fn importance(world: &World, arguments: &[&str]) -> Value {
    world.json(&[&["models", "importance"], arguments].concat())
}

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.plant("EURUSD", 0.3, 20_000, 3);
    world.example("fx_pullback");
    world.json(&TRAIN);
    world
}

fn what_a_model_owes_to_its_inputs_is_told_with_luck_beside_it(engine: Engine) {
    let world = world(engine);
    let told = importance(&world, &["fx_pullback"]);
    let inputs = told["inputs"].as_array().unwrap();
    let figure = |input: &Value, name: &str| input[name].as_f64().unwrap();
    let mut names: Vec<&str> = inputs.iter().map(|input| input["name"].as_str().unwrap()).collect();
    // What was planted pulls prices back to a slow average.
    assert_eq!(names[0], "1h_trend", "{told}");
    assert!(figure(&inputs[0], "permuted_loss") > figure(&inputs[0], "noise"), "{told}");
    assert!(
        inputs.iter().all(|input| figure(input, "noise") > 0.0 && figure(input, "permuted_spread") > 0.0)
    );
    assert!(
        inputs.windows(2).all(|pair| figure(&pair[0], "permuted_loss") >= figure(&pair[1], "permuted_loss"))
    );
    names.sort_unstable();
    assert_eq!(names, ["1h_momentum", "1h_trend", "1h_volatility"]);

    let training = world.json(&["operations", "list", "--type", "training"])["operations"][0]["id"].clone();
    let report = world.operation(training.as_str().unwrap())["result"].clone();
    let rows = (told["rows"].as_u64().unwrap(), told["blocks"].as_u64().unwrap());
    assert_eq!(
        rows.0,
        report["rows"][2].as_u64().unwrap() / rows.1 * rows.1,
        "all test rows in whole blocks"
    );
    assert_eq!(importance(&world, &["@last"]), told);
    let said = text(&world, &["models", "importance", "fx_pullback"]);
    assert!(said.contains("more than luck") && said.contains("test rows of dev"), "{said}");
    let page = text(&world, &["report", training.as_str().unwrap(), "--format", "md"]);
    assert!(page.contains("What it owes to its inputs") && page.contains("1h\\_trend"), "{page}");

    world.json(&TRAIN);
    let again = importance(&world, &["@last"]);
    assert_eq!(again["model"]["version"], 2);
    assert_eq!(again["inputs"], told["inputs"], "the same seed tells the same");
    let api = Served::up(&world, &[]);
    let elsewhere = Elsewhere::asking(&format!("http://{}", api.address));
    let there = elsewhere.json(&["models", "importance", "fx_pullback", "--model-version", "1"]);
    assert_eq!(there, told);
    world.refused_with(3, &["models", "importance", "nobody"], &["nobody"]);
}

#[test]
fn of_a_model_without_weights_it_says_that_they_are_gone() {
    let world = world(Engine::Embedded);
    let there = importance(&world, &["fx_pullback"]);
    assert_eq!(there["fault"], Value::Null);
    std::fs::remove_file(world.path("models/fx_pullback/1h_v1/model.safetensors")).unwrap();
    let gone = importance(&world, &["fx_pullback"]);
    assert_eq!(gone["inputs"], there["inputs"]);
    assert!(gone["fault"].as_str().unwrap().contains("model.safetensors"), "{gone}");
    let output = world.run(&["models", "importance", "fx_pullback"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("can not be used any more") && said.contains("train the strategy again"), "{said}");
}

#[test]
fn no_bar_of_an_exam_has_a_part_in_it() {
    let world = world(Engine::Embedded);
    let gate = world.json(&["data", "windows", "EURUSD"])["windows"]["gate"]["start"].clone();
    let bars = std::fs::read_to_string(world.path("data/EURUSD_1h.csv")).unwrap();
    let other = world.write("other.csv", mirrored_from(&bars, gate.as_str().unwrap()));
    world.json(&["data", "import", other.to_str().unwrap(), "--symbol", "OTHER", "--timeframe", "1h"]);
    world.json(&[&TRAIN[..], &["--symbol", "OTHER"]].concat());
    let [mine, others] = ["1", "2"]
        .map(|version| importance(&world, &["fx_pullback", "--model-version", version])["inputs"].clone());
    assert_eq!(mine, others, "the same dev, and another exam");

    world.json(&[&TRAIN[..], &["--open-vault", "to see what it says"]].concat());
    world.refused_with(3, &["models", "importance", "fx_pullback"], &["reached into the vault"]);
}

/// The same bars, upside down from this time on.
fn mirrored_from(bars: &str, time: &str) -> String {
    let mut pivot = 0.0;
    let mut line = |line: &str| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if line.starts_with("20") && cells[0].as_str() >= time {
            let mirrored = |at: usize| (2.0 * pivot - cells[at].parse::<f64>().unwrap()).to_string();
            let [open, low, high, close] = [1, 2, 3, 4].map(mirrored);
            cells.splice(1..5, [open, high, low, close]);
        } else if line.starts_with("20") {
            pivot = cells[4].parse().unwrap();
        }
        cells.join(",") + "\n"
    };
    bars.lines().map(&mut line).collect()
}
