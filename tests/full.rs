//! A store that is full says so, with figures and what to do. Whoever looks is answered, and workers keep their jobs.

use serde_json::Value;

use crate::redis::Redis;
use crate::world::{Engine, World, ms, shown, wait_for};

const TRAIN: [&str; 4] = ["training", "run", "--strategy", "long"];

/// What doctor finds about the room there is.
pub(crate) fn room(world: &World) -> Value {
    let doctor = world.run(&["doctor", "--output", "json"]);
    let document: Value =
        serde_json::from_slice(&doctor.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&doctor)));
    document["checks"].as_array().unwrap().iter().find(|check| check["what"] == "room").unwrap().clone()
}

#[test]
fn a_full_redis_is_read_keeps_its_workers_at_work_and_goes_on_once_there_is_room() {
    let redis = Redis::start();
    let world = World::on(Engine::Fleet).with_setting("KTRDR_REDIS_URL", &redis.url());
    let world = world.with_setting("KTRDR_FLEET__LEASE", "10s").with_setting("KTRDR_FLEET__HEARTBEAT", "1s");
    // So many that the training goes on for minutes.
    world.generate("EURUSD", "planted-edge", 60_000, 3);
    world.example_of_epochs("long", 10_000);
    let _engine = world.up(&["--training-slots", "1"]);
    let [runs, waits] = [0, 1].map(|_| world.submit(&TRAIN).remove(0));
    wait_for("the training", || (world.operation(&runs)["status"] == "running").then_some(()));
    assert_eq!(room(&world)["state"], "ok");
    redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);

    let room = room(&world);
    assert_eq!(room["state"], "fault", "{room}");
    let found = room["found"].as_str().unwrap();
    assert!(found.contains("full: ") && found.contains("MB of memory used"), "{found}");
    assert!(room["action"].as_str().unwrap().contains("maxmemory"), "{room}");
    let health = world.json(&["health"]);
    assert!(health["store_full"].as_str().unwrap().contains("OOM"), "{health}");
    world.refused_with(5, &TRAIN, &["the store is full", "raise maxmemory", "nothing was lost"]);
    let lease = |id: &str| {
        let row = world.operation(id);
        assert!(row["lease_until"].is_string(), "nobody holds it: {row}");
        ms(&row["lease_until"])
    };
    let (before, at) = (world.operation(&runs), lease(&runs));
    // Longer than a lease lasts.
    wait_for("beats", || (lease(&runs) > at + 11_000).then_some(()));
    let after = world.operation(&runs);
    assert_eq!((&after["status"], &after["fence"]), (&before["status"], &before["fence"]), "{after}");

    world.json(&["operations", "cancel", &runs]);
    wait_for("the cancel", || (world.operation(&runs)["status"] == "cancelled").then_some(()));
    assert_eq!(world.operation(&waits)["status"], "pending");
    redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    wait_for("the next one", || (world.operation(&waits)["status"] == "running").then_some(()));
    world.submit(&TRAIN);
}
