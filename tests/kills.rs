//! Kills that come while a job runs are put down to whoever killed its engine, and cost the job nothing.

use ktrdr_fabric::losses::LOSSES_PER_TRY;

use crate::world::{Engine, World, on_each_engine, wait_for};

on_each_engine!(kills_while_a_training_runs_cost_its_cycle_nothing);

fn kills_while_a_training_runs_cost_its_cycle_nothing(engine: Engine) {
    let world = World::on(engine).with_setting("KTRDR_FLEET__TRIES_MAX", "19");
    // Enough for trainings that take a while.
    world.generate("EURUSD", "planted-edge", 30_000, 3);
    let cycle = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--seed", "5"]).remove(0);
    let training = format!("{cycle}.training.1");
    for lost in 1..=LOSSES_PER_TRY {
        let engine = world.up(&[]);
        wait_for("the training to run", || {
            let listed = world.json(&["operations", "list", "--type", "training"]);
            let row = &listed["operations"][0];
            assert!(row["finished_at"].is_null(), "over before it could be killed: {row}");
            (row["fence"] == lost && row["status"] == "running").then_some(())
        });
        engine.signal("KILL");
        engine.end();
    }
    assert!(world.run(&["up", "--until-idle"]).status.success());
    let ended = world.operation(&cycle);
    assert!(ended["status"] == "completed" || ended["reason"] == "gate", "{ended}");
    let row = world.operation(&training);
    let losses = u64::from(LOSSES_PER_TRY);
    assert_eq!((row["tries_max"].as_u64(), row["rescues"].as_u64()), (Some(19), Some(losses)), "{row}");
}
