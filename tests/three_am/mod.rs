//! 3 a.m., tried: each fault is made, and every face is asked: doctor, the lists of queues and workers, `operations explain`,
//! the health answer, the API. They agree on cause and next action within ten seconds and one command.
//!
//! The table of docs/operations.md ("At 3 a.m.") says what these tests say.

mod faces;
mod servers;

use faces::{Crew, Faces, kinds_of};

use crate::hostile::disk::Mount;
use crate::redis::Redis;
use crate::world::{Engine, World, ms, on_each_engine, shown, wait_for};

on_each_engine!(a_paused_queue_is_called_paused_by_every_face);

const TRAIN: [&str; 4] = ["training", "run", "--strategy", "long"];

/// Bars, and a strategy whose training takes minutes.
fn furnished(world: World) -> World {
    world.generate("EURUSD", "planted-edge", 20_000, 3);
    world.example_of_epochs("long", 10_000);
    world
}

fn a_paused_queue_is_called_paused_by_every_face(engine: Engine) {
    let world = furnished(World::on(engine));
    let _engine = world.up(&[]);
    world.json(&["queues", "pause", "training"]);
    let id = world.submit(&TRAIN).remove(0);
    let told = Faces::of(&world).about(&id).agree("paused", "ktrdr queues resume training");
    assert!(!told.says("no_worker"), "{told:?}");
    let since = ms(&told.explained["reasons"][0]["since"]);
    assert!(since >= ms(&told.explained["since"]), "{:?}", told.explained);
    world.json(&["queues", "resume", "training"]);
    wait_for("the training", || (world.operation(&id)["status"] == "running").then_some(()));
    assert!(!Faces::of(&world).about(&id).ask().says("paused"));
}

#[test]
fn a_sound_fleet_is_called_sound() {
    let world = World::on(Engine::Fleet);
    let _crew = Crew::of(&world, &[&["serve"], &["orchestrator"], &["worker", "all"]]);
    let told = Faces::of(&world).ask();
    assert_eq!(told.all(), [] as [(&str, String); 0]);
    let doctor = shown(&world.run(&["doctor"]));
    assert!(doctor.contains("\nsound"), "{doctor}");
}

#[test]
fn a_dead_coordinator_is_stated_with_the_command_that_starts_one() {
    let world = furnished(World::on(Engine::Fleet));
    let mut crew = Crew::of(&world, &[&["serve"], &["orchestrator"], &["worker", "training"]]);
    crew.kill(0);
    let id = world.submit(&TRAIN).remove(0);
    let told = Faces::of(&world).about(&id).agree("no_coordinator", "ktrdr serve");
    assert_eq!(told.doctor_exit, 1, "without a coordinator it is not sound: {told:?}");
    assert!(!told.says("no_worker") && !told.says("unknown"), "{told:?}");
    crew.start(&world, &["serve"]);
    wait_for("the training", || (world.operation(&id)["status"] == "running").then_some(()));
}

#[test]
fn a_dead_orchestrator_is_no_missing_worker() {
    let world = furnished(World::on(Engine::Fleet));
    let mut crew = Crew::of(&world, &[&["serve"], &["orchestrator"], &["worker", "all"]]);
    crew.kill(1);
    let cycle = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--cycles", "1"]).remove(0);
    let told = Faces::of(&world).about(&cycle).but_queues().agree("no_orchestrator", "ktrdr orchestrator");
    assert!(!told.says("no_worker"), "{told:?}");
    assert_eq!(told.doctor_exit, 1, "{told:?}");
}

#[test]
fn a_killed_worker_is_silent_at_once_and_its_job_says_until_when_it_is_waited_for() {
    let world = furnished(World::on(Engine::Fleet));
    let mut crew =
        Crew::of(&world, &[&["serve"], &["orchestrator"], &["worker", "training", "--slots", "1"]]);
    let id = world.submit(&TRAIN).remove(0);
    wait_for("the training", || (world.operation(&id)["status"] == "running").then_some(()));
    let boot = world.operation(&id)["worker"].as_str().unwrap().to_owned();
    crew.kill(2);
    let told = Faces::of(&world).about(&id).only_explained("worker_suspect", "ktrdr workers list");
    let until = ms(&told.explained["reasons"][0]["until"]);
    assert_eq!(until, ms(&world.operation(&id)["lease_until"]), "{:?}", told.explained);
    let listed = world.json(&["workers", "list"])["workers"].clone();
    let worker = listed.as_array().unwrap().iter().find(|worker| worker["boot"] == boot.as_str()).unwrap();
    assert_eq!(worker["state"], "silent", "{worker}");
    assert!(worker["heard_ms_ago"].as_i64().unwrap() > 5_000 && worker["until"].is_string(), "{worker}");
    assert!(told.says("silent"), "{told:?}");
    // Another one waits for somebody who takes it, and the one that fell silent is not counted.
    let other = world.submit(&TRAIN).remove(0);
    Faces::of(&world).about(&other).agree("no_worker", "ktrdr worker training");
}

#[test]
fn a_redis_that_is_down_is_one_fault_and_nothing_else_is_said_to_be_wrong() {
    let redis = Redis::start();
    let world = World::on(Engine::Fleet).with_setting("KTRDR_REDIS_URL", &redis.url());
    let crew = Crew::serving(&world, &[&["orchestrator"], &["worker", "training"]]);
    redis.stop();
    let doctor = world.run(&["doctor", "--output", "json"]);
    let doctor: serde_json::Value =
        serde_json::from_slice(&doctor.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&doctor)));
    let wrong: Vec<_> =
        doctor["checks"].as_array().unwrap().iter().filter(|check| check["state"] != "ok").collect();
    assert!(wrong.len() == 1 && wrong[0]["why"] == "store_gone", "{wrong:?}");
    for command in [&["queues", "list"][..], &["workers", "list"], &["health"]] {
        world.refused_with(5, command, &["redis.sock"]);
    }
    let health = crew.health().unwrap();
    assert_eq!(kinds_of(&health["checks"]), ["store_gone"], "{health}");
    assert_eq!(health["ready"], false);
}

#[test]
fn an_emptied_redis_is_to_be_restored_first_says_everybody() {
    let redis = Redis::start();
    let world = World::on(Engine::Fleet).with_setting("KTRDR_REDIS_URL", &redis.url());
    let mut crew = Crew::of(&world, &[&["serve"]]);
    redis.ask(&["FLUSHALL"]);
    let log = crew.end(0);
    assert!(log.contains("restore its backup first") && !log.contains("started anew"), "{log}");
    let doctor = world.run(&["doctor", "--output", "json"]);
    let doctor: serde_json::Value =
        serde_json::from_slice(&doctor.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&doctor)));
    assert_eq!(kinds_of(&doctor["checks"]), ["store_lost"], "{doctor}");
    for command in [&["queues", "list"][..], &["workers", "list"], &["health"], &["serve"]] {
        world.refused_with(6, command, &["Restore the backup"]);
    }
    let docs = include_str!("../../docs/operations.md");
    assert!(docs.contains("restore its backup first"), "the docs say the same");
}

#[test]
fn a_disk_that_is_nearly_full_is_said_to_be_with_what_is_left() {
    let world = World::new();
    let Some(_mount) = Mount::new(world.folder(), "size=100m") else { return };
    let _engine = world.up(&[]);
    let told = Faces::of(&world).ask();
    assert!(!told.says("store_nearly_full"), "{told:?}");
    let doctor = shown(&world.run(&["doctor"]));
    assert!(doctor.contains("MB free of 104.9 MB"), "{doctor}");
    // Two of a hundred are few, one is enough to go on.
    let free = |path: &std::path::Path| ktrdr_fabric::artifacts::Disk::of(path).unwrap().free;
    let filler = vec![7_u8; usize::try_from(free(world.folder()) - 1_900_000).unwrap()];
    world.write("filler", filler);
    Faces::of(&world).but_queues().agree_on("store_nearly_full");
}
