//! Who waits is told why nothing happens, and who has waited long enough gets away.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::world::{Engine, World, shown, wait_for};

/// Signals that a process handles itself, as the bits of a mask.
fn handled(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap()
}

/// The engine, blocked for ever: what it says goes into a pipe that is full and that nobody reads.
fn ends_a_blocked_engine(signal: &str, number: u32) {
    let world = World::new();
    let (unread, full) = std::io::pipe().unwrap();
    let fill =
        Command::new("head").args(["-c", "65536", "/dev/zero"]).stdout(full.try_clone().unwrap()).status();
    assert!(fill.unwrap().success());
    let mut engine = world.command(&["up"]).stdout(Stdio::null()).stderr(full).spawn().unwrap();
    let pid = engine.id();
    wait_for("handlers of signals", || (handled(pid) >> (number - 1) & 1 == 1).then_some(()));
    let ended = wait_for("the end", || {
        let _ = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status();
        engine.try_wait().unwrap()
    });
    assert_eq!(ended.code(), Some(130), "it ends by itself, and says that it was interrupted");
    drop(unread);
    world.goes_on();
}

#[test]
fn the_third_signal_ends_a_process_whatever_its_threads_do() {
    ends_a_blocked_engine("TERM", 15);
    ends_a_blocked_engine("INT", 2);
}

#[test]
fn an_import_that_is_no_longer_waited_for_says_how_to_go_on_with_it() {
    let world = World::new();
    let engine = world.up(&[]);
    world.json(&["queues", "pause", "data_load"]);
    let file = world.write("bars.csv", "time,open,high,low,close\n2020-01-06T00:00:00Z,1,1,1,1\n");
    let import = world.start(&["data", "import", file.to_str().unwrap(), "-s", "MINE", "-t", "1h"]);
    let pid = u32::try_from(import.pid()).unwrap();
    wait_for("who waits", || (handled(pid) >> 1 & 1 == 1).then_some(()));
    import.signal("INT");
    let ended = import.end();
    assert_eq!(ended.status.code(), Some(130), "{}", shown(&ended));
    let id = world.operations()[0]["id"].as_str().unwrap().to_owned();
    let said = String::from_utf8(ended.stderr).unwrap();
    for way in ["watch", "cancel"] {
        assert!(said.contains(&format!("ktrdr operations {way} {id}")), "{said}");
    }
    engine.signal("TERM");
    engine.end();
}

/// Starts a command that waits, and reads the first line that it says on stderr.
fn first_words(world: &World, command: &[&str]) -> (std::process::Child, String) {
    let mut child = world.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    // The rest may be said without anybody reading it.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    (child, line)
}

fn reasons(line: &str) -> Vec<(String, String)> {
    let notice: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let text = |reason: &Value, of: &str| reason[of].as_str().unwrap().to_owned();
    let reasons = notice["notice"]["reasons"].as_array().unwrap();
    reasons.iter().map(|reason| (text(reason, "why"), text(reason, "run"))).collect()
}

fn reason(why: &str, run: &str) -> (String, String) {
    (why.to_owned(), run.to_owned())
}

#[test]
fn whoever_waits_without_an_engine_is_told_to_start_one() {
    let world = World::trained();
    let (mut waiting, said) = first_words(&world, &["training", "run", "--wait", "-S", "fx_pullback"]);
    assert!(said.contains("no engine") && said.contains("`ktrdr up`"), "{said}");
    let id = world.operations()[0]["id"].as_str().unwrap().to_owned();
    let (watching, said) = first_words(&world, &["operations", "watch", &id, "-o", "json"]);
    assert_eq!(reasons(&said), [reason("no_engine", "ktrdr up")]);
    world.json(&["queues", "pause", "training"]);
    let engine = world.up(&[]);
    let (other, said) = first_words(&world, &["operations", "watch", &id, "-o", "jsonl"]);
    assert_eq!(reasons(&said), [reason("paused", "ktrdr queues resume training")]);
    world.json(&["queues", "resume", "training"]);
    assert!(waiting.wait().unwrap().success());
    for mut process in [watching, other] {
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut process.stdout.take().unwrap(), &mut answer).unwrap();
        assert!(process.wait().unwrap().success(), "{answer}");
        assert!(!answer.contains("notice"), "an answer is an answer: {answer}");
    }
    engine.signal("TERM");
    assert!(engine.end().status.success());
}

#[test]
fn a_fleet_says_which_of_its_processes_is_missing_and_a_worker_may_take_every_kind() {
    let world = World::on(Engine::Fleet);
    let bars = (0..60).map(|i| format!("2020-01-{:02}T{:02}:00:00Z,1,2,0.5,1.5,10\n", 6 + i / 24, i % 24));
    let file = world
        .write("bars.csv", format!("timestamp,open,high,low,close,volume\n{}", bars.collect::<String>()));
    let import = ["data", "import", file.to_str().unwrap(), "-s", "NEW", "-t", "1h", "-o", "json"];
    let (importing, said) = first_words(&world, &import);
    assert_eq!(
        reasons(&said),
        [reason("no_coordinator", "ktrdr serve"), reason("no_worker", "ktrdr worker data_load")]
    );
    let coordinator = world.command(&["serve"]).stderr(Stdio::null()).spawn().unwrap();
    let worker = world.command(&["worker", "all"]).stderr(Stdio::null()).spawn().unwrap();
    let done = importing.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", shown(&done));
    let workers = world.json(&["workers", "list"])["workers"].clone();
    let takes = workers.as_array().unwrap().iter().find(|w| w["role"] == "worker").unwrap()["takes"].clone();
    assert_eq!(takes.as_object().unwrap().len(), 6, "{workers}");
    for mut process in [coordinator, worker] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
}
