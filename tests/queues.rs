//! Queues as an operator sees them: what waits for a worker, and what waits for the time of its next attempt.

use serde_json::Value;

use crate::api::client::{Served, block_on};
use crate::hostile::disk::Mount;
use crate::world::{Engine, World, on_each_engine, wait_for};

on_each_engine!(a_job_that_waits_for_its_next_attempt_is_told_apart_by_every_face);

fn trainings(world: &World) -> Value {
    let queues = world.json(&["queues", "list"])["queues"].clone();
    queues.as_array().unwrap().iter().find(|queue| queue["type"] == "training").unwrap().clone()
}

async fn text(api: &Served, path: &str) -> String {
    let answer = api.http.get(format!("http://{}{path}", api.address)).send().await.unwrap();
    answer.text().await.unwrap()
}

fn a_job_that_waits_for_its_next_attempt_is_told_apart_by_every_face(engine: Engine) {
    let world = World::on(engine).with_setting("KTRDR_FLEET__TRIES_MAX", "19");
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("quick", 1);
    // Models can not be stored: something outside failed, and may be mended.
    let Some(mount) = Mount::new(&world.path("models"), "size=8m,ro") else { return };
    let api = Served::up(&world, &[]);
    let id = world.submit(&["training", "run", "--strategy", "quick"]).remove(0);
    let queue =
        wait_for("a retry in the list", || Some(trainings(&world)).filter(|queue| queue["delayed"] == 1));
    assert_eq!((&queue["pending"], &queue["running"]), (&1.into(), &0.into()), "{queue}");
    for (path, words) in [
        ("/metrics", "ktrdr_queue_delayed{kind=\"training\"} 1"),
        ("/queues", "1 later"),
        ("/api/v1/queues", "\"delayed\":1"),
    ] {
        wait_for(path, || block_on(text(&api, path)).contains(words).then_some(()));
    }
    mount.remount("rw");
    wait_for("the training", || (world.operation(&id)["status"] == "completed").then_some(()));
    let queue = trainings(&world);
    assert_eq!((&queue["delayed"], &queue["pending"], &queue["ended"]), (&0.into(), &0.into(), &1.into()));
}
