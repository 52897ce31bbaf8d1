//! Random interleavings of everything that can go wrong, against an oracle of the invariants I1 to I9.
//!
//! Real: the engine. Modelled: a broker that loses, doubles and reorders; four workers that crash, stall past their
//! lease, go on although they were fenced, repeat calls and lose acknowledgements; two relays that die between
//! publishing and removing; two orchestrators that die before and after they advance; two sweepers; someone who
//! cancels, one or many. Every call to the engine is atomic, so an interleaving is an order of calls: one seed, one order.
//!
//! `KTRDR_INTERLEAVINGS=100000 cargo test --release -p ktrdr-fabric --test interleavings` runs more of them;
//! `KTRDR_SEED=<seed>` replays the one that a failure names.

// The tally is what a long run is for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod actors;
#[path = "../redis/clock.rs"]
mod clock;
mod dice;
#[path = "../../../fabric/tests/support/layer.rs"]
mod layer;
mod mutants;
mod oracle;
mod redis;
mod scenario;
#[path = "../redis/server.rs"]
mod server;
mod sqlite;
mod world;

use std::env;

use mutants::Mutant;
use oracle::{Tally, Violation};
use scenario::Scenario;
use tokio::runtime::Runtime;
use world::{Subject, World};

/// Interleavings in one engine, before a fresh one keeps it small.
const PER_ENGINE: u64 = 500;

/// How an engine is made.
type MakeSubject = fn(&Runtime) -> Subject;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// Runs seeds one after another: the first that breaks something and what it breaks, and how often what happened.
fn play(
    subject: MakeSubject,
    seeds: impl Iterator<Item = u64>,
    mutant: Option<Mutant>,
) -> (Option<(u64, Vec<Violation>)>, Tally) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut world = World::new(subject(&runtime), mutant);
    let mut tally = Tally::new();
    for (i, seed) in (1..).zip(seeds) {
        let oracle = runtime.block_on(Scenario::run(&world, seed));
        oracle.tally.into_iter().for_each(|(what, times)| *tally.entry(what).or_default() += times);
        if !oracle.violations.is_empty() {
            return (Some((seed, oracle.violations)), tally);
        }
        if i % PER_ENGINE == 0 {
            world = World::new(subject(&runtime), mutant);
        }
    }
    (None, tally)
}

fn the_invariants_hold(subject: MakeSubject, few: u64) {
    let replayed = number("KTRDR_SEED");
    let seeds = match replayed {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("KTRDR_INTERLEAVINGS").unwrap_or(few),
    };
    let (violation, tally) = play(subject, seeds, None);
    if let Some((seed, violations)) = violation {
        panic!("KTRDR_SEED={seed} replays this: {violations:#?}");
    }
    println!("{tally:#?}");
    let unseen: Vec<_> = HAPPENS.iter().filter(|what| !tally.contains_key(*what)).collect();
    assert!(replayed.is_some() || unseen.is_empty(), "the scenarios are too tame: {unseen:?} never happened");
}

/// What the scenarios are for: a run in which one of these never happens proves nothing about it.
const HAPPENS: [&str; 24] = [
    "a worker crashed",
    "a message was lost",
    "a message was doubled",
    "a relay died before it removed what it published",
    "a claim found a lease",
    "a claim found an end",
    "a holder was suspected",
    "a beat was fenced",
    "a finish was refused",
    "a finish was repeated",
    "a finish gave the try back",
    "an advance was stale",
    "an advance had decided wrongly",
    "an orchestrator died",
    "a cancel was done at once",
    "a cancel came too late",
    "a campaign was cancelled in part",
    "a group was cancelled",
    "a lease was rescued",
    "a retry came due",
    "something was published again",
    "attempts were exhausted",
    "a lost operation waited",
    "a loss cost a try",
];

/// The test of the test: without this guard the oracle must complain, and about the right thing.
fn is_caught(subject: MakeSubject, mutant: Mutant, as_one_of: &[&str]) {
    let (seed, violations) = play(subject, 1..2000, Some(mutant)).0.expect("the mutant lives");
    let caught = violations.iter().any(|violation| as_one_of.contains(&violation.invariant));
    assert!(caught, "seed {seed} catches it as something else: {violations:#?}");
}

/// All of it for one engine; `few` is how many interleavings an ordinary test run tries.
macro_rules! interleavings {
    ($engine:ident: $subject:expr, few: $few:expr) => {
        mod $engine {
            use crate::mutants::Mutant;
            use crate::{is_caught, the_invariants_hold};

            #[test]
            fn the_invariants_hold_in_every_interleaving() {
                the_invariants_hold($subject, $few);
            }

            #[test]
            fn a_finish_that_checks_no_fence_is_caught() {
                is_caught($subject, Mutant::NoFence, &["I5"]);
            }

            #[test]
            fn a_finish_that_checks_no_status_is_caught() {
                // Of an attempt whose worker was counted as lost, the try was given back. A row that ends twice is listed twice.
                is_caught($subject, Mutant::NoStatus, &["I3", "I4", "tries", "list"]);
            }

            #[test]
            fn an_advance_that_checks_no_waiting_child_is_caught() {
                is_caught($subject, Mutant::NoWaiting, &["I6"]);
            }

            #[test]
            fn an_advance_that_trusts_the_event_is_caught() {
                is_caught($subject, Mutant::TrustTheEvent, &["I8"]);
            }

            #[test]
            fn a_store_that_publishes_nothing_again_is_caught() {
                is_caught($subject, Mutant::NoRepublish, &["stuck"]);
            }

            #[test]
            fn a_sweep_that_rescues_no_lapsed_lease_is_caught() {
                is_caught($subject, Mutant::NoLeaseSweep, &["stuck"]);
            }

            #[test]
            fn a_loss_that_makes_nobody_wait_is_caught() {
                is_caught($subject, Mutant::NoBackOff, &["back-off"]);
            }

            #[test]
            fn a_loss_that_always_costs_a_try_is_caught() {
                is_caught($subject, Mutant::Unforgiving, &["tries"]);
            }

            #[test]
            fn a_claim_that_raises_no_fence_is_caught() {
                is_caught($subject, Mutant::SameFence, &["history"]);
            }

            #[test]
            fn an_end_of_a_root_that_starts_no_other_is_caught() {
                is_caught($subject, Mutant::NoNextInLane, &["I9"]);
            }

            #[test]
            fn a_generation_that_does_not_wait_for_those_before_it_is_caught() {
                is_caught($subject, Mutant::NoGenerations, &["I10"]);
            }

            #[test]
            fn lanes_that_go_on_while_their_campaign_is_being_cancelled_are_caught() {
                is_caught($subject, Mutant::LanesGoOn, &["group"]);
            }
        }
    };
}

interleavings!(sqlite_store: |_| crate::sqlite::subject(), few: 600);
interleavings!(redis_store: crate::redis::subject, few: 400);
