//! The broker goes away and comes back, and is short of memory: on servers of the test's own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::TRAIN;
use super::faces::{Crew, Faces};
use super::furnished;
use crate::servers::Servers;
use crate::world::{World, ms, wait_for};

/// From the broker's return to the next job's start, by the row: a look a second, and connecting; less than the most that a back-off
/// of before came to, which was 11 s.
const WITHIN: Duration = Duration::from_secs(10);

#[test]
fn a_broker_that_is_down_is_said_to_be_by_all_and_work_goes_on_soon_after_it_is_back() {
    let folder = TempDir::with_prefix("ktrdr-servers-").unwrap();
    let servers = Servers::start(folder.path().join("servers"), 1);
    let world = furnished(World::on_fleet_of(&servers));
    let crew = Crew::serving(&world, &[&["orchestrator"], &["worker", "training", "--slots", "1"]]);
    servers.stop_broker();
    let id = world.submit(&TRAIN).remove(0);
    let told = Faces::of(&world).with_api(&crew).about(&id).agree_on("broker_gone");
    assert_eq!(told.doctor_exit, 1, "{told:?}");
    for other in ["no_coordinator", "no_worker", "not_relayed", "unknown"] {
        assert!(!told.says(other), "{other} is a consequence: {told:?}");
    }
    // Long enough that a back-off would have grown to its most.
    wait_for("a long outage", || {
        let health = world.json(&["health"]);
        let gone = health["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .find(|reason| reason["why"] == "broker_gone")
            .unwrap();
        let since = UNIX_EPOCH + Duration::from_millis(ms(&gone["since"]).unsigned_abs());
        (since.elapsed().unwrap_or_default() > Duration::from_secs(25)).then_some(())
    });
    servers.start_broker();
    let back = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let started = wait_for("the training", || {
        let at = world.operation(&id)["started_at"].clone();
        at.is_string().then(|| ms(&at).unsigned_abs())
    });
    let took = Duration::from_millis(started).saturating_sub(back);
    assert!(took < WITHIN, "it took {took:?}");
    assert!(!Faces::of(&world).about(&id).ask().says("broker_gone"));
}

/// Below what any broker uses, and far above it.
const NO_MEMORY: [&str; 2] = ["set_vm_memory_high_watermark", "0.000001"];
const ENOUGH_MEMORY: [&str; 3] = ["set_vm_memory_high_watermark", "absolute", "1GB"];

#[test]
fn a_broker_that_takes_no_messages_says_why_and_what_waits_goes_out_as_soon_as_it_takes_them() {
    let folder = TempDir::with_prefix("ktrdr-servers-").unwrap();
    let servers = Servers::start(folder.path().join("servers"), 1);
    let world = furnished(World::on_fleet_of(&servers));
    let crew = Crew::serving(&world, &[&["orchestrator"], &["worker", "training", "--slots", "1"]]);
    servers.ctl(&NO_MEMORY);
    let id = world.submit(&TRAIN).remove(0);
    let told =
        Faces::of(&world).with_api(&crew).about(&id).agree("broker_blocked", "rabbitmq-diagnostics alarms");
    for other in ["no_coordinator", "no_worker", "not_relayed", "broker_gone", "unknown"] {
        assert!(!told.says(other), "{other} is a consequence: {told:?}");
    }
    servers.ctl(&ENOUGH_MEMORY);
    wait_for("the training", || world.operation(&id)["started_at"].as_str().map(drop));
    assert!(!Faces::of(&world).about(&id).ask().says("broker_blocked"));
}
