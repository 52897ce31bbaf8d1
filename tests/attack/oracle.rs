//! What must be true when an attack is over. It believes only what the commands print, and its own list of what was
//! submitted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::arena::{Arena, CAMPAIGN, cycles};
use super::outcome::outcome;
use crate::differences::differences;
use crate::world::World;

/// What an operation's history calls its end.
const ENDS: [&str; 3] = ["completed", "failed", "cancelled"];

/// What was submitted and cancelled, and every promise found broken.
#[derive(Default)]
pub(super) struct Oracle {
    submitted: Vec<String>,
    cancelled: Vec<String>,
    complaints: Vec<String>,
}

impl Oracle {
    /// Complains unless something holds.
    pub(super) fn unless(&mut self, holds: bool, complaint: impl FnOnce() -> String) {
        if !holds {
            self.complaints.push(complaint());
        }
    }

    /// These were accepted: they have to end.
    pub(super) fn submitted(&mut self, ids: Vec<String>) {
        self.submitted.extend(ids);
    }

    /// This campaign was cancelled.
    pub(super) fn cancelled(&mut self, campaign: String) {
        self.cancelled.push(campaign);
    }

    pub(super) fn complaints(self) -> Vec<String> {
        self.complaints
    }

    /// Looks at everything, once nothing moves any more.
    pub(super) fn judge(&mut self, arena: &Arena, campaign: &[String], undisturbed: &[Value]) {
        let world = &arena.world;
        self.submitted(campaign.to_vec());
        let rows = world.operations();
        let losses: u64 = rows.iter().filter_map(|row| row["rescues"].as_u64()).sum();
        eprintln!("jobs lost their worker {losses} times");
        self.unless(losses > 0, || "no fault hit a job: nothing was tried".into());
        self.everything_submitted_has_ended(&rows);
        self.everything_ended_once(world, &rows);
        self.every_look_is_counted_once(world, &rows);
        self.outcomes_are_those_of_an_undisturbed_run(world, undisturbed);
        self.cancelled_campaigns_are_over(world);
        self.unless(no_panic(arena), || format!("a process panicked: see {}", arena.logs().display()));
    }

    fn everything_submitted_has_ended(&mut self, rows: &[Value]) {
        let ended: BTreeSet<&str> = rows
            .iter()
            .filter(|row| !row["finished_at"].is_null())
            .filter_map(|row| row["id"].as_str())
            .collect();
        for id in self.submitted.clone() {
            self.unless(ended.contains(id.as_str()), || format!("{id} was accepted and never ended"));
        }
    }

    fn everything_ended_once(&mut self, world: &World, rows: &[Value]) {
        let of_the_campaign = |row: &&Value| row["campaign"] == CAMPAIGN;
        for row in rows.iter().filter(of_the_campaign) {
            let id = row["id"].as_str().unwrap();
            let events = world.json(&["operations", "events", id]);
            let ends = events["events"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|event| ENDS.iter().any(|end| event["what"] == *end));
            let ends = ends.count();
            self.unless(ends == 1, || format!("{id} ended {ends} times"));
        }
    }

    fn every_look_is_counted_once(&mut self, world: &World, rows: &[Value]) {
        let listed = world.json(&["ledger", "trials"]);
        let mut trials: BTreeMap<&str, usize> = BTreeMap::new();
        for trial in listed["trials"].as_array().unwrap() {
            *trials.entry(trial["operation"].as_str().unwrap()).or_default() += 1;
        }
        for backtest in rows.iter().filter(|row| row["type"] == "backtesting") {
            let id = backtest["id"].as_str().unwrap();
            let counted = trials.remove(id).unwrap_or_default();
            // One that did not complete may have been counted before it was cut off, or not have begun.
            let is_right = if backtest["status"] == "completed" { counted == 1 } else { counted <= 1 };
            self.unless(is_right, || format!("{id} ({}) is counted {counted} times", backtest["status"]));
        }
        self.unless(trials.is_empty(), || format!("trials of backtests that do not exist: {trials:?}"));
    }

    fn outcomes_are_those_of_an_undisturbed_run(&mut self, world: &World, undisturbed: &[Value]) {
        let attacked: Vec<Value> = cycles(world, CAMPAIGN).iter().map(outcome).collect();
        self.unless(attacked.len() == undisturbed.len(), || {
            format!("{} cycles of {}", attacked.len(), undisturbed.len())
        });
        for (i, (attacked, undisturbed)) in attacked.iter().zip(undisturbed).enumerate() {
            let differences = differences(attacked, undisturbed);
            self.unless(differences.is_empty(), || {
                format!("cycle {i} came to something else: {differences:#?}")
            });
        }
    }

    fn cancelled_campaigns_are_over(&mut self, world: &World) {
        for name in self.cancelled.clone() {
            let cycles = cycles(world, &name);
            let count = |status: &str| cycles.iter().filter(|cycle| cycle["status"] == status).count();
            self.unless(count("cancelled") > 0, || format!("nothing of {name} was cancelled"));
            let active = count("pending") + count("running");
            self.unless(active == 0, || format!("{active} cycles of {name} go on after it was cancelled"));
        }
    }
}

fn no_panic(arena: &Arena) -> bool {
    let logs = std::fs::read_dir(arena.logs()).unwrap().map(|entry| entry.unwrap().path());
    logs.filter(|path| path.is_file()).all(|log| !std::fs::read_to_string(log).unwrap().contains("panicked"))
}
