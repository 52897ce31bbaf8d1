//! Names that try to leave the workspace or drive the terminal.

use crate::world::World;

const ESCAPES: [&str; 6] = ["../x", "../../etc/passwd", "/etc/passwd", "a/b", "..", "x\u{1b}[2J"];

#[test]
fn no_name_leaves_the_workspace_whatever_it_names() {
    let world = World::new();
    let outside = world.files();
    for name in ESCAPES {
        let market = |symbol, timeframe| ["--local", "--symbol", symbol, "--timeframe", timeframe];
        for arguments in [
            [&["research", "run"], &market(name, "1h")[..]].concat(),
            [&["research", "run"], &market("EURUSD", name)[..]].concat(),
            [&["research", "run", "--campaign", name], &market("EURUSD", "1h")[..]].concat(),
            [&["backtest", "run", "--strategy", name], &market("EURUSD", "1h")[..]].concat(),
            [&["backtest", "run", "--strategy", "s", "--campaign", name], &market("EURUSD", "1h")[..]]
                .concat(),
            vec!["data", "check", "--symbol", name, "--timeframe", "1h"],
            vec!["data", "generate", "--symbol", name, "--timeframe", "1h"],
            vec!["operations", "status", name],
            vec!["operations", "cancel", name],
            vec!["backtest", "show", name],
            vec!["replay", name],
            vec!["dead-letters", "show", name],
        ] {
            let said = world.refused(2, &arguments);
            assert!(!said.contains('\u{1b}'), "an escape code came through: {said:?}");
        }
    }
    let is_of_the_store = |f: &String| f.starts_with("ktrdr.db") || f.starts_with("epochs/");
    let new: Vec<String> =
        world.files().into_iter().filter(|f| !outside.contains(f) && !is_of_the_store(f)).collect();
    assert!(new.is_empty(), "{new:?}");
}

#[test]
fn a_name_that_nothing_has_is_told_apart_from_one_that_nothing_may_have() {
    let world = World::new();
    let id = "op_training_20261121_025513_99cb0f94";
    for verb in ["status", "watch", "cancel", "retry"] {
        world.refused_with(3, &["operations", verb, id], &[id, "operations list"]);
    }
    world.refused_with(3, &["replay", id], &[id]);
    world.refused_with(3, &["backtest", "show", id], &[id]);
    world.refused_with(
        3,
        &["data", "check", "-s", "NOPE", "-t", "1h"],
        &["data/NOPE_1h.csv", world.folder().to_str().unwrap(), "ktrdr data import"],
    );
    world.refused_with(3, &["research", "run", "--local", "-s", "NOPE", "-t", "1h"], &["data/NOPE_1h.csv"]);
}

#[test]
#[cfg(unix)]
fn a_link_out_of_the_workspace_is_not_followed() {
    let (world, outside) = (World::new(), World::new());
    outside.generate("EURUSD", "random-walk", 500, 1);
    world.write("data/README", "");
    std::os::unix::fs::symlink(outside.path("data/EURUSD_1h.csv"), world.path("data/EURUSD_1h.csv")).unwrap();
    world.refused_with(8, &["data", "check", "-s", "EURUSD", "-t", "1h"], &["out of the workspace"]);
    world.still_works();
}
