//! What each fault does, and what must be answered meanwhile.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::arena::{Arena, submit};
use super::oracle::Oracle;
use super::plan::FROZEN;
use crate::world::Engine;

/// Whatever a person types is answered within this time, or refused.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// How often to look whether a command has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// What the shell's tools and ours call a file that could not be written.
const FILES: i32 = 9;
/// One of so many faults, if it is a kill, hits whomever it hits; the others are aimed at a process that runs a job.
const UNAIMED_EVERY: usize = 4;
/// Cycles of a campaign that is submitted only to be cancelled.
const CANCELLED_CYCLES: u32 = 20;

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// SIGKILL to one process.
    Kill,
    /// SIGKILL to all of them.
    KillAll,
    /// One process stands still until its lease is over, and then goes on.
    Freeze,
    /// Answers are written to a device that is full.
    FullOutput,
    /// A pipe lies where bars and strategies lie.
    Pipe,
    /// A campaign is submitted beside, and cancelled.
    CancelCampaign,
    /// The store takes nothing more, for a while.
    FullStore,
}

/// One fault of an attack.
#[derive(Debug)]
pub(super) struct PlannedFault {
    /// Its place in the attack.
    pub(super) number: usize,
    pub(super) fault: Fault,
    /// Since the fault before.
    pub(super) after: Duration,
    /// Which of those that could be hit, modulo their number.
    pub(super) victim: usize,
}

impl Fault {
    /// Every fault but the plain kill.
    pub(super) const OTHERS: [Self; 6] =
        [Self::KillAll, Self::Freeze, Self::FullOutput, Self::Pipe, Self::CancelCampaign, Self::FullStore];

    /// SQLite is full when the disk is: not something to do to the machine that tests.
    pub(super) fn is_possible_on(self, engine: Engine) -> bool {
        self != Self::FullStore || engine == Engine::Fleet
    }
}

impl PlannedFault {
    /// Waits for its time and does it.
    pub(super) fn inject(&self, arena: &Arena, oracle: &mut Oracle) {
        thread::sleep(self.after);
        match self.fault {
            Fault::Kill => {
                let is_aimed = !self.number.is_multiple_of(UNAIMED_EVERY);
                let victim =
                    if is_aimed { arena.victim_at_work(self.victim) } else { arena.victim(self.victim) };
                victim.signal("KILL");
            }
            Fault::KillAll => arena.processes.iter().for_each(|process| {
                process.signal("KILL");
            }),
            Fault::Freeze => {
                let victim = arena.victim(self.victim);
                victim.signal("STOP");
                thread::sleep(FROZEN);
                // One that was dying has been replaced meanwhile; its successor minds no CONT.
                victim.signal("CONT");
            }
            Fault::FullOutput => write_to_a_full_device(arena, oracle),
            Fault::Pipe => lay_pipes(arena, oracle),
            Fault::CancelCampaign => cancel_a_campaign(arena, oracle, self.number),
            Fault::FullStore => fill_the_store(arena, oracle),
        }
    }
}

fn write_to_a_full_device(arena: &Arena, oracle: &mut Oracle) {
    let readers: [&[&str]; 4] = [
        &["operations", "list"],
        &["research", "status", "--output", "json"],
        &["operations", "list", "--output", "jsonl"],
        &["data", "list"],
    ];
    for arguments in readers {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = arena.world.command(arguments);
        let ended = answered(command.stdout(full).stderr(Stdio::null()));
        let code = ended.and_then(|(status, _)| status.code());
        oracle.unless(code == Some(FILES), || format!("{arguments:?} > /dev/full ended with {code:?}"));
    }
}

fn lay_pipes(arena: &Arena, oracle: &mut Oracle) {
    let pipes = ["data/PIPE_1d.csv", "strategies/pipe.yaml"].map(|name| arena.world.path(name));
    std::fs::create_dir_all(pipes[1].parent().unwrap()).unwrap();
    for pipe in &pipes {
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    let series = ["--symbol", "PIPE", "--timeframe", "1d"];
    let refused: [&[&str]; 2] =
        [&[&["data", "check"], &series[..]].concat(), &[&["research", "run"], &series[..]].concat()];
    for arguments in refused {
        let code = code_of(arena, arguments);
        oracle.unless(code.is_some_and(|code| code > 0), || {
            format!("{arguments:?} of a pipe ended with {code:?}")
        });
    }
    for arguments in [["strategies", "list"], ["data", "list"]] {
        let code = code_of(arena, &arguments);
        oracle.unless(code.is_some(), || format!("{arguments:?} beside a pipe was not answered"));
    }
    pipes.iter().for_each(|pipe| std::fs::remove_file(pipe).unwrap());
}

fn cancel_a_campaign(arena: &Arena, oracle: &mut Oracle, number: usize) {
    let name = format!("cancelled-{number}");
    oracle.submitted(submit(&arena.world, &name, CANCELLED_CYCLES, 1));
    let code = code_of(arena, &["campaign", "cancel", &name, "--yes"]);
    oracle.unless(code == Some(0), || format!("campaign cancel {name} ended with {code:?}"));
    oracle.cancelled(name);
}

fn fill_the_store(arena: &Arena, oracle: &mut Oracle) {
    let servers = arena.servers.as_ref().unwrap();
    servers.redis_cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let read = code_of(arena, &["operations", "list"]);
    let submitted = code_of(arena, &["research", "run", "-s", "EURUSD", "-t", "1h"]);
    let doctor = answered(arena.world.command(&["doctor"]).stderr(Stdio::null()).stdout(Stdio::piped()));
    servers.redis_cli(&["CONFIG", "SET", "maxmemory", "0"]);
    oracle.unless(read == Some(0), || format!("with a full store, operations list ended with {read:?}"));
    oracle.unless(submitted.is_some_and(|code| code > 0), || {
        format!("with a full store, research run ended with {submitted:?}")
    });
    let said = doctor.map(|(_, said)| said).unwrap_or_default();
    oracle.unless(said.contains("full"), || format!("with a full store, doctor said {said:?}"));
}

/// Exit code of a command whose words do not matter; `None` when it was not answered.
fn code_of(arena: &Arena, arguments: &[&str]) -> Option<i32> {
    let mut command = arena.world.command(arguments);
    answered(command.stdout(Stdio::null()).stderr(Stdio::null()))?.0.code()
}

/// Runs a command to its end: how it ended, and its piped stdout. `None`: it had to be killed.
fn answered(command: &mut Command) -> Option<(ExitStatus, String)> {
    let mut child = command.spawn().unwrap();
    let status = ended(&mut child)?;
    let mut said = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut said).unwrap();
    }
    Some((status, said))
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    let deadline = Instant::now() + ANSWERED_WITHIN;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(LOOK_EVERY);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}
