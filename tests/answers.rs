//! An answer that does not reach its reader is an error; a reader that went away is none. And what is answered drives no
//! terminal.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::world::{World, shown, wait_for};

/// Commands with an answer of every form.
const COMMANDS: [&[&str]; 13] = [
    &["operations", "list"],
    &["operations", "list", "-o", "json"],
    &["operations", "list", "-o", "jsonl"],
    &["data", "list"],
    &["data", "check", "-s", "EURUSD", "-t", "1h", "-o", "json"],
    &["config", "show"],
    &["config", "show", "-o", "json"],
    &["strategies", "schema"],
    &["strategies", "features", "fx_pullback"],
    &["completions", "bash"],
    &["ledger", "trials"],
    &["--help"],
    &["--version"],
];

/// What a pipe holds.
const PIPE_BYTES: usize = 64 << 10;

fn written_to(world: &World, command: &[&str], stdout: Stdio) -> Output {
    let child = world.command(command).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn an_answer_that_can_not_be_written_is_exit_9_and_a_reader_that_went_away_is_no_error() {
    let world = World::trained();
    for command in COMMANDS {
        let full = written_to(&world, command, File::create("/dev/full").unwrap().into());
        assert_eq!(full.status.code(), Some(9), "{command:?} {}", shown(&full));
        let said = String::from_utf8_lossy(&full.stderr);
        assert!(said.contains("the answer could not be written"), "{command:?} {said}");

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let gone = written_to(&world, command, writer.into());
        let said = String::from_utf8_lossy(&gone.stderr);
        assert!(gone.status.success() && !said.contains("error"), "{command:?} {}", shown(&gone));
    }
}

#[test]
fn a_reader_behind_a_pipe_that_does_not_block_gets_the_whole_answer() {
    let world = World::new();
    for command in [&["strategies", "schema"][..], &["strategies", "schema", "-o", "json"]] {
        let whole = world.run(command).stdout;
        let before = [b'.'; PIPE_BYTES / 2];
        assert!(whole.len() > PIPE_BYTES / 2, "the answer fills no pipe: {} bytes", whole.len());
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(&before).unwrap();
        rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
        let mut child = world.command(command).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("a full pipe, or the end of the process", || {
            let full = rustix::io::ioctl_fionread(&reader).unwrap() >= PIPE_BYTES as u64;
            (full || child.try_wait().unwrap().is_some()).then_some(())
        });
        let mut answer = Vec::new();
        reader.read_to_end(&mut answer).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{command:?} {}", shown(&ended));
        let answer = &answer[before.len()..];
        assert!(answer == whole, "{command:?}: {} of {} bytes", answer.len(), whole.len());
    }
}

#[test]
fn an_answer_that_comes_late_is_missed_as_well_and_a_worse_fault_is_kept() {
    let world = World::trained();
    let full = || Stdio::from(File::create("/dev/full").unwrap());
    let id = world.operations()[0]["id"].as_str().unwrap().to_owned();
    let watched = written_to(&world, &["operations", "watch", &id, "-o", "jsonl"], full());
    assert_eq!(watched.status.code(), Some(9), "{}", shown(&watched));
    let missing = "op_training_20260101_000000_00000000";
    let refused = written_to(&world, &["operations", "status", missing], full());
    assert_eq!(refused.status.code(), Some(3), "{}", shown(&refused));
}

#[test]
fn a_file_that_a_command_writes_is_whole_and_replaces_nothing() {
    let world = World::new();
    world.example("fx_pullback");
    let (from, to) = (world.path("strategies/fx_pullback.yaml"), world.path("new.yaml"));
    let migrate = ["strategies", "migrate", from.to_str().unwrap(), "--to", to.to_str().unwrap()];
    world.json(&migrate);
    let whole = fs::read(&to).unwrap();
    world.refused_with(9, &migrate, &["new.yaml", "exists"]);
    assert_eq!(fs::read(&to).unwrap(), whole);
    world.still_works();
}

/// Whether something in a text would act on a terminal.
fn drives_a_terminal(text: &str) -> bool {
    text.contains(|c: char| {
        (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c)
    })
}

#[test]
fn errors_about_arguments_drive_no_terminal_and_forge_no_line() {
    let world = World::new();
    for evil in
        ["\u{1b}]0;owned\u{7}", "\u{1b}[2J\u{1b}[1;31mred", "\u{9b}31mx", "\u{202e}drow", "a\nerror: forged"]
    {
        let commands: [&[&str]; 4] = [
            &[evil],
            &["data", "check", "-s", evil, "-t", "1h"],
            &["operations", "status", evil],
            &["data", "list", evil],
        ];
        for command in commands {
            for form in ["text", "json"] {
                let output = world.run(&[command, &["-o", form]].concat());
                assert_eq!(output.status.code(), Some(2), "{command:?} {}", shown(&output));
                let said = String::from_utf8(output.stderr).unwrap();
                assert!(!drives_a_terminal(&said), "{command:?}: {said:?}");
                assert!(!said.contains("\nerror: forged"), "{command:?}: {said:?}");
            }
        }
    }
}

#[test]
fn json_keeps_what_it_was_told_without_driving_a_terminal() {
    let world = World::trained();
    let reason = "C1 \u{9b}31m, override \u{202e}, delete \u{7f}";
    let id = world.submit(&["training", "run", "-S", "fx_pullback"]).remove(0);
    world.json(&["operations", "cancel", &id, "--reason", reason]);
    for form in ["text", "json", "jsonl"] {
        let output = world.run(&["operations", "status", &id, "-o", form]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!drives_a_terminal(&text), "{form}: {text:?}");
        if form != "text" {
            let document: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(document["operation"]["cancel"]["reason"], reason, "{form}");
        }
    }
}
