//! A workspace that can only be read is read; where there is none, that is said instead of an empty list.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;

use crate::hostile::disk::Mount;
use crate::world::{World, shown, wait_for};

const SAID: &str = "this workspace can not be written: it is read as it is";

/// An account that owns nothing.
const NOBODY: u32 = 65_534;

/// What is asked of a workspace in which a backtest was made.
fn reads(world: &World, backtest: &str) {
    for command in [
        &["operations", "list"][..],
        &["operations", "status", backtest],
        &["operations", "explain", backtest],
        &["ledger", "trials"],
        &["data", "list"],
        &["models", "list"],
        &["strategies", "list"],
        &["queues", "list"],
        &["prune"],
        &["report", backtest, "--format", "md"],
    ] {
        let output = world.run(command);
        assert!(output.status.success(), "ktrdr {command:?}\n{}", shown(&output));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.matches(SAID).count() <= 1, "{said}");
        let needs_rows = !["models", "strategies"].contains(&command[0]);
        assert_eq!(said.contains(SAID), needs_rows, "ktrdr {command:?}: {said}");
    }
    assert!(world.operations().iter().any(|row| row["id"] == backtest));
}

#[test]
fn a_workspace_that_can_not_be_written_is_read_and_says_so_once() {
    let world = World::trained();
    let market = ["--strategy", "fx_pullback", "--symbol", "EURUSD", "--timeframe", "1h"];
    let report = world.json(&[&["backtest", "run", "--local"], &market[..]].concat());
    let backtest = report["operation"].as_str().unwrap().to_owned();
    let Some(mount) = Mount::read_only(world.folder()) else { return };
    reads(&world, &backtest);
    for changes in [&["training", "run", "-S", "fx_pullback"][..], &["queues", "pause", "training"]] {
        world.refused_with(9, changes, &["may not be written"]);
    }
    world.refused_with(9, &["report", &backtest], &["reports/", "--to"]);
    drop(mount);

    // An engine that died leaves its log, which is read as well.
    let engine = world.up(&[]);
    world.json(&["queues", "pause", "training"]);
    let waiting = world.submit(&["training", "run", "-S", "fx_pullback"]).remove(0);
    engine.signal("KILL");
    engine.end();
    let Some(mount) = Mount::read_only(world.folder()) else { return };
    reads(&world, &backtest);
    assert_eq!(world.operation(&waiting)["status"], "pending");
    drop(mount);
    world.json(&["queues", "resume", "training"]);
    let _engine = world.up(&[]);
    wait_for("the training", || (world.operation(&waiting)["status"] == "completed").then_some(()));
}

#[test]
fn who_looks_from_another_account_beside_an_engine_hears_nothing_of_its_log() {
    let world = World::new();
    let _engine = world.up(&[]);
    world.json(&["queues", "pause", "training"]);
    fs::set_permissions(world.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let looks = |command: &[&str]| world.command(command).uid(NOBODY).gid(NOBODY).output();
    for command in [["operations", "list"], ["queues", "list"]] {
        let Ok(output) = looks(&command) else { return eprintln!("skipped: only root can be somebody else") };
        assert!(output.status.success(), "{}", shown(&output));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(SAID) && !said.contains("WARN"), "{said}");
    }
}

#[test]
fn outside_of_a_workspace_nothing_is_listed_as_if_it_were_empty() {
    let world = World::new();
    fs::remove_dir(world.path("data")).unwrap();
    for command in [
        &["data", "list"][..],
        &["data", "check", "-s", "EURUSD", "-t", "1h"],
        &["models", "list"],
        &["strategies", "list"],
        &["operations", "list"],
    ] {
        let place = world.folder().to_str().unwrap();
        world.refused_with(3, command, &["no workspace at", place, "`ktrdr init` makes one"]);
    }
    assert_eq!(world.files(), [] as [String; 0]);
    fs::create_dir(world.path("data")).unwrap();
    assert!(world.run(&["data", "list"]).status.success());
}

#[test]
fn bars_behind_a_link_are_out_of_reach_and_it_is_said_what_to_do() {
    let (world, elsewhere) = (World::new(), World::new());
    elsewhere.generate("EURUSD", "random-walk", 400, 1);
    fs::remove_dir(world.path("data")).unwrap();
    symlink(elsewhere.path("data"), world.path("data")).unwrap();
    for command in [&["data", "list"][..], &["data", "check", "-s", "EURUSD", "-t", "1h"]] {
        world.refused_with(8, command, &["a link leads out of the workspace", "mount --bind", "into it"]);
    }
}
