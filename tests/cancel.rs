//! Whatever runs can be stopped: by Ctrl-C, by another process, before it starts; and the next work starts at once.

use serde_json::Value;

use crate::world::{Engine, Running, WHOLE_SERIES, World, ms, on_each_engine, shown, wait_for};

on_each_engine!(
    another_process_cancels_what_runs_and_what_waits_and_is_told_when_it_is_too_late,
    cancelling_a_cycle_cancels_its_child_too,
    work_that_nobody_runs_yet_is_cancelled_at_once,
);

/// From the request in the row to the end in the row. What people notice; the figure itself is printed.
const STOPPED_WITHIN_MS: i64 = 2_000;

const TRAIN_LONG: [&str; 4] = ["training", "run", "--strategy", "long"];
const TRAIN_SHORT: [&str; 5] = ["training", "run", "--local", "--strategy", "fx_pullback"];

/// A world whose strategy `long` trains for minutes.
fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 20_000, 3);
    world.example("fx_pullback");
    world.example_of_epochs("long", 10_000);
    world
}

/// The operation of a kind that runs now.
fn running(world: &World, kind: &str) -> String {
    wait_for(kind, || {
        let listed = world.json(&["operations", "list", "--type", kind, "--status", "running"]);
        Some(listed["operations"][0]["id"].as_str()?.to_owned())
    })
}

fn ended(world: &World, id: &str) -> Value {
    wait_for("the end", || Some(world.operation(id)).filter(|row| !row["finished_at"].is_null()))
}

/// The row ended as cancelled, soon after it was asked to.
fn stopped_soon(row: &Value, what: &str) {
    assert_eq!(row["status"], "cancelled", "{row}");
    let took = ms(&row["finished_at"]) - ms(&row["cancel"]["at"]);
    eprintln!("{what}: {took} ms from the request to the end");
    assert!(took <= STOPPED_WITHIN_MS, "{what} took {took} ms to stop");
}

/// Starts a local run, interrupts it once it runs, and returns its row.
fn interrupted(world: &World, kind: &str, arguments: &[&str]) -> Value {
    interrupted_when(world, kind, |_| true, arguments)
}

/// The same, once its row says so.
fn interrupted_when(
    world: &World,
    kind: &str,
    is_time: impl Fn(&Value) -> bool,
    arguments: &[&str],
) -> Value {
    let process = world.start(arguments);
    let id = running(world, kind);
    wait_for("the time to interrupt", || is_time(&world.operation(&id)).then_some(()));
    process.signal("INT");
    let output = process.end();
    assert_eq!(output.status.code(), Some(130), "{}", shown(&output));
    assert!(output.stdout.is_empty(), "{}", shown(&output));
    world.operation(&id)
}

#[test]
fn ctrl_c_stops_a_local_training_and_the_next_one_starts_at_once() {
    let world = world(Engine::Embedded);
    let row = interrupted(&world, "training", &[&TRAIN_LONG[..], &["--local"]].concat());
    stopped_soon(&row, "training");
    assert_eq!(row["cancel"]["by"], "user");
    assert!(!world.files().iter().any(|f| f.contains("models/")), "{:?}", world.files());
    world.json(&TRAIN_SHORT);
    world.still_works();
}

#[test]
fn ctrl_c_stops_a_local_backtest_whose_gains_were_shown_and_that_was_a_look() {
    let world = World::new();
    world.json(&["data", "generate", "-s", "LONG", "-t", "1h", "--session", "always", "--bars", "200000"]);
    let hours = (0..200_000i64).step_by(24);
    let row = |h: i64| format!("{},{}\n", ktrdr_domain::Timestamp(1_420_416_000 + h * 3_600), h / 24 % 3 - 1);
    let file =
        world.write("signals.csv", format!("timestamp,target\n{}", hours.map(row).collect::<String>()));
    let run = ["backtest", "signals", "--local", "-s", "LONG", "-t", "1h", "--signals"];
    let was_shown = |row: &Value| {
        row["progress"]["step"].as_str().is_some_and(|step| step.starts_with("testing significance"))
    };
    let run = [&run[..], &[file.to_str().unwrap()], &WHOLE_SERIES].concat();
    let row = interrupted_when(&world, "backtesting", was_shown, &run);
    stopped_soon(&row, "backtest");
    assert!(!world.path("reports").exists(), "{:?}", world.files());
    let trials = world.json(&["ledger", "trials"])["trials"].clone();
    assert_eq!(trials.as_array().unwrap().len(), 1, "{trials}");
    assert_eq!(trials[0]["operation"], row["id"]);
    assert!(trials[0]["days"].is_null(), "nothing was concluded: {trials}");
    assert!(shown(&world.run(&["ledger", "trials"])).contains("not concluded"));
    world.still_works();
}

#[test]
fn ctrl_c_on_a_campaign_stops_the_cycles_that_run_and_those_that_wait_and_orphans_nothing() {
    let world = world(Engine::Embedded);
    let campaign = ["research", "run", "--local", "-s", "EURUSD", "-t", "1h", "--cycles", "8"];
    let process = world.start(&campaign);
    running(&world, "agent_research");
    process.signal("INT");
    let output = process.end();
    assert_eq!(output.status.code(), Some(130), "{}", shown(&output));
    let rows = world.operations();
    let cycles: Vec<&Value> = rows.iter().filter(|o| o["type"] == "agent_research").collect();
    assert_eq!(cycles.len(), 8);
    assert!(cycles.iter().any(|c| c["status"] == "cancelled"), "{cycles:#?}");
    for row in &rows {
        assert!(!row["finished_at"].is_null(), "orphaned: {row}");
        let root = cycles.iter().find(|c| c["id"] == row["root"]);
        assert!(row["status"] != "failed" || root.is_none(), "{row}");
    }
    world.still_works();
}

fn another_process_cancels_what_runs_and_what_waits_and_is_told_when_it_is_too_late(engine: Engine) {
    let world = world(engine);
    let engine = world.up(&["--training-slots", "1"]);
    let submit = || world.submit(&TRAIN_LONG).remove(0);
    let (first, second) = (submit(), submit());
    wait_for("the first to run", || (world.operation(&first)["status"] == "running").then_some(()));
    let cancel = |id: &str| world.json(&["operations", "cancel", id, "--reason", "a test"]);

    assert_eq!(cancel(&second)["answer"], "cancelled");
    assert_eq!(world.operation(&second)["status"], "cancelled");
    assert_eq!(cancel(&first)["answer"], "requested");
    let row = ended(&world, &first);
    stopped_soon(&row, "training, from another process");
    assert_eq!(row["cancel"]["reason"], "a test");

    let third = submit();
    wait_for("the next to run", || (world.operation(&third)["status"] == "running").then_some(()));
    cancel(&third);
    stopped_soon(&ended(&world, &third), "training, once more");

    let late = world.run(&["operations", "cancel", &first, "--output", "json"]);
    assert_eq!(late.status.code(), Some(4), "{}", shown(&late));
    assert_eq!(serde_json::from_slice::<Value>(&late.stdout).unwrap()["answer"], "too_late");
    let frozen = (row["progress"].clone(), row["finished_at"].clone());
    let now = world.operation(&first);
    assert_eq!((now["progress"].clone(), now["finished_at"].clone()), frozen);

    engine.signal("TERM");
    let output = engine.end();
    assert!(output.status.success(), "{}", shown(&output));
}

fn cancelling_a_cycle_cancels_its_child_too(engine: Engine) {
    let world = world(engine);
    let engine = world.up(&["--training-slots", "1"]);
    // The one training slot is taken, so the cycle waits in its training.
    let blocker = world.submit(&TRAIN_LONG).remove(0);
    let cycle = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h"]).remove(0);
    wait_for("the cycle's training", || (world.operation(&cycle)["phase"] == "training").then_some(()));
    world.json(&["operations", "cancel", &cycle]);
    stopped_soon(&ended(&world, &cycle), "cycle");
    let children = world.json(&["operations", "status", &cycle])["children"].clone();
    let training = children.as_array().unwrap().iter().find(|c| c["type"] == "training").unwrap();
    assert_eq!(training["status"], "cancelled", "{training}");
    world.json(&["operations", "cancel", &blocker]);
    ended(&world, &blocker);
    engine.signal("INT");
    assert!(engine.end().status.success());
    world.still_works();
}

fn work_that_nobody_runs_yet_is_cancelled_at_once(engine: Engine) {
    let world = world(engine);
    let id = world.submit(&TRAIN_LONG).remove(0);
    let text = world.run(&["operations", "cancel", &id]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("is cancelled"), "{}", shown(&text));
    assert_eq!(world.operation(&id)["status"], "cancelled");
    assert!(world.run(&["up", "--until-idle"]).status.success());
    assert_eq!(world.operation(&id)["started_at"], Value::Null);
}

/// A local import that was asked once to stop and goes on: it reads its file in one go and does not look at its token.
/// `None` when it was over before it could be asked.
fn asked_in_vain(world: &World, bars: &str) -> Option<(Running, String)> {
    let (symbol, copy) = (format!("LONG{bars}"), format!("COPY{bars}"));
    world.json(&["data", "generate", "-s", &symbol, "-t", "1h", "--session", "always", "--bars", bars]);
    let file = world.path(&format!("data/{symbol}_1h.csv"));
    let process = world.start(&["data", "import", file.to_str().unwrap(), "-s", &copy, "-t", "1h"]);
    let import = |o: &&Value| o["symbol"] == copy.as_str() && !o["started_at"].is_null();
    let id = wait_for("the import", || Some(world.operations().iter().find(import)?["id"].clone()));
    let id = id.as_str().unwrap().to_owned();
    process.signal("INT");
    let row = wait_for("the request, or the end", || {
        Some(world.operation(&id)).filter(|row| !row["cancel"].is_null() || !row["finished_at"].is_null())
    });
    row["finished_at"].is_null().then_some((process, id))
}

#[test]
fn a_second_ctrl_c_gives_up_waiting_and_the_work_is_taken_up_later() {
    let world = World::new();
    // A fast machine needs a longer file to be caught in the act.
    let caught = ["400000", "1600000"].iter().find_map(|bars| asked_in_vain(&world, bars));
    let (process, id) = caught.expect("an import that is still running when it is asked to stop");
    process.signal("INT");
    let output = process.end();
    assert_eq!(output.status.code(), Some(130), "{}", shown(&output));
    assert!(world.run(&["up", "--until-idle"]).status.success());
    let status = world.operation(&id)["status"].clone();
    assert!(status == "cancelled" || status == "completed", "{status}");
    world.still_works();
}
