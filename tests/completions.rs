//! Completion as shells ask for it: ids, names and words of what is there, quickly, and nothing made, changed or said where there
//! is nothing.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::api::client::Served;
use crate::world::{World, shown};

/// What bash offers behind these words, of which the last one is being typed.
fn offered(world: &World, words: &[&str]) -> Vec<String> {
    let mut command = world.command(&[]);
    // As the script does it: the line comes behind `--`, and the place is a number.
    let program = command.get_program().to_owned();
    command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
        command.env_remove(name);
    }
    command.current_dir(world.folder()).arg("--").arg("ktrdr").args(words);
    command.env("KTRDR_COMPLETE", "bash").env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_COMPLETE_COMP_TYPE", "9");
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", shown(&output));
    let offered = String::from_utf8(output.stdout).unwrap();
    // Where a value is typed, options are offered behind the values.
    let is_value =
        |word: &&str| words.last().is_some_and(|typed| typed.starts_with('-')) || !word.starts_with('-');
    offered.lines().map(str::trim).filter(is_value).map(str::to_owned).collect()
}

#[test]
fn values_are_those_of_the_workspace() {
    let world = World::trained();
    world.generate("GBPUSD", "random-walk", 400, 1);
    let waiting = world.submit(&["training", "run", "--strategy", "fx_pullback"]).remove(0);
    let done = world.operations().into_iter().map(|row| row["id"].as_str().unwrap().to_owned());
    let done = done.filter(|id| *id != waiting).collect::<Vec<_>>().remove(0);

    let ids = offered(&world, &["operations", "status", ""]);
    assert!(ids.contains(&"@last".to_owned()) && ids.contains(&waiting) && ids.contains(&done), "{ids:?}");
    assert_eq!(offered(&world, &["operations", "status", "@l"]), ["@last"]);
    assert!(offered(&world, &["operations", "cancel", "op_"]) == [waiting.clone()], "what goes on");
    assert!(!offered(&world, &["operations", "cancel", ""]).contains(&"@last".to_owned()));
    assert_eq!(offered(&world, &["data", "check", "--symbol", ""]), ["EURUSD", "GBPUSD"]);
    assert_eq!(offered(&world, &["data", "check", "--symbol", "G"]), ["GBPUSD"]);
    assert_eq!(offered(&world, &["data", "check", "--symbol", "EURUSD", "--timeframe", ""]), ["1h"]);
    assert_eq!(offered(&world, &["training", "run", "--strategy", "fx"]), ["fx_pullback"]);
    assert_eq!(offered(&world, &["models", "show", ""]).first().map(String::as_str), Some("fx_pullback"));
    let kinds = offered(&world, &["queues", "pause", ""]);
    assert!(
        kinds.contains(&"training".to_owned()) && kinds.contains(&"agent_design".to_owned()),
        "{kinds:?}"
    );
    assert!(!kinds.contains(&"agent_research".to_owned()), "no queue holds cycles: {kinds:?}");
    assert!(
        offered(&world, &["operations", "list", "--type", "agent"]).contains(&"agent_research".to_owned())
    );
    assert!(offered(&world, &["explain", "no_s"]).contains(&"no_skill".to_owned()));
    assert_eq!(offered(&world, &["schema", "queues", ""]), ["list", "pause", "resume"]);
    assert_eq!(offered(&world, &["schema", "oper"]), ["operations"]);
    assert!(offered(&world, &["operations", "st"]).contains(&"status".to_owned()));
    assert!(offered(&world, &["--outp"]).iter().any(|word| word == "--output"));
}

#[test]
fn of_another_folder_and_of_a_server_too() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 400, 1);
    let elsewhere = World::new();
    let folder = world.folder().to_str().unwrap();
    assert_eq!(offered(&elsewhere, &["-w", folder, "data", "check", "--symbol", ""]), ["EURUSD"]);
    let served = Served::up(&world, &[]);
    let url = format!("http://{}", served.address);
    let workers = offered(&elsewhere, &["--server", &url, "workers", "drain", ""]);
    assert_eq!(workers.len(), 1, "{workers:?}");
    assert_eq!(offered(&elsewhere, &["--server", &url, "data", "check", "--symbol", ""]), ["EURUSD"]);
}

#[test]
fn where_there_is_nothing_nothing_is_offered_made_or_said() {
    let world = World::new();
    for words in [["operations", "status", ""], ["campaign", "show", ""], ["schedules", "show", ""]] {
        assert_eq!(offered(&world, &words), [] as [String; 0]);
    }
    assert_eq!(world.files(), [] as [String; 0], "no store is made");
    world.write("ktrdr.db", "this is no store");
    world.write("ktrdr.toml", "engine = \"steam\"\n");
    assert_eq!(offered(&world, &["operations", "status", ""]), [] as [String; 0]);
}

#[test]
fn nobody_waits_for_it() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 400, 1);
    world.example("fx_pullback");
    for _ in 0..20 {
        world.submit(&["training", "run", "--strategy", "fx_pullback"]);
    }
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(offered(&world, &["operations", "status", "op_"]).len(), 20);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    eprintln!("completion of an id: {:.1} ms, median of five", times[2].as_secs_f64() * 1e3);
    // Ten times what it takes where nobody else computes: this test runs beside many others.
    assert!(times[0] < Duration::from_millis(500), "{times:?}");
}

#[test]
fn bash_reads_the_script_and_asks() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 400, 1);
    let script = r#"
        PATH="$1:$PATH"; source <(ktrdr completions bash)
        COMP_WORDS=(ktrdr data check --symbol ''); COMP_CWORD=4; COMP_TYPE=9
        complete -p ktrdr | grep -q _clap_complete_ktrdr
        _clap_complete_ktrdr ktrdr '' --symbol; printf '%s\n' "${COMPREPLY[@]}""#;
    std::fs::create_dir(world.path("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_ktrdr"), world.path("bin/ktrdr")).unwrap();
    let mut bash = Command::new("bash");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
        bash.env_remove(name);
    }
    bash.args(["-euo", "pipefail", "-c", script, "bash"]).arg(world.path("bin"));
    let output = bash.current_dir(world.folder()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "EURUSD", "{}", shown(&output));
}
