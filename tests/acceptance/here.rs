//! B1: backtests from the command line.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::QUICK;
use super::book::{Chapter, Seen};
use super::course::Course;
use super::lab::has_ended;
use crate::world::{Running, World, ms, shown, wait_for};

/// Figures that a backtest has, or says why not.
const FIGURES: [&str; 5] = ["total_return", "sharpe_ratio", "max_drawdown", "win_rate", "total_trades"];

const SHORT: [&str; 9] =
    ["backtest", "run", "--local", "--strategy", QUICK, "--symbol", "EURUSD", "--timeframe", "1h"];
const LONG: [&str; 9] =
    ["backtest", "run", "--local", "--strategy", QUICK, "--symbol", "LONG", "--timeframe", "1h"];

pub(super) fn rows(chapter: &mut Chapter, world: &World) {
    chapter.row("B1.1", |seen| a_smoke_test(world, seen));
    chapter.row("B1.2", |seen| progress(world, seen));
    chapter.row("B1.3", |seen| a_cancel(world, seen));
    chapter.row("B1.4", |seen| an_invalid_strategy(world, seen));
}

fn a_smoke_test(world: &World, seen: &mut Seen) {
    let begun = Instant::now();
    let output = world.run(&[&SHORT[..], &["--output", "json"]].concat());
    let took = begun.elapsed();
    assert!(output.status.success(), "{}", shown(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for figure in FIGURES {
        let is_there = report["metrics"][figure].is_number() || report["undefined"][figure].is_string();
        assert!(is_there, "{figure}: {}", report["metrics"]);
    }
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(!log.contains(" ERROR ") && !log.contains("panicked"), "{log}");
    let row = world.operation(report["operation"].as_str().unwrap());
    assert_eq!(row["progress"]["percentage"], 100.0, "{}", row["progress"]);
    assert!(took < Duration::from_secs(5), "{took:?}");
    let (bars, trades) = (&report["bars"], &report["metrics"]["total_trades"]);
    seen.note(format!("{bars} bars, {trades} trades in {} ms, process and all", took.as_millis()));
}

fn progress(world: &World, seen: &mut Seen) {
    let (process, id) = running(world);
    let watched = world.run(&["operations", "watch", &id, "--output", "jsonl"]);
    assert!(watched.status.success(), "{}", shown(&watched));
    let lines = String::from_utf8(watched.stdout).unwrap();
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let course = Course::of(&rows);
    let told = course.is_sound_and_whole();
    assert!(told >= 3, "{}", course.words());
    let shows = |name: &str| course.0.iter().any(|step| step.figures.iter().any(|figure| figure == name));
    assert!(shows("pnl") && shows("trades"), "{:?}", course.0);
    let output = process.end();
    assert!(output.status.success(), "{}", shown(&output));
    seen.note(format!("{told} words: {}", course.words()));
}

/// A long backtest, once it runs.
fn running(world: &World) -> (Running, String) {
    let process = world.start(&LONG);
    let id = wait_for("the backtest", || {
        let listed = world.json(&["operations", "list", "--type", "backtesting", "--status", "running"]);
        Some(listed["operations"][0]["id"].as_str()?.to_owned())
    });
    (process, id)
}

fn a_cancel(world: &World, seen: &mut Seen) {
    let (process, id) = running(world);
    wait_for("its first bars", || {
        (world.operation(&id)["progress"]["items_done"].as_u64()? > 0).then_some(())
    });
    let answer = world.json(&["backtest", "cancel", "--reason", "enough"]);
    assert_eq!(
        (&answer["operation"], &answer["answer"]),
        (&id.as_str().into(), &"requested".into()),
        "{answer}"
    );
    let output = process.end();
    assert!(!output.status.success(), "{}", shown(&output));
    let row = world.operation(&id);
    assert_eq!((&row["status"], &row["cancel"]["reason"]), (&"cancelled".into(), &"enough".into()), "{row}");
    let percentage = row["progress"]["percentage"].as_f64().unwrap();
    assert!(percentage < 100.0, "{row}");
    let left: Vec<_> =
        world.files().into_iter().filter(|f| f.contains(&id) || f.contains(".ktrdr-part-")).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    let stopped_ms = ms(&row["finished_at"]) - ms(&row["cancel"]["at"]);
    let report = world.json(&SHORT);
    let next = world.operation(report["operation"].as_str().unwrap());
    assert!(has_ended(&next) && next["status"] == "completed", "{next}");
    assert_eq!(world.operation(&id)["progress"], row["progress"], "it is frozen");
    let waited_ms = ms(&next["started_at"]) - ms(&next["created_at"]);
    seen.note(format!(
        "stopped at {percentage:.0} %, {stopped_ms} ms after the request; the next one began {waited_ms} ms after it was submitted"
    ));
}

fn an_invalid_strategy(world: &World, seen: &mut Seen) {
    let text = include_str!("../../strategies/fx_pullback.yaml").replace("epochs: 20", "epochs: many");
    let text = text.replace("name: fx_pullback", "name: broken");
    let file = world.write("strategies/broken.yaml", text);
    let before = world.operations().len();
    let begun = Instant::now();
    let said = world.refused(8, &["training", "run", "--local", "--strategy", "broken"]);
    let took = begun.elapsed();
    assert!(said.contains("epochs") && said.contains("broken.yaml"), "{said}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(world.operations().len(), before, "nothing is created");
    assert!(!world.files().iter().any(|f| f.starts_with("models/broken")), "{:?}", world.files());
    std::fs::remove_file(file).unwrap();
    let words: Vec<&str> = said.lines().take(2).collect();
    seen.note(format!("after {} ms: {}", took.as_millis(), words.join(" ")));
}
