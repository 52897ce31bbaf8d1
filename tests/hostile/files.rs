//! What is no file, and what is no file of ours: pipes that nobody writes to, files that are too large, links that lead
//! elsewhere, and what dead writers left.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{World, shown};

/// A named pipe that nobody writes to: whoever opens it for reading waits without end.
fn pipe(path: &Path) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    path.to_owned()
}

#[test]
fn a_pipe_is_refused_at_once_wherever_a_file_is_read() {
    let world = World::trained();
    let pipe_at = |name: &str| pipe(&world.path(name)).display().to_string();
    let (bars, strategy, other) =
        (pipe_at("data/IBM_1d.csv"), pipe_at("strategies/flow.yaml"), pipe_at("elsewhere"));
    let market = ["-s", "IBM", "-t", "1d"];
    let commands: [&[&str]; 9] = [
        &["data", "check"],
        &["backtest", "signals", "--local", "--signals", &other],
        &["backtest", "run", "--local", "-S", "fx_pullback"],
        &["research", "run", "--local"],
        &["data", "import", &other],
        &["strategies", "validate", &strategy],
        &["strategies", "validate", "flow"],
        &["training", "run", "--local", "-S", "flow"],
        &["topology", "redis-acl", "--passwords", &other],
    ];
    for command in commands {
        let takes_a_market = ["data", "backtest", "research"].contains(&command[0]);
        let command = [command, if takes_a_market { &market[..] } else { &[] }].concat();
        let code = if command[0] == "backtest" && command[1] == "run" { 2 } else { 8 };
        let said = world.refused(code, &command);
        assert!(code == 2 || said.contains("named pipe"), "{command:?}: {said}");
    }
    // What is not a file is neither a series nor a strategy.
    assert_eq!(world.json(&["data", "list"])["series"].as_array().unwrap().len(), 1);
    let listed = world.json(&["strategies", "list"])["strategies"].clone();
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["name"]),
        (1, &"fx_pullback".into()),
        "{listed}"
    );
    fs::remove_file(bars).unwrap();
    pipe(&world.path("ktrdr.toml"));
    world.refused_with(8, &["config", "show"], &["ktrdr.toml", "named pipe"]);
    fs::remove_file(world.path("ktrdr.toml")).unwrap();
    std::os::unix::fs::symlink("/nowhere/ktrdr.toml", world.path("ktrdr.toml")).unwrap();
    world.refused_with(8, &["config", "show"], &["ktrdr.toml", "leads nowhere"]);
    fs::remove_file(world.path("ktrdr.toml")).unwrap();
    world.write("ktrdr.toml", "redis_url_file = \"elsewhere\"\n");
    world.refused_with(8, &["operations", "list"], &["elsewhere", "named pipe"]);
}

#[test]
fn bars_that_became_a_pipe_end_the_job_that_needs_them() {
    let world = World::trained();
    let id = world.submit(&["training", "run", "-S", "fx_pullback"]).remove(0);
    fs::remove_file(world.path("data/EURUSD_1h.csv")).unwrap();
    pipe(&world.path("data/EURUSD_1h.csv"));
    world.json(&["up", "--until-idle"]);
    let row = world.operation(&id);
    assert_eq!((&row["status"], &row["reason"]), (&"failed".into(), &"bad_input".into()), "{row}");
    assert!(row["error"].as_str().unwrap().contains("named pipe"), "{row}");
}

#[test]
fn a_file_that_is_too_large_is_refused_by_its_size_and_costs_no_memory() {
    let world = World::new();
    let sparse = |name: &str, gigabytes: u64| {
        let path = world.path(name);
        File::create(&path).unwrap().set_len(gigabytes << 30).unwrap();
        path.display().to_string()
    };
    let bars = sparse("bars.csv", 5);
    let with_little_memory = |arguments: &[&str]| {
        let mut command = Command::new("bash");
        command.args(["-c", "ulimit -v 1500000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ktrdr")]);
        command.arg("--workspace").arg(world.folder()).args(arguments).output().unwrap()
    };
    for (arguments, word) in [
        (vec!["data", "import", &bars, "-s", "BIG", "-t", "1h"], "bars.csv"),
        (vec!["strategies", "validate", &bars], "bars.csv"),
    ] {
        let output = with_little_memory(&arguments);
        assert_eq!(output.status.code(), Some(8), "{}", shown(&output));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(word) && said.contains("larger than"), "{said}");
    }
    sparse("ktrdr.toml", 3);
    let output = with_little_memory(&["operations", "list"]);
    assert_eq!(output.status.code(), Some(8), "{}", shown(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("larger than 1024 KiB"), "{}", shown(&output));
}

#[test]
fn a_file_that_is_no_strategy_is_never_quoted_and_a_link_out_of_the_workspace_has_to_be_named_itself() {
    let world = World::new();
    world.example("fx_pullback");
    let outside = tempfile::tempdir().unwrap();
    for content in [
        "root:canary:19000:0:99999:7:::\ndaemon:canary:19000:0:99999:7:::\n",
        "- canary\n- canary: canary\n",
        "canary: canary\nother: {canary: canary}\n",
        "\"canary",
    ] {
        let secret = outside.path().join("secret");
        fs::write(&secret, content).unwrap();
        let (link, secret) = (world.path("strategies/link.yaml"), secret.to_str().unwrap());
        let _ = fs::remove_file(&link);
        symlink(secret, &link).unwrap();
        for file in [link.to_str().unwrap(), secret] {
            for form in ["text", "json"] {
                let output = world.run(&["strategies", "validate", file, "-o", form]);
                assert_eq!(output.status.code(), Some(8), "{}", shown(&output));
                assert!(!shown(&output).contains("canary"), "{}", shown(&output));
            }
        }
        world.refused_with(8, &["strategies", "validate", "link"], &["link leads out of the workspace"]);
        let listed = world.json(&["strategies", "list"])["strategies"].clone();
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["valid"]), (1, &true.into()), "{listed}");
    }
}

#[test]
fn what_the_system_said_stands_once_beneath_what_it_means() {
    let world = World::new();
    fs::create_dir(world.path("ktrdr.db")).unwrap();
    let said = world.refused(9, &["operations", "list"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains("may not be opened for writing"), "{said}");
    assert!(lines[1].starts_with("  because: unable to open database file"), "{said}");
    assert_eq!(said.matches("unable to open database file").count(), 1, "{said}");
}

#[test]
fn strategies_that_can_not_be_read_are_listed_with_their_fault_beside_the_others() {
    let world = World::new();
    world.example("fx_pullback");
    world.write("strategies/large.yaml", "#".repeat(300_000));
    world.write("strategies/broken.yaml", "name: [");
    world.write("strategies/binary.yaml", b"\xff\xfe");
    let listed = world.json(&["strategies", "list"])["strategies"].clone();
    let faults: Vec<(bool, String)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["valid"].as_bool().unwrap(), s["errors"].to_string()))
        .collect();
    assert_eq!(faults.iter().map(|f| f.0).collect::<Vec<_>>(), [false, false, true, false], "{listed}");
    let words = ["UTF-8", "YAML", "[]", "larger than"];
    assert!(faults.iter().zip(words).all(|((_, said), word)| said.contains(word)), "{listed}");
    let text = String::from_utf8(world.run(&["strategies", "list"]).stdout).unwrap();
    assert!(text.contains("valid   fx_pullback") && text.contains("INVALID large: "), "{text}");
}

#[test]
fn what_a_dead_writer_left_goes_at_the_next_start_and_what_a_living_one_writes_stays() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 400, 1);
    let mut dies = Command::new("bash");
    dies.args(["-c", "ulimit -c 0; ulimit -f 64; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ktrdr")]);
    dies.arg("--workspace").arg(world.folder());
    let dead = dies.args(["data", "generate", "-s", "BIG", "-t", "1h", "--bars", "20000"]).output().unwrap();
    assert!(dead.status.signal().is_some(), "it wrote more than it may, and lived: {}", shown(&dead));
    let parts = || world.files().into_iter().filter(|f| f.contains(".ktrdr-part-")).collect::<Vec<_>>();
    let left = parts();
    assert_eq!(left.len(), 1, "{left:?}");
    let alive = File::open(world.path(&left[0])).unwrap();
    alive.lock().unwrap();
    world.json(&["up", "--until-idle"]);
    assert_eq!(parts(), left, "somebody holds it");
    drop(alive);
    world.json(&["up", "--until-idle"]);
    assert_eq!(parts(), Vec::<String>::new());
}
