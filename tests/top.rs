//! `ktrdr top` on a real terminal: what is shown appears by itself, keys do what they say after a question, and the terminal is
//! given back as it was.

use std::fs;
use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;

use crate::api::client::{Served, free_address};
use crate::running::{PATIENCE, Running, wait_for};
use crate::world::{Engine, World, on_each_engine};

/// A terminal with the program in it.
struct Screen<'a> {
    world: &'a World,
    running: Running,
    keys: ChildStdin,
    written: Arc<Mutex<Vec<u8>>>,
}

/// The screen that a terminal of this size shows after all that: where the cursor was sent, and what was written there.
fn shown(written: &str) -> String {
    const SIZE: (usize, usize) = (24, 80);
    let mut cells = vec![vec![' '; SIZE.1]; SIZE.0];
    let (mut row, mut column) = (0, 0);
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => {
                // Sequences that are no CSI set modes of the keyboard.
                if rest.next() != Some('[') {
                    continue;
                }
                let mut said = String::new();
                let end = rest.by_ref().inspect(|c| said.push(*c)).find(char::is_ascii_alphabetic);
                let mut numbers =
                    said.trim_end_matches(char::is_alphabetic).split(';').map(str::parse::<usize>);
                match end {
                    Some('H') => {
                        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(1).max(1) - 1;
                        (row, column) = (next().min(SIZE.0 - 1), next());
                    }
                    Some('J') => cells.iter_mut().for_each(|line| line.fill(' ')),
                    _ => {}
                }
            }
            '\n' => (row, column) = ((row + 1).min(SIZE.0 - 1), 0),
            c if c.is_control() => {}
            c => {
                cells[row].get_mut(column).into_iter().for_each(|cell| *cell = c);
                column += 1;
            }
        }
    }
    cells.into_iter().map(|line| line.into_iter().collect::<String>().trim_end().to_owned() + "\n").collect()
}

/// As a word of a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl<'a> Screen<'a> {
    /// Runs it on a terminal of 80 × 24 whose settings are noted before and after.
    fn of(world: &'a World, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let typed = world.command(arguments);
        let words = [typed.get_program()].into_iter().chain(typed.get_args());
        let line = words.map(|word| quoted(word.to_str().unwrap())).collect::<Vec<_>>().join(" ");
        let [before, after] = ["before", "after"].map(|name| quoted(world.path(name).to_str().unwrap()));
        let line = format!(
            "stty cols 80 rows 24; stty -g > {before}; {line}; code=$?; stty -g > {after}; exit $code"
        );
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
        for (name, value) in typed.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        script.env("TERM", "xterm-256color").env_remove("NO_COLOR").envs(environment.iter().copied());
        let mut child =
            script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (keys, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let written = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = out.read(&mut piece) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..read]);
            }
        });
        Self { world, running: Running::of(child), keys, written }
    }

    /// What stands on the screen.
    fn shown(&self) -> String {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        shown(&String::from_utf8_lossy(&written))
    }

    /// Waits until these words stand on the screen.
    fn sees(&self, words: &str) {
        let start = Instant::now();
        wait_for(words, || {
            let shown = self.shown();
            assert!(start.elapsed() < PATIENCE / 4, "{words:?} is not shown:\n{shown}");
            shown.contains(words).then_some(())
        });
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Its end, after which the terminal is as it was; what the program said then.
    fn ends(self, code: i32) -> String {
        let Self { world, running, keys, written } = self;
        let Output { status, .. } = running.end();
        drop(keys);
        let text = wait_for("the last words", || {
            let text =
                String::from_utf8_lossy(&written.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
            text.contains("\u{1b}[?1049l").then_some(text)
        });
        assert_eq!(status.code(), Some(code), "{text:?}");
        let settings = |name| fs::read_to_string(world.path(name)).unwrap();
        assert_eq!(settings("before"), settings("after"), "the terminal's settings");
        let (_, rest) = text.rsplit_once("\u{1b}[?1049l").unwrap();
        assert!(rest.contains("\u{1b}[?25h"), "the cursor is there again: {rest:?}");
        rest.to_owned()
    }
}

/// The random part of an id, as tables show it.
fn short(id: &str) -> &str {
    id.rsplit('_').next().unwrap()
}

fn with_data(world: &World) {
    world.generate("EURUSD", "planted-edge", 400, 3);
    world.example("fx_pullback");
}

fn submitted(world: &World) -> String {
    world.submit(&["training", "run", "--strategy", "fx_pullback"]).remove(0)
}

fn is_paused(world: &World) -> bool {
    let queues: Value = world.json(&["queues", "list"])["queues"].clone();
    let paused = queues.as_array().unwrap().iter().filter(|queue| queue["paused"] == true);
    paused.count() == 1
}

fn a_job_is_seen_its_queue_paused_and_it_is_cancelled(engine: Engine) {
    let world = World::on(engine);
    with_data(&world);
    let mut screen = Screen::of(&world, &["top"], &[]);
    screen.sees("No operations match");
    let id = submitted(&world);
    screen.sees(short(&id));
    screen.press("p");
    screen.sees("ktrdr queues pause training");
    screen.press("y");
    wait_for("the pause", || is_paused(&world).then_some(()));
    screen.press("c");
    screen.sees(&format!("ktrdr operations cancel {id}"));
    screen.press("n");
    screen.press("?");
    screen.sees("these keys");
    assert_eq!(world.operation(&id)["status"], "pending", "no is no");
    screen.press("xc");
    screen.press("y");
    wait_for("the end", || (world.operation(&id)["status"] == "cancelled").then_some(()));
    screen.sees("is cancelled");
    screen.press("q");
    screen.ends(0);
}

on_each_engine!(a_job_is_seen_its_queue_paused_and_it_is_cancelled);

#[test]
fn over_a_server_it_says_that_nobody_answers_and_goes_on_by_itself() {
    let world = World::new();
    with_data(&world);
    let address = free_address();
    let served = |world: &World| Served::by(address.clone(), world.up(&["--listen", &address]));
    let first = served(&world);
    world.json(&["queues", "pause", "training"]);
    let url = format!("http://{address}");
    let mut screen = Screen::of(&world, &["--server", &url, "top"], &[("NO_COLOR", "1")]);
    screen.sees("Training jobs are paused");
    drop(first);
    screen.sees("trying again");
    let _second = served(&world);
    let id = submitted(&world);
    screen.sees(short(&id));
    screen.press("\r");
    screen.sees("why it waits");
    screen.press("q");
    screen.press("\u{3}");
    let written = screen.written.clone();
    screen.ends(130);
    let written = String::from_utf8_lossy(&written.lock().unwrap()).into_owned();
    assert!(!written.contains("\u{1b}[38;5;"), "a colour: {written:?}");
}

#[test]
fn whoever_ends_it_from_outside_leaves_the_terminal_as_it_was() {
    let world = World::new();
    with_data(&world);
    submitted(&world);
    for signal in ["-TERM", "-HUP"] {
        let screen = Screen::of(&world, &["top"], &[]);
        screen.sees("fx_pull");
        let typed = world.command(&["top"]);
        let words = [typed.get_program()].into_iter().chain(typed.get_args());
        let line = words.map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        // The whole line, so that neither the shell nor the terminal around it is meant.
        let ended = Command::new("pkill").args([signal, "--exact", "--full", &line]).status().unwrap();
        assert!(ended.success(), "{line}");
        screen.ends(130);
    }
}

#[test]
fn an_error_gives_the_terminal_back_and_is_said_there() {
    let world = World::new();
    with_data(&world);
    submitted(&world);
    let screen = Screen::of(&world, &["top"], &[]);
    screen.sees("fx_pull");
    for file in ["ktrdr.db", "ktrdr.db-wal", "ktrdr.db-shm"] {
        let _ = fs::remove_file(world.path(file));
    }
    let said = screen.ends(6);
    assert!(said.contains("error: "), "{said}");
}

#[test]
fn without_a_terminal_it_says_what_to_use_instead() {
    let world = World::new();
    world.refused_with(2, &["top"], &["top needs a terminal", "`ktrdr operations list`"]);
    world.refused_with(2, &["top", "--output", "json"], &["operations list --output json"]);
}

#[test]
fn where_there_is_nothing_to_retry_it_says_so_and_times_say_when() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 4_000, 3);
    let cycle = ["research", "run", "--local", "-s", "EURUSD", "-t", "1h", "-n", "1", "--campaign", "night"];
    world.json(&cycle);
    let mut screen = Screen::of(&world, &["top", "--time-format", "iso"], &[]);
    screen.sees("CREATED");
    screen.press("r");
    screen.sees("is not resumed: it ended");
    screen.press("2");
    screen.sees("OUT/MIN");
    screen.press("5");
    screen.sees("AT GATES");
    screen.press("q");
    screen.ends(0);
}
