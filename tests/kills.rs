//! An engine that is killed at any moment, again and again: every cycle ends by its own merits, and what it finds out is what
//! it would have found out in peace.
//!
//! `KTRDR_KILLS=40 KTRDR_KILLED_CYCLES=30 KTRDR_KILLS_SEED=1 cargo test --workspace --test end_to_end -- --include-ignored
//! kills::` is the long form.

use std::env;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::crash::whole;
use crate::world::{Engine, Running, World, on_each_engine, shown, wait_for};

on_each_engine!(kills_while_a_training_runs_cost_its_cycle_nothing);

/// Few, so that a cycle takes a moment.
const BARS: u32 = 6_000;

fn number(variable: &str, otherwise: u64) -> u64 {
    env::var(variable)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

fn world(engine: Engine, bars: u32) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", bars, 3);
    world
}

fn campaign(world: &World, cycles: u64) -> Vec<String> {
    let cycles = cycles.to_string();
    let what = ["research", "run", "-s", "EURUSD", "-t", "1h", "--campaign", "kills", "--seed", "5"];
    world.submit(&[&what[..], &["--cycles", &cycles, "--in-flight", "1"]].concat())
}

/// What became of each cycle, without what two runs can not have in common: ids, and the version under which a model was
/// stored.
fn outcomes(world: &World, cycles: &[String]) -> Vec<Value> {
    let outcome = |id: &String| {
        let cycle = world.operation(id);
        let ended_well = cycle["status"] == "completed" || cycle["reason"] == "gate";
        assert!(ended_well, "{cycle}");
        let mut found = cycle["result"].clone();
        let ids = ["model", "backtest"].map(|id| found.as_object_mut().unwrap().remove(id));
        assert!(ids.iter().all(Option::is_some));
        json!([cycle["status"], cycle["reason"], cycle["error"], found])
    };
    cycles.iter().map(outcome).collect()
}

/// Whether it ended before this moment.
fn ended_within(engine: &mut Running, moment: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < moment {
        if engine.has_ended() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// Kills one engine after the other, each at some moment before its longest life is over; how many.
fn kill(world: &World, kills: u64, longest_life: Duration, seed: u64) -> u64 {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    for killed in 0..kills {
        let mut engine = world.start(&["up", "--until-idle"]);
        if ended_within(&mut engine, longest_life.mul_f64(dice.random_range(0.0..1.0))) {
            assert!(engine.end().status.success());
            return killed;
        }
        engine.signal("KILL");
        engine.end();
    }
    kills
}

#[test]
fn a_campaign_whose_engine_is_killed_at_any_moment_ends_as_in_peace() {
    ends_as_in_peace(Engine::Embedded, Duration::from_secs(1));
}

/// A fleet notices that a worker is gone after a few seconds: each process needs so long to be of any use.
#[test]
#[ignore = "takes minutes: the long form of this page"]
fn a_campaign_whose_fleet_is_killed_at_any_moment_ends_as_in_peace() {
    ends_as_in_peace(Engine::Fleet, Duration::from_secs(4));
}

fn ends_as_in_peace(engine: Engine, longest_life: Duration) {
    let (cycles, kills) = (number("KTRDR_KILLED_CYCLES", 8), number("KTRDR_KILLS", 15));
    let seed = number("KTRDR_KILLS_SEED", 1);
    let peaceful = world(Engine::Embedded, BARS);
    let undisturbed = campaign(&peaceful, cycles);
    assert!(peaceful.run(&["up", "--until-idle"]).status.success());

    let world = world(engine, BARS);
    let disturbed = campaign(&world, cycles);
    let killed = kill(&world, kills, longest_life, seed);
    let output = world.run(&["up", "--until-idle"]);
    assert!(output.status.success(), "{}", shown(&output));
    let rescued: u64 = world.operations().iter().filter_map(|o| o["rescues"].as_u64()).sum();
    eprintln!("killed {killed} times; {rescued} operations lost their engine");
    assert!(killed >= kills.min(4) && rescued > 0, "the campaign was over too soon to prove anything");
    whole(&world);
    assert_eq!(outcomes(&world, &disturbed), outcomes(&peaceful, &undisturbed), "KTRDR_KILLS_SEED={seed}");
}

fn kills_while_a_training_runs_cost_its_cycle_nothing(engine: Engine) {
    // Enough for trainings that take a while.
    let world = world(engine, 5 * BARS).with_setting("KTRDR_FLEET__TRIES_MAX", "19");
    let cycle = campaign(&world, 1).remove(0);
    let training = format!("{cycle}.training.1");
    for lost in 1..=3 {
        let engine = world.up(&[]);
        wait_for("the training to run", || {
            let listed = world.json(&["operations", "list", "--type", "training"]);
            let row = &listed["operations"][0];
            assert!(row["finished_at_ms"].is_null(), "over before it could be killed: {row}");
            (row["fence"] == lost && row["status"] == "running").then_some(())
        });
        engine.signal("KILL");
        engine.end();
    }
    assert!(world.run(&["up", "--until-idle"]).status.success());
    outcomes(&world, &[cycle]);
    let row = world.operation(&training);
    assert_eq!((row["tries_max"].as_u64(), row["rescues"].as_u64()), (Some(19), Some(3)), "{row}");
}
