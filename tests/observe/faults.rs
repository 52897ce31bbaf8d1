//! A fleet is left alone, then broken in one way after the other: what fires, and what clears.

use std::time::{Duration, Instant};

use ktrdr_fabric::losses::LOSSES_PER_TRY;

use super::examples::all_lead_to_traces;
use super::expressions::all_answer;
use super::fleet::{COORDINATOR, Fleet, hasty};
use super::prometheus::Prometheus;
use crate::collector::{Collector, Manner};
use crate::traces::ENDPOINT;
use crate::world::{Engine, World, wait_for};

/// A process for each role.
const ROLES: [&[&str]; 7] = [
    &["serve"],
    &["orchestrator"],
    &["worker", "design"],
    &["worker", "training", "--slots", "1"],
    &["worker", "backtesting"],
    &["worker", "assessment"],
    &["worker", "data"],
];

/// The worker that trains.
const TRAINER: usize = 3;

/// Most series that a process tells, whatever it is and whatever was done.
const SERIES_MAX: f64 = 400.0;

/// What an alert may take to fire or to clear: the longest time of a hastened rule, or the longest window, and the work of a
/// machine that other tests share.
const WITHIN: Duration = Duration::from_secs(45);

/// They tell of the machine, which other tests keep busy, not of the fleet.
const OF_THE_MACHINE: [&str; 2] = ["KtrdrStoreSlow", "KtrdrProcessDown"];

const TRAIN: [&str; 4] = ["training", "run", "--strategy", "long"];

#[test]
fn alerts_fire_when_a_fleet_is_broken_clear_when_it_is_mended_and_are_silent_before() {
    let collector = Collector::start(Manner::Takes);
    let world = hasty(World::on(Engine::Fleet)).with_setting(ENDPOINT, &collector.url());
    world.generate("GBPUSD", "planted-edge", 5_000, 3);
    // Enough for a training that takes minutes.
    world.generate("EURUSD", "planted-edge", 20_000, 3);
    world.example_of_epochs("long", 10_000);
    let mut fleet = Fleet::start(world, &ROLES);
    let prometheus = Prometheus::scraping(&fleet.addresses);
    wait_for("everybody", || (prometheus.number("sum(up)") == Some(7.0)).then_some(()));
    prometheus.wait_until_clear(&["KtrdrCoordinatorAbsent", "KtrdrOrchestratorAbsent"], WITHIN);
    nothing_fires_while_cycles_go_on(&fleet, &prometheus);
    all_answer(&prometheus);
    all_lead_to_traces(&prometheus, &collector);
    a_paused_queue_and_a_job_that_kills_its_workers(&mut fleet, &prometheus);
    a_dead_coordinator_and_a_budget_that_is_nearly_spent(&mut fleet, &prometheus);
    let series = prometheus.number("max(max_over_time(scrape_samples_scraped[1h]))").unwrap();
    assert!(series <= SERIES_MAX, "{series}");
}

fn nothing_fires_while_cycles_go_on(fleet: &Fleet, prometheus: &Prometheus) {
    let begun = Instant::now();
    let night = ["research", "run", "--wait", "--symbol", "GBPUSD", "--timeframe", "1h"];
    fleet.world.json(&[&night[..], &["--cycles", "3", "--seed", "5"]].concat());
    // Somebody changes their mind.
    let unwanted = fleet.world.submit(&TRAIN).remove(0);
    wait_for("the training", || (fleet.world.operation(&unwanted)["status"] == "running").then_some(()));
    fleet.world.json(&["operations", "cancel", &unwanted, "--reason", "enough"]);
    fleet.ask_api("/api/v1/operations");
    let cycles = || prometheus.number("sum(agent_cycles_total)");
    wait_for("the cycles' figures", || (cycles() >= Some(3.0)).then_some(()));
    let fired = prometheus.fired_within(begun.elapsed().as_secs().max(1));
    let fired: Vec<_> = fired.iter().filter(|alert| !OF_THE_MACHINE.contains(&alert.as_str())).collect();
    assert!(fired.is_empty(), "{fired:?} fired while all was well");
}

/// Designs are paused, and a night is over before they are resumed; a training loses as many workers as cost it its only try.
fn a_paused_queue_and_a_job_that_kills_its_workers(fleet: &mut Fleet, prometheus: &Prometheus) {
    fleet.world.json(&["queues", "pause", "agent_design"]);
    let schedule =
        ["schedules", "create", "nightly", "--cron", "30 1 29 2 *", "--tz", "UTC", "--max-time", "5s"];
    let night = ["--symbol", "GBPUSD", "--timeframe", "1h", "--cycles", "1", "--anyway", "a test"];
    fleet.world.json(&[&schedule[..], &night].concat());
    fleet.world.json(&["schedules", "trigger", "nightly"]);
    let doomed = fleet.world.submit(&TRAIN).remove(0);
    for attempt in 1..=LOSSES_PER_TRY {
        let runs = |world: &World| (world.operation(&doomed)["fence"] == attempt).then_some(());
        wait_for("the training", || runs(&fleet.world));
        fleet.kill(TRAINER);
        if attempt < LOSSES_PER_TRY {
            fleet.play(TRAINER, &[]);
        }
    }
    let cycle =
        ["research", "run", "--symbol", "GBPUSD", "--timeframe", "1h", "--cycles", "1", "--seed", "6"];
    fleet.world.submit(&cycle);
    let waiting = fleet.world.submit(&TRAIN).remove(0);
    let broken = [
        "KtrdrQueuePaused",
        "KtrdrWorkerLost",
        "KtrdrQueueWithoutWorker",
        "KtrdrDeadLetters",
        "KtrdrScheduleTrouble",
        "KtrdrProcessDown",
    ];
    prometheus.wait_until_fired(&broken, WITHIN);
    fleet.world.json(&["queues", "resume", "agent_design"]);
    fleet.world.json(&["operations", "cancel", &waiting, "--reason", "enough"]);
    fleet.world.json(&["dead-letters", "drop", &doomed]);
    fleet.play(TRAINER, &[]);
    // A later night ends well.
    fleet.world.json(&["schedules", "trigger", "nightly"]);
    prometheus.wait_until_clear(&broken, WITHIN);
}

fn a_dead_coordinator_and_a_budget_that_is_nearly_spent(fleet: &mut Fleet, prometheus: &Prometheus) {
    let spent = prometheus.number("max(agent_budget_spent_today)").unwrap();
    fleet.kill(COORDINATOR);
    prometheus.wait_until_fired(&["KtrdrCoordinatorAbsent"], WITHIN);
    let nearly = format!("${:.6}", spent * 1.05);
    fleet.play(COORDINATOR, &[("KTRDR_BUDGET__DAY__MONEY", &nearly)]);
    prometheus.wait_until_clear(&["KtrdrCoordinatorAbsent"], WITHIN);
    prometheus.wait_until_fired(&["KtrdrBudgetNearlySpent"], WITHIN);
    fleet.drain(COORDINATOR);
    fleet.play(COORDINATOR, &[]);
    prometheus.wait_until_clear(&["KtrdrBudgetNearlySpent", "KtrdrCoordinatorAbsent"], WITHIN);
}
