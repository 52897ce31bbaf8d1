//! The world that is attacked: a workspace, on a fleet with servers of its own, and processes that are started again
//! whenever they end.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::plan::Plan;
use crate::processes::Process;
use crate::servers::Servers;
use crate::world::{Engine, World, wait_for};

/// The campaign that is compared with an undisturbed one.
pub(super) const CAMPAIGN: &str = "attacked";
/// Enough that a cycle takes a moment in which it can be hit.
const BARS: u32 = 20_000;

/// A fleet that notices a lost worker as soon as its settings allow.
const QUICK: [(&str, &str); 4] = [
    ("KTRDR_FLEET__LEASE", "6s"),
    ("KTRDR_FLEET__HEARTBEAT", "1s"),
    ("KTRDR_FLEET__SWEEP", "1s"),
    ("KTRDR_FLEET__REPUBLISH_AFTER", "5s"),
];

const ROLES: [&[&str]; 7] = [
    &["serve"],
    &["orchestrator"],
    &["worker", "design"],
    &["worker", "training"],
    &["worker", "training"],
    &["worker", "backtesting", "--slots", "2"],
    &["worker", "assessment"],
];

/// Fields are dropped in this order: processes before what they need.
pub(super) struct Arena {
    pub(super) processes: Vec<Process>,
    pub(super) world: World,
    pub(super) servers: Option<Servers>,
    logs: TempDir,
}

/// What is left when nobody works there any more.
pub(super) struct Deserted {
    pub(super) world: World,
    pub(super) servers: Option<Servers>,
    _logs: TempDir,
}

impl Arena {
    pub(super) fn build(engine: Engine) -> Self {
        let logs = TempDir::with_prefix("ktrdr-attack-").unwrap();
        let servers = (engine == Engine::Fleet).then(|| Servers::start(logs.path().join("servers"), 1));
        let world = match &servers {
            Some(servers) => QUICK
                .iter()
                .fold(World::on_fleet_of(servers), |world, (name, value)| world.with_setting(name, value)),
            None => World::new(),
        };
        furnish(&world);
        let roles: &[&[&str]] = if servers.is_some() { &ROLES } else { &[&["up"]] };
        let processes = roles.iter().enumerate().map(|(i, role)| {
            let log = logs.path().join(format!("{}-{i}.log", role.join("-")));
            Process::start(&role.join(" "), log, again(&world.command(role)))
        });
        Self { processes: processes.collect(), world, servers, logs }
    }

    /// Submits the campaign that will be attacked; its cycles.
    pub(super) fn submit(&self, plan: &Plan) -> Vec<String> {
        submit(&self.world, CAMPAIGN, plan.cycles, plan.seed)
    }

    /// Which process, of those that could be hit.
    pub(super) fn victim(&self, number: usize) -> &Process {
        &self.processes[number % self.processes.len()]
    }

    /// Which process, of those that run a job as soon as any does; of all of them when all work is done. The only process
    /// of the embedded engine is hit at any moment: some of them must come before it has begun.
    pub(super) fn victim_at_work(&self, number: usize) -> &Process {
        if self.processes.len() == 1 {
            return self.victim(number);
        }
        wait_for("a process that runs a job, or the end of all work", || {
            let active = self.world.json(&["operations", "list", "--active", "--limit", "1000"]);
            let rows = active["operations"].as_array().unwrap();
            let runs_one = |process: &&Process| {
                let mark = format!("-{}-", process.pid());
                rows.iter().any(|row| row["worker"].as_str().is_some_and(|boot| boot.contains(&mark)))
            };
            let at_work: Vec<&Process> = self.processes.iter().filter(runs_one).collect();
            match at_work.as_slice() {
                [] => rows.is_empty().then(|| self.victim(number)),
                at_work => Some(at_work[number % at_work.len()]),
            }
        })
    }

    pub(super) fn wait_until_idle(&self) {
        wait_for("everything to end", || {
            let active = self.world.json(&["operations", "list", "--active", "--limit", "1"]);
            (active["operations"] == serde_json::json!([])).then_some(())
        });
    }

    /// Where the processes' logs lie.
    pub(super) fn logs(&self) -> &Path {
        self.logs.path()
    }

    /// Ends every process as an operator would.
    pub(super) fn end_processes(self) -> Deserted {
        for process in self.processes {
            process.drain();
        }
        Deserted { world: self.world, servers: self.servers, _logs: self.logs }
    }
}

/// Bars that reward research, and nothing else.
pub(super) fn furnish(world: &World) {
    world.plant("EURUSD", 0.3, BARS, 3);
}

/// Submits a campaign, one cycle at a time, so that each can only learn from those before it.
pub(super) fn submit(world: &World, campaign: &str, cycles: u32, seed: u64) -> Vec<String> {
    let (cycles, seed) = (cycles.to_string(), seed.to_string());
    let run = ["research", "run", "-s", "EURUSD", "-t", "1h", "--in-flight", "1"];
    let which = ["--campaign", campaign, "--cycles", &cycles, "--seed", &seed];
    world.submit(&[&run[..], &which].concat())
}

/// The same command again and again.
fn again(command: &Command) -> impl Fn() -> Command + Send + 'static {
    let program = command.get_program().to_owned();
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let variables: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    move || {
        let mut command = Command::new(&program);
        command.args(&arguments);
        for (name, value) in &variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// The cycles of a campaign, in their order.
pub(super) fn cycles(world: &World, campaign: &str) -> Vec<Value> {
    let status = world.json(&["research", "status", "--campaign", campaign]);
    let mut cycles = status["cycles"].as_array().unwrap().clone();
    cycles.sort_by_key(|cycle| cycle["spec"]["index"].as_u64());
    cycles
}
