//! What a hostile afternoon does to a workspace: a campaign runs while its processes are killed and frozen, its store is
//! filled, its output has nowhere to go and its folders hold what is no file; then an oracle of its own, which believes
//! only what the commands print, compares what was submitted with what ended, what was traded with what was counted, and
//! every outcome with that of the same campaign left in peace.
//!
//! What happens comes from one seed. The short form is part of every test run; `scripts/attack` runs the long one.
//!
//! | file | idea |
//! |---|---|
//! | `plan` | which faults, in which order, all of it from the seed |
//! | `arena` | the world it happens in, and its processes |
//! | `fault` | what each fault does, and what must be answered meanwhile |
//! | `outcome` | what a cycle came to, comparable between runs |
//! | `oracle` | what must be true when all is over |
//! | `emptied` | the last fault: a store that has forgotten everything |

mod arena;
mod emptied;
mod fault;
mod oracle;
mod outcome;
mod plan;

use std::env;
use std::time::{Duration, Instant};

use crate::world::Engine;
use arena::Arena;
use oracle::Oracle;
use plan::{Plan, Size};

/// How long an attack may take in all, the servers' start included.
const OVER_WITHIN: Duration = Duration::from_secs(280);

/// What every test run tries.
const SHORT: Size = Size { cycles: 6, kills: 8, others: 1 };
/// What `scripts/attack` tries.
const LONG: Size = Size { cycles: 30, kills: 40, others: 4 };

fn seed() -> u64 {
    let given = env::var("KTRDR_ATTACK_SEED").ok();
    given.map_or(1, |text| text.parse().expect("KTRDR_ATTACK_SEED is a number"))
}

/// Attacks a campaign on an engine, and fails with everything that was not as promised.
fn attack(engine: Engine, size: Size) {
    let start = Instant::now();
    let plan = Plan::of(size, seed(), engine);
    eprintln!("attack on {engine:?} with seed {}: {}", plan.seed, plan.summary());
    let undisturbed = outcome::undisturbed(&plan);
    let arena = Arena::build(engine);
    let mut oracle = Oracle::default();
    let campaign = arena.submit(&plan);
    for planned in &plan.faults {
        planned.inject(&arena, &mut oracle);
        assert!(start.elapsed() < OVER_WITHIN, "still injecting faults after {OVER_WITHIN:?}");
    }
    let injected = start.elapsed();
    arena.wait_until_idle();
    oracle.judge(&arena, &campaign, &undisturbed);
    let world = arena.end_processes();
    emptied::judge(&world, &mut oracle);
    let complaints = oracle.complaints();
    let took = start.elapsed();
    eprintln!(
        "{:.1} s in all, quiet {:.1} s after the last fault",
        took.as_secs_f64(),
        (took - injected).as_secs_f64()
    );
    assert!(complaints.is_empty(), "broken promises with seed {}: {complaints:#?}", plan.seed);
}

#[test]
fn a_campaign_on_the_embedded_engine_survives_an_attack() {
    attack(Engine::Embedded, SHORT);
}

#[test]
fn a_campaign_on_the_fleet_survives_an_attack() {
    attack(Engine::Fleet, SHORT);
}

#[test]
#[ignore = "takes minutes: scripts/attack"]
fn a_long_attack_on_the_embedded_engine() {
    attack(Engine::Embedded, LONG);
}

#[test]
#[ignore = "takes minutes: scripts/attack"]
fn a_long_attack_on_the_fleet() {
    attack(Engine::Fleet, LONG);
}
