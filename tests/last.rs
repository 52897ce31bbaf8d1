//! `@last` is for commands that only read. Whoever types it to change something is told why not, and the id to type.

use serde_json::Value;

use crate::world::World;

#[test]
fn who_names_the_newest_to_change_something_is_told_which_that_is() {
    let world = World::trained();
    let cancel = ["operations", "cancel", "@last"];
    world.refused_with(2, &cancel, &["only read", "`ktrdr operations list`"]);
    let waiting = world.submit(&["training", "run", "--strategy", "fx_pullback"]).remove(0);
    world.refused_with(
        2,
        &cancel,
        &["only read", &format!("operations cancel {waiting}`"), "training pending"],
    );
    assert_eq!(world.operation(&waiting)["status"], "pending");
    let signals = world.write("signals.csv", "timestamp,target\n2015-07-07T00:00:00Z,1\n");
    let market = ["-s", "EURUSD", "-t", "1h", "--signals", signals.to_str().unwrap()];
    let report = world.json(&[&["backtest", "signals", "--local"], &market[..]].concat());
    let backtest = report["operation"].as_str().unwrap();
    world.refused_with(2, &["replay", "@last", "--local"], &[&format!("replay {backtest} --local`")]);

    let output = world.run(&["operations", "cancel", "@last", "--output", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let told: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(told["error"].to_string().contains(&"@last".to_owned()), "{told}");
}
