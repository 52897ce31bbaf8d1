//! What a language model may know of a market beforehand: hidden from it where it is masked, and reported apart where it is not.

use std::collections::BTreeSet;

use ktrdr_domain::Timestamp;
use ktrdr_fake::{Fake, Mind};
use serde_json::Value;

use crate::claude::{fake, open_gates, research, world_of};
use crate::world::{Engine, World, on_each_engine, shown};

on_each_engine!(
    a_masked_model_is_told_no_symbol_no_date_and_no_price,
    what_a_model_may_remember_is_told_apart
);

fn a_masked_model_is_told_no_symbol_no_date_and_no_price(engine: Engine) {
    let fake: Fake = fake(Mind::Good);
    let world = open_gates(world_of(engine, &fake)).with_setting("KTRDR_RESEARCH__GENERATION", "1");
    // What others left in memory names the market.
    world.json(&["agent", "trigger", "--local", "-s", "EURUSD", "-t", "1h", "--agent", "claude"]);
    let before = fake.seen().len();
    let masked = ["agent", "trigger", "--local", "-s", "EURUSD", "-t", "1h", "--agent", "claude", "--masked"];
    world.json(&masked);
    let told: String = fake.seen()[before..].iter().map(|seen| format!("{seen}\n")).collect();
    assert!(told.contains("MASKED") && told.contains("# What was tried (1 designs"), "{told}");
    assert!(told.contains("You assess one finished cycle"), "the assessor is masked, too");
    let series = std::fs::read_to_string(world.path("data/EURUSD_1h.csv")).unwrap();
    let rows: Vec<&str> =
        series.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    let years: BTreeSet<&str> = rows.iter().map(|row| &row[..5]).collect();
    let prices = rows.iter().step_by(97).map(|row| row.split(',').nth(4).unwrap());
    let secrets: Vec<&str> = years.into_iter().chain(prices).chain(["EURUSD"]).collect();
    let leaked: Vec<&&str> = secrets.iter().filter(|secret| told.contains(**secret)).collect();
    assert!(leaked.is_empty(), "{leaked:?}");

    let looks = world.json(&["ledger", "trials"])["trials"].as_array().unwrap().clone();
    let masked: Vec<&Value> = looks.iter().map(|look| &look["author"]["masked"]).collect();
    assert_eq!(masked, [&Value::from(false), &Value::from(true)]);
    let betrayed = [
        "agent",
        "trigger",
        "-s",
        "EURUSD",
        "-t",
        "1h",
        "--agent",
        "claude",
        "--masked",
        "--brief",
        "eurusd at night",
    ];
    world.refused_with(2, &betrayed, &["the brief names EURUSD"]);
    world.refused_with(
        2,
        &["agent", "trigger", "-s", "EURUSD", "-t", "1h", "--masked"],
        &["nothing to mask"],
    );
}

#[test]
fn of_a_mixed_campaign_whoever_is_asked_is_masked() {
    let fake: Fake = fake(Mind::Good);
    let world = world_of(Engine::Embedded, &fake);
    let evolve = ["research", "run", "--local", "-s", "EURUSD", "-t", "1h", "--agent", "evolve", "--masked"];
    let more = ["--cycles", "6", "--generation", "3"];
    world.refused_with(2, &[&evolve[..], &more].concat(), &["nothing to mask: evolve"]);
    let mix = ["--mix", "claude:1/3"];
    let betrayed = [&evolve[..], &more, &mix, &["--brief", "eurusd at night"]].concat();
    world.refused_with(2, &betrayed, &["the brief names EURUSD"]);
    assert!(fake.seen().is_empty() && world.operations().is_empty());

    let answer = world.json(&[&evolve[..], &more, &mix].concat());
    let cycles = answer["cycles"].as_array().unwrap();
    let masked: Vec<&Value> = cycles
        .iter()
        .filter(|cycle| cycle["result"]["designer"] == "claude-sonnet-5-5")
        .map(|cycle| &cycle["result"]["author"]["masked"])
        .collect();
    assert_eq!(masked, [&Value::from(true)], "{cycles:#?}");
    let told = fake.seen().iter().map(ToString::to_string).collect::<String>();
    assert!(told.contains("MASKED") && !told.contains("EURUSD"), "{told}");
}

/// A table of models like the built-in one, whose knowledge ends in this month.
fn models_that_know_until(world: &World, month: &str) -> String {
    let table =
        include_str!("../crates/agent/src/models.toml").replace("\"2026-06\"", &format!("\"{month}\""));
    world.write("models.toml", table).to_str().unwrap().to_owned()
}

fn what_a_model_may_remember_is_told_apart(engine: Engine) {
    let fake: Fake = fake(Mind::Good);
    let world = open_gates(world_of(engine, &fake));
    let gate = world.json(&["data", "list"])["series"][0]["windows"]["gate"].clone();
    let [start, end] = ["start", "end"].map(|of| gate[of].as_str().unwrap().parse::<Timestamp>().unwrap().0);
    let month = Timestamp((start + end) / 2).to_string()[..7].to_owned();
    let file = models_that_know_until(&world, &month);
    let world = world.with_setting("KTRDR_AGENT__MODELS_FILE", &file);
    let cycle = research(&world, "1").remove(0);
    let exam = cycle["result"]["backtest"].as_str().unwrap();
    let report = world.json(&["backtest", "show", exam]);
    let apart = &report["contamination"];
    assert_eq!(
        (&apart["model"], &apart["training_cutoff"]),
        (&"claude-sonnet-5-5".into(), &month.as_str().into())
    );
    let [before, after] = ["before", "after"].map(|side| &apart[side]);
    let sum = |key: &str| before[key].as_u64().unwrap() + after[key].as_u64().unwrap();
    assert_eq!(
        (sum("bars"), sum("trades")),
        (report["bars"].as_u64().unwrap(), report["metrics"]["total_trades"].as_u64().unwrap())
    );
    assert_eq!(sum("days"), report["metrics"]["days"]);
    assert_eq!(before["span"]["end"], after["span"]["start"]);
    let growth = |of: &Value| 1.0 + of["total_return_pct"].as_f64().unwrap();
    let whole = growth(&report["metrics"]);
    assert!((growth(before) * growth(after) - whole).abs() < 1e-9, "{apart:#}");
    let shown = shown(&world.run(&["backtest", "show", exam]));
    assert!(shown.contains("before that") && shown.contains(&format!("knows until {month}")), "{shown}");
    let look = world.json(&["ledger", "trials"])["trials"][0].clone();
    assert_eq!(
        (&look["author"]["training_cutoff"], &look["apart"]["days_before"]),
        (&apart["training_cutoff"], &before["days"])
    );

    // By hand the strategy keeps its author, as long as nobody changes it.
    let name = cycle["result"]["strategy"].as_str().unwrap();
    world.json(&["training", "run", "--local", "--strategy", name]);
    let by_hand = ["backtest", "run", "--local", "--strategy", name, "-s", "EURUSD", "-t", "1h"];
    assert_eq!(world.json(&by_hand)["contamination"]["model"], "claude-sonnet-5-5");
    let file = format!("strategies/{name}.yaml");
    let text = std::fs::read_to_string(world.path(&file)).unwrap().replace("epochs: 6", "epochs: 5");
    world.write(&file, text);
    world.json(&["training", "run", "--local", "--strategy", name]);
    assert!(world.json(&by_hand)["contamination"].is_null(), "what a person changed is a person's");
}
