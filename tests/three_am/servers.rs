//! The broker goes away and comes back, and is short of memory: on servers of the test's own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lapin::types::FieldTable;
use tempfile::TempDir;

use super::TRAIN;
use super::faces::{Crew, Faces};
use super::furnished;
use crate::servers::Servers;
use crate::world::{World, ms, shown, wait_for};

/// From the broker's return to the next job's start, by the row: a look a second, and connecting; less than the most that a back-off
/// of before came to, which was 11 s.
const WITHIN: Duration = Duration::from_secs(10);

/// Servers of the test's own in this folder, and a world on them.
fn apart() -> (TempDir, Servers, World) {
    let folder = TempDir::with_prefix("ktrdr-servers-").unwrap();
    let servers = Servers::start(folder.path().join("servers"), 1);
    let world = furnished(World::on_fleet_of(&servers));
    (folder, servers, world)
}

/// Processes tell how they find the broker with each of their heartbeats.
fn no_longer(why: &str, world: &World, id: &str) {
    wait_for("an end of it", || (!Faces::of(world).about(id).ask().says(why)).then_some(()));
}

#[test]
fn a_broker_that_is_down_is_said_to_be_by_all_and_work_goes_on_soon_after_it_is_back() {
    let (_folder, servers, world) = apart();
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
    let took = until_it_starts(&world, &id);
    no_longer("broker_gone", &world, &id);
    // Half of it is for a busy machine: a back-off that went on growing with the outage takes longer than both.
    assert!(took < 2 * WITHIN, "it took {took:?}");
}

/// How long it takes from now until a job starts, by the store's clock.
fn until_it_starts(world: &World, id: &str) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let started = wait_for("the training", || {
        let at = world.operation(id)["started_at"].clone();
        at.is_string().then(|| ms(&at).unsigned_abs())
    });
    Duration::from_millis(started).saturating_sub(now)
}

/// Below what any broker uses, and far above it.
const NO_MEMORY: [&str; 2] = ["set_vm_memory_high_watermark", "0.000001"];
const ENOUGH_MEMORY: [&str; 3] = ["set_vm_memory_high_watermark", "absolute", "1GB"];

#[test]
fn a_broker_that_takes_no_messages_says_why_and_what_waits_goes_out_as_soon_as_it_takes_them() {
    let (_folder, servers, world) = apart();
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
    no_longer("broker_blocked", &world, &id);
}

#[test]
fn what_no_queue_wants_is_kept_back_and_everybody_says_so_until_the_topology_is_applied_again() {
    let (_folder, _servers, world) = apart();
    let crew = Crew::serving(&world, &[&["orchestrator"], &["worker", "training", "--slots", "1"]]);
    world.at_the_broker(async |channel| {
        let (queue, exchange, key) = ("ktrdr.jobs.training".into(), "ktrdr.jobs".into(), "training".into());
        channel.queue_unbind(queue, exchange, key, FieldTable::default()).await.unwrap();
    });
    let id = world.submit(&TRAIN).remove(0);
    let told = Faces::of(&world).with_api(&crew).about(&id).agree("not_relayed", "ktrdr doctor");
    for other in ["no_coordinator", "no_worker", "broker_gone", "broker_blocked", "unknown"] {
        assert!(!told.says(other), "{other} is none: {told:?}");
    }
    let doctor = shown(&world.run(&["doctor"]));
    assert!(doctor.contains("ktrdr topology apply"), "{doctor}");
    world.json(&["topology", "apply"]);
    wait_for("the training", || world.operation(&id)["started_at"].as_str().map(drop));
    no_longer("not_relayed", &world, &id);
}

#[test]
fn a_full_queue_keeps_messages_back_and_everybody_says_so_until_there_is_room() {
    let (_folder, servers, world) = apart();
    let crew = Crew::serving(&world, &[&["orchestrator"]]);
    let host = world.of_fleet("KTRDR_PREFIX");
    let (over_our_own, pattern) = ("100", "^ktrdr\\.jobs\\.training$");
    let limit = r#"{"max-length": 2, "overflow": "reject-publish"}"#;
    servers.ctl(&["set_policy", "-p", host, "--priority", over_our_own, "full", pattern, limit]);
    // A queue takes a few over its limit before it refuses.
    let last = (0..12).map(|_| world.submit(&TRAIN).remove(0)).last().unwrap();
    let told = Faces::of(&world).with_api(&crew).about(&last).agree("not_relayed", "ktrdr doctor");
    for other in ["no_coordinator", "broker_gone", "broker_blocked", "unknown"] {
        assert!(!told.says(other), "{other} is none: {told:?}");
    }
    servers.ctl(&["clear_policy", "-p", host, "full"]);
    no_longer("not_relayed", &world, &last);
}
