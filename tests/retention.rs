//! What ended long ago is pruned, and a counted backtest is replayed all the same.

use serde_json::{Value, json};

use crate::world::{Engine, World, on_each_engine, wait_for};

on_each_engine!(whatever_is_pruned_a_counted_backtest_can_be_replayed);

fn prune(world: &World, how: &[&str]) -> Value {
    world.json(&[&["store", "prune"], how].concat())
}

fn whatever_is_pruned_a_counted_backtest_can_be_replayed(engine: Engine) {
    // Longer than what comes before the first look, or an engine prunes by itself meanwhile.
    let world = World::on(engine)
        .with_setting("KTRDR_RETENTION__OPERATIONS", "6s")
        .with_setting("KTRDR_RETENTION__HISTORIES", "6s");
    world.generate("GOOD", "random-walk", 400, 1);
    let csv = world.path("data/GOOD_1h.csv");
    world.json(&["data", "import", csv.to_str().unwrap(), "-s", "COPY", "-t", "1h"]);
    let imported = world.operations()[0]["id"].as_str().unwrap().to_owned();
    let signals = world.write("signals.csv", "timestamp,target\n2015-01-20T00:00:00Z,1\n");
    let market = ["--symbol", "GOOD", "--timeframe", "1h", "--signals", signals.to_str().unwrap()];
    let report = world.json(&[&["backtest", "signals", "--local"], &market[..]].concat());
    let counted = report["operation"].as_str().unwrap().to_owned();
    world.json(&["replay", &counted, "--local"]);
    let before = world.operations().len();
    let due = wait_for("the import to be old enough", || {
        let would = prune(&world, &[]);
        (would["operations"] == 1 && would["dry_run"] == true).then_some(would)
    });
    assert_eq!(world.operations().len(), before, "a dry run removes nothing: {due}");
    let done = prune(&world, &["--yes"]);
    assert_eq!((&done["operations"], &done["dry_run"]), (&json!(1), &json!(false)), "{done}");
    world.refused_with(3, &["operations", "status", &imported], &[&imported]);
    assert_eq!(world.operations().len(), before - 1, "counts stay true");
    let replayed = world.json(&["replay", &counted, "--local"]);
    assert_eq!(replayed["same"], true, "{replayed}");
    assert_eq!(prune(&world, &["--yes"])["operations"], 0);
}
