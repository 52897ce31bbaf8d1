//! A14: every role is killed in the middle of a cycle, and another process goes on.

use std::process::Command;

use serde_json::{Value, json};

use super::book::{Chapter, Seen};
use super::cycle::PHASES;
use crate::api::client::free_address;
use crate::claude;
use crate::processes::Process;
use crate::world::{Engine, World, wait_for};

pub(super) fn row(chapter: &mut Chapter, engine: Engine) {
    let world = claude::open_gates(World::on(engine));
    // Whoever is killed is missed sooner than usual.
    let pace =
        [("KTRDR_FLEET__LEASE", "10s"), ("KTRDR_FLEET__HEARTBEAT", "1s"), ("KTRDR_FLEET__SWEEP", "1s")];
    let world = pace.into_iter().fold(world, |world, (name, value)| world.with_setting(name, value));
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    chapter.row("A14", |seen| in_every_phase(&world, engine, seen));
}

/// The roles of an engine, one process each, each started again when it ends.
fn roles(world: &World, engine: Engine) -> Vec<Process> {
    let address = free_address();
    let roles: &[&[&str]] = match engine {
        Engine::Embedded => &[&["up", "--listen", &address]],
        Engine::Fleet => &[&["serve", "--listen", &address], &["orchestrator"], &["worker", "all"]],
    };
    let start = |arguments: &&[&str]| {
        let again = copy_of(&world.command(arguments));
        Process::start(arguments[0], world.path(&format!("{}.log", arguments[0])), move || copy_of(&again))
    };
    roles.iter().map(start).collect()
}

/// The same command once more.
fn copy_of(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => copy.env(name, value),
            None => copy.env_remove(name),
        };
    }
    copy
}

fn in_every_phase(world: &World, engine: Engine, seen: &mut Seen) {
    let roles = roles(world, engine);
    PHASES.iter().for_each(|(_, kind)| drop(world.json(&["queues", "pause", kind])));
    let started = world.json(&["agent", "trigger", "--symbol", "EURUSD", "--timeframe", "1h"]);
    let id = started["operation"].as_str().unwrap();
    let mut killed = Vec::new();
    for (phase, kind) in PHASES {
        wait_for(phase, || (world.operation(id)["phase"] == phase).then_some(()));
        // The training is killed while it runs, the other jobs before they begin.
        let runs_first = phase == "training";
        if runs_first {
            world.json(&["queues", "resume", kind]);
            wait_for("the training", || begun(&world.operation(&format!("{id}.{kind}.1"))));
        }
        for role in &roles {
            role.signal("KILL");
            killed.push(role.name.clone());
        }
        if !runs_first {
            world.json(&["queues", "resume", kind]);
        }
    }
    let row = wait_for("the end", || Some(world.operation(id)).filter(|row| !row["finished_at"].is_null()));
    assert_eq!(row["status"], "completed", "{}", row["error"]);
    let children = world.json(&["operations", "status", id])["children"].clone();
    let mut kinds: Vec<&str> =
        children.as_array().unwrap().iter().map(|c| c["type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["agent_assessment", "agent_design", "backtesting", "training"]);
    assert!(children.as_array().unwrap().iter().all(|child| child["status"] == "completed"), "{children}");
    let trials = world.json(&["ledger", "trials"])["trials"].clone();
    assert_eq!(trials.as_array().unwrap().len(), 1, "{trials}");
    assert_eq!(world.json(&["operations", "list", "--active"])["operations"], json!([]));
    let rescues: u64 =
        children.as_array().unwrap().iter().filter_map(|child| child["rescues"].as_u64()).sum();
    seen.note(format!(
        "{} kills of {} processes, {rescues} jobs rescued; completed with four jobs and one look",
        killed.len(),
        roles.len()
    ));
}

/// It runs, or has ended meanwhile.
fn begun(row: &Value) -> Option<()> {
    (!row["started_at"].is_null()).then_some(())
}
