//! Full disks and folders that can not be written. Both need a mount, and so root; others see them skipped.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::full::room;
use crate::world::{World, shown, wait_for};

/// A small file system mounted inside a world; unmounted when dropped.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// `None`, visibly, where mounting is not allowed.
    pub(crate) fn new(at: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|m| m.status.success()) {
            return Some(Self(at.to_owned()));
        }
        eprintln!("skipped: mounting a small file system needs root");
        None
    }

    /// Makes one file, or a folder with all in it, read-only, for root too.
    pub(crate) fn read_only(file: &Path) -> Option<Self> {
        let mount = |options: &[&str]| Command::new("mount").args(options).arg(file).status();
        let bound = Command::new("mount").arg("--bind").arg(file).arg(file).output();
        if bound.is_ok_and(|m| m.status.success()) {
            let bound = Self(file.to_owned());
            assert!(mount(&["-o", "remount,bind,ro"]).unwrap().success());
            return Some(bound);
        }
        eprintln!("skipped: mounting needs root");
        None
    }

    /// Mounts it anew, such as `ro` or `rw`.
    pub(crate) fn remount(&self, options: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_fills_up_is_said_to_be_full_and_work_goes_on_once_there_is_space() {
    let world = World::trained();
    let file = world.write("bars.csv", std::fs::read(world.path("data/EURUSD_1h.csv")).unwrap());
    let file = file.to_str().unwrap().to_owned();
    let Some(mount) = Mount::new(&world.path("data"), "size=64k") else { return };
    let import = ["data", "import", &file, "-s", "BIG", "-t", "1h"];
    let generate = ["data", "generate", "-s", "BIG", "-t", "1h", "--bars", "5000"];
    world.refused_with(9, &generate, &["data/BIG_1h.csv", "disk is full", "free some space"]);
    // Inside a job it may pass: it is tried again, and only then fails.
    let said = world.refused(1, &import);
    assert!(said.contains("disk is full") && said.contains("tried again"), "{said}");
    assert!(
        std::fs::read_dir(world.path("data")).unwrap().next().is_none(),
        "something half-written is left"
    );
    mount.remount("size=64m");
    world.json(&import);
    world.still_works();
}

#[test]
fn a_whole_workspace_on_a_full_disk_says_so_and_recovers() {
    let world = World::new();
    let Some(mount) = Mount::new(world.folder(), "size=96k") else { return };
    let arguments = ["data", "generate", "-s", "BIG", "-t", "1h", "--bars", "5000"];
    world.refused_with(5, &arguments, &["ktrdr.db", "full", "free some space"]);
    mount.remount("size=64m");
    world.json(&arguments);
    world.still_works();
}

#[test]
fn folders_that_can_not_be_written_are_named() {
    let world = World::trained();
    let Some(mount) = Mount::new(&world.path("models"), "size=1m,ro") else { return };
    let train = ["training", "run", "--local", "--strategy", "fx_pullback"];
    world.refused_with(1, &train, &["models/fx_pullback", "Read-only"]);
    mount.remount("rw");
    world.json(&train);
    world.still_works();
}

#[test]
fn a_workspace_that_can_not_be_written_says_so_before_any_work_and_its_bars_are_read_all_the_same() {
    let world = World::new();
    let Some(mount) = Mount::new(world.folder(), "size=1m") else { return };
    fs::create_dir(world.path("data")).unwrap();
    mount.remount("ro");
    for arguments in [&["operations", "list"][..], &["up", "--until-idle"]] {
        let said = world.refused(9, arguments);
        assert!(said.contains(world.folder().to_str().unwrap()), "{said}");
    }
    for reading in ["data", "strategies"] {
        assert!(world.run(&[reading, "list"]).status.success());
    }
    world.refused_with(3, &["data", "check", "-s", "EURUSD", "-t", "1h"], &["data/EURUSD_1h.csv"]);
}

#[test]
fn a_full_disk_is_still_read_says_that_it_is_full_and_goes_on_once_there_is_space() {
    let world = World::new();
    let Some(_mount) = Mount::new(world.folder(), "size=12m") else { return };
    // So many that the training goes on for minutes.
    world.generate("EURUSD", "planted-edge", 60_000, 3);
    world.example_of_epochs("long", 10_000);
    let train = ["training", "run", "--strategy", "long"];
    let id = world.submit(&train).remove(0);
    assert_ne!(room(&world)["state"], "fault");
    let fill = || {
        let mut filler = std::fs::File::create(world.path("filler")).unwrap();
        let mut chunk = 1 << 20;
        while chunk > 0 {
            match filler.write_all(&vec![7; chunk]) {
                Ok(()) => {}
                Err(_full) => chunk /= 2,
            }
        }
    };
    let looks_full = || {
        assert_eq!(world.operation(&id)["id"], id.as_str());
        assert_eq!(world.json(&["ledger", "trials"])["trials"], serde_json::json!([]));
        let room = room(&world);
        assert_eq!(room["state"], "fault", "{room}");
        assert!(room["found"].as_str().unwrap().contains("full: 0.0 MB free of 12.6 MB"), "{room}");
    };
    // Nobody has it open: what readers need besides the file has to be made.
    fill();
    looks_full();
    let bars = world.path("data/EURUSD_1h.csv").display().to_string();
    for command in [&train[..], &["up", "--until-idle"], &["data", "import", &bars, "-s", "COPY", "-t", "1h"]]
    {
        world.refused_with(5, command, &["no room on the disk", "free some space"]);
    }
    std::fs::remove_file(world.path("filler")).unwrap();
    // A running engine.
    let _engine = world.up(&[]);
    wait_for("the training", || (world.operation(&id)["status"] == "running").then_some(()));
    fill();
    looks_full();
    // What the engine's log has room for is still taken, and kept.
    let refused = wait_for("a refusal", || {
        let output = world.run(&train);
        (output.status.code() != Some(0)).then_some(output)
    });
    let said = shown(&refused);
    assert!(
        refused.status.code() == Some(5) && said.contains("full") && said.contains("free some space"),
        "{said}"
    );
    looks_full();
    std::fs::remove_file(world.path("filler")).unwrap();
    world.submit(&train);
    assert_eq!(world.operation(&id)["fence"], 1);
}

#[test]
fn a_database_that_may_not_be_written_is_one_fault_for_those_who_submit_and_those_who_run() {
    let world = World::new();
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example("fx_pullback");
    world.submit(&["training", "run", "-S", "fx_pullback"]);
    let Some(mount) = Mount::read_only(&world.path("ktrdr.db")) else { return };
    for arguments in [
        &["training", "run", "-S", "fx_pullback"][..],
        &["up", "--until-idle"],
        &["queues", "pause", "training"],
    ] {
        world.refused_with(9, arguments, &["may not be written"]);
    }
    drop(mount);
    world.json(&["up", "--until-idle"]);
    world.still_works();
}

#[test]
fn on_a_full_disk_an_answer_is_an_error_and_a_file_is_absent() {
    let world = World::new();
    world.example("fx_pullback");
    let Some(_mount) = Mount::new(&world.path("full"), "size=8k") else { return };
    let answer = File::create(world.path("full/answer")).unwrap();
    let half = world.command(&["strategies", "schema"]).stdout(answer).output().unwrap();
    assert_eq!(half.status.code(), Some(9), "{}", shown(&half));
    let (from, to) = (world.path("strategies/fx_pullback.yaml"), world.path("full/new.yaml"));
    world.refused_with(
        9,
        &["strategies", "migrate", from.to_str().unwrap(), "--to", to.to_str().unwrap()],
        &["new.yaml", "No space"],
    );
    let names: Vec<_> = fs::read_dir(world.path("full")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["answer"], "nothing half-written is left");
}
