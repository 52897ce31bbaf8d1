//! Nothing is ever lost: real processes of the real binary against a real RabbitMQ and a real Redis, faults at random
//! points, and an oracle that looks at everything afterwards.
//!
//! What happens comes from one seed; how it interleaves is up to the machine. The short form is part of every test
//! run; `scripts/chaos` runs the long one and prints what each fault did.
//!
//! | file | idea |
//! |---|---|
//! | `plan`, `jobs`, `fault` | what a run does, all of it from its seed |
//! | `arena`, `wire` | the world it happens in |
//! | `run`, `load`, `research`, `faults`, `poison_messages`, `fault_record` | clients and faults, at work |
//! | `aof_log`, `evidence`, `sightings` | what is known afterwards |
//! | `oracle`, `mutants` | what must be true then, and the test of that test |
//! | `table` | what it showed, fault by fault |
//! | `harm` | probes may break their worker here, and nowhere else |

mod aof_log;
mod arena;
mod evidence;
mod fault;
mod fault_record;
mod faults;
mod harm;
mod jobs;
mod load;
mod mutants;
mod oracle;
mod plan;
mod poison_messages;
mod research;
mod run;
mod sightings;
mod table;
mod wire;

use std::env;
use std::time::Duration;

use fault::Fault;
use plan::{Pace, Size};

/// What every test run tries.
fn short() -> Size {
    Size {
        seed: number("KTRDR_CHAOS_SEED").unwrap_or(1),
        jobs: 500,
        cycles: 0,
        window: Duration::from_secs(25),
        faults: vec![
            (Fault::KillWorker, 4),
            (Fault::FreezeWorker, 2),
            (Fault::KillCoordinator, 2),
            (Fault::KillOrchestrator, 1),
            (Fault::DeleteQueue, 1),
            (Fault::KillRedis, 2),
            (Fault::CutRedis, 2),
            (Fault::CutBroker, 2),
            (Fault::Duplicates, 2),
            (Fault::Purge, 2),
            (Fault::Foreign, 2),
            (Fault::Poison, 2),
            (Fault::CrashOnce, 3),
            (Fault::Cancel, 40),
        ],
        nodes: 1,
        workers: 3,
        slots: 16,
        coordinators: 1,
        orchestrators: 1,
        pace: Pace::QUICK,
    }
}

/// Everything, for as long as the environment asks.
fn long() -> Size {
    let jobs = number("KTRDR_CHAOS_JOBS").unwrap_or(10_000) as usize;
    let share = jobs as f64 / 10_000.0;
    let usual = |fault: Fault| (fault.times() as f64 * share).ceil() as usize;
    let faults = match env::var("KTRDR_CHAOS_FAULTS") {
        Ok(list) => fault::parse(&list, usual).unwrap_or_else(|why| panic!("KTRDR_CHAOS_FAULTS: {why}")),
        Err(_) => Fault::ALL.map(|fault| (fault, usual(fault))).to_vec(),
    };
    let seconds = number("KTRDR_CHAOS_SECONDS").unwrap_or_else(|| (900.0 * share).max(60.0) as u64);
    Size {
        seed: number("KTRDR_CHAOS_SEED").unwrap_or_else(|| fault_record::now_ms().unsigned_abs()),
        jobs,
        cycles: number("KTRDR_CHAOS_CYCLES").unwrap_or_else(|| (40.0 * share).ceil() as u64) as usize,
        window: Duration::from_secs(seconds),
        faults,
        nodes: number("KTRDR_CHAOS_NODES").unwrap_or(3) as usize,
        workers: 4,
        slots: 16,
        coordinators: 2,
        orchestrators: 2,
        pace: Pace::QUICK,
    }
}

/// Workers that are lost in one way while the fleet has its default settings, and nothing else.
fn default_pace(fault: Fault, times: usize) -> Size {
    let window = Duration::from_secs(150);
    Size { jobs: 1200, window, faults: vec![(fault, times)], workers: 4, pace: Pace::DEFAULT, ..short() }
}

/// From the fault until the last operation of a lost worker was claimed elsewhere, in milliseconds.
fn slowest_recovery(size: Size) -> Option<i64> {
    run::run(size).into_values().flat_map(|row| row.recoveries_ms).max()
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

#[test]
fn a_fleet_under_fire_loses_nothing_and_does_nothing_twice() {
    run::run(short());
}

#[test]
#[ignore = "takes many minutes: scripts/chaos"]
fn a_fleet_under_every_fire_for_long_loses_nothing_and_does_nothing_twice() {
    run::run(long());
}

#[test]
#[ignore = "takes minutes: scripts/chaos --default-pace"]
fn by_default_a_killed_workers_jobs_run_elsewhere_within_five_seconds() {
    let slowest = slowest_recovery(default_pace(Fault::KillWorker, 12));
    assert!(slowest.is_some_and(|ms| ms <= 5_000), "{slowest:?}");
}

/// The broker notices nothing of it, and may even hand messages to the worker that is frozen.
#[test]
#[ignore = "takes minutes: scripts/chaos --default-pace"]
fn by_default_a_frozen_workers_jobs_run_elsewhere_within_forty_seconds() {
    let slowest = slowest_recovery(default_pace(Fault::FreezeWorker, 4));
    assert!(slowest.is_some_and(|ms| ms <= 40_000), "{slowest:?}");
}
