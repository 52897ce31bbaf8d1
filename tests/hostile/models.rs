//! Models that are missing, damaged, or of another strategy.

use std::fs;

use ktrdr_domain::Sha256;
use serde_json::Value;

use crate::world::World;

const MODEL: &str = "models/fx_pullback/1h_v1";
const RUN: [&str; 9] = ["backtest", "run", "--local", "-S", "fx_pullback", "-s", "EURUSD", "-t", "1h"];

#[test]
fn a_model_that_is_missing_or_damaged_in_any_file_is_refused_by_the_files_name() {
    let world = World::trained();
    let path = |file: &str| world.path(&format!("{MODEL}/{file}"));
    for file in ["model.safetensors", "metadata.json", "manifest.json"] {
        let whole = fs::read(path(file)).unwrap();
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for damaged in [flipped, whole[..whole.len() / 2].to_vec(), Vec::new(), vec![0xff; 100]] {
            fs::write(path(file), damaged).unwrap();
            world.refused_with(8, &RUN, &[MODEL, file, "train the strategy again"]);
        }
        fs::remove_file(path(file)).unwrap();
        let said = world.refused(3, &RUN);
        assert!(said.contains("models/fx_pullback") && said.contains("train"), "{said}");
        fs::write(path(file), whole).unwrap();
    }
    assert!(world.operations().iter().all(|o| o["type"] != "backtesting"), "nothing was submitted");
    world.json(&RUN);
    world.refused_with(
        3,
        &[&RUN[..], &["--model-version", "9"]].concat(),
        &["version 9", "models/fx_pullback"],
    );
}

#[test]
fn a_model_whose_features_are_not_its_strategys_is_refused_although_every_hash_fits() {
    let world = World::trained();
    let path = |file: &str| world.path(&format!("{MODEL}/{file}"));
    let read = |file: &str| -> Value { serde_json::from_slice(&fs::read(path(file)).unwrap()).unwrap() };
    let (mut metadata, mut manifest) = (read("metadata.json"), read("manifest.json"));
    metadata["features"].as_array_mut().unwrap().reverse();
    let forged = metadata.to_string();
    manifest["files"]["metadata.json"] = Sha256::of(forged.as_bytes()).to_string().into();
    fs::write(path("metadata.json"), forged).unwrap();
    fs::write(path("manifest.json"), manifest.to_string()).unwrap();
    world.refused_with(8, &RUN, &[MODEL, "feature list", "train the strategy again"]);
    world.json(&["training", "run", "--local", "--strategy", "fx_pullback"]);
    assert_eq!(world.json(&RUN)["model"]["version"], 2);
}

#[test]
fn a_backtest_without_any_model_says_where_it_looked_and_how_to_make_one() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 1_000, 3);
    let place = world.path("models/fx_pullback");
    world.refused_with(3, &RUN, &[place.to_str().unwrap(), "ktrdr training run --strategy fx_pullback"]);
    assert!(world.operations().is_empty());
}

#[test]
fn bars_changed_between_submit_and_run_are_refused_not_used() {
    let world = World::trained();
    let submitted = world.json(&["backtest", "run", "-S", "fx_pullback", "-s", "EURUSD", "-t", "1h"]);
    let id = submitted["submitted"][0].as_str().unwrap();
    world.json(&[
        "data",
        "generate",
        "-s",
        "EURUSD",
        "-t",
        "1h",
        "--bars",
        "5000",
        "--seed",
        "99",
        "--replace",
    ]);
    world.json(&["up", "--until-idle"]);
    let row = world.operation(id);
    assert_eq!(row["status"], "failed");
    assert!(row["error"].as_str().unwrap().contains("data/EURUSD_1h.csv"), "{row}");
    world.still_works();
}
