//! Files that nobody needs go when somebody says so; what a counted look at data needs for its replay stays, and so does whatever is
//! under way, behind a link, or not ours.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::world::{Engine, World, on_each_engine, shown, wait_for};

on_each_engine!(what_nobody_needs_goes_and_every_counted_trial_is_replayed_all_the_same);

/// Makes every file below a folder look as if it had been written days ago.
pub(crate) fn age(folder: &Path, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 86_400);
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (kind, path) = (entry.file_type().unwrap(), entry.path());
        match () {
            () if kind.is_dir() => age(&path, days),
            () if kind.is_file() => {
                File::options().append(true).open(path).unwrap().set_modified(then).unwrap();
            }
            () => {}
        }
    }
}

fn prune(world: &World, how: &[&str]) -> Value {
    world.json(&[&["prune"], how].concat())
}

/// How many of a sort go, whatever for.
fn going(told: &Value, sort: &str) -> u64 {
    let piles = told["goes"].as_array().unwrap().iter().filter(|pile| pile["sort"] == sort);
    piles.map(|pile| pile["count"].as_u64().unwrap()).sum()
}

fn staying(told: &Value, sort: &str, why: &str) -> u64 {
    let piles = told["stays"].as_array().unwrap().iter();
    let mut meant = piles.filter(|pile| pile["sort"] == sort && pile["why"].as_str().unwrap().contains(why));
    meant.next().map_or(0, |pile| pile["count"].as_u64().unwrap())
}

/// Every counted look, but replays.
fn counted(world: &World) -> Vec<String> {
    let trials = world.json(&["ledger", "trials"])["trials"].clone();
    let trials = trials.as_array().unwrap().iter().filter(|trial| trial["origin"] != "replay");
    trials.map(|trial| trial["operation"].as_str().unwrap().to_owned()).collect()
}

/// A workspace in which much was done: what was counted, what failed, what nobody asks for any more.
fn lived_in(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    let market = ["--symbol", "EURUSD", "--timeframe", "1h"];
    for name in ["kept", "traded", "gone"] {
        world.example_of_epochs(name, 1);
        world.json(&["training", "run", "--local", "--strategy", name]);
    }
    world.json(&[&["backtest", "run", "--local", "--strategy", "traded"], &market[..]].concat());
    let signals = world.write("signals.csv", "timestamp,target\n2015-07-07T00:00:00Z,1\n");
    let signals = ["--signals", signals.to_str().unwrap()];
    world.json(&[&["backtest", "signals", "--local"], &market[..], &signals].concat());
    world.json(&[&["research", "run", "--local", "-n", "2", "--campaign", "night"], &market[..]].concat());
    // Where there is nothing to find, gates stop designs before any backtest.
    world.generate("GBPUSD", "random-walk", 4_000, 3);
    let nothing = ["--symbol", "GBPUSD", "--timeframe", "1h"];
    world.json(&[&["research", "run", "--local", "-n", "2", "--campaign", "calm"], &nothing[..]].concat());
    for name in ["traded", "gone"] {
        fs::remove_file(world.path(&format!("strategies/{name}.yaml"))).unwrap();
    }
    let bars = world.path("data/EURUSD_1h.csv").display().to_string();
    world.json(&["data", "import", &bars, "-s", "COPY", "-t", "1h"]);
    let broken = world.write("broken.csv", "time,open,high,low,close\nnever,1,1,1,1\n");
    world.refused(8, &["data", "import", broken.to_str().unwrap(), "-s", "BAD", "-t", "1h"]);
    world
}

fn what_nobody_needs_goes_and_every_counted_trial_is_replayed_all_the_same(engine: Engine) {
    let world = lived_in(engine);
    let trials = counted(&world);
    assert!(trials.len() >= 2, "{trials:?}");
    world.json(&["report", &trials[0], "--format", "html"]);
    assert_eq!(prune(&world, &[])["goes"], json!([]), "all of it is young");

    // Files of others, beside ours and behind links.
    let theirs = tempfile::TempDir::new().unwrap();
    fs::write(theirs.path().join("manifest.json"), "{}").unwrap();
    fs::write(theirs.path().join("page.html"), "theirs").unwrap();
    symlink(theirs.path(), world.path("models/kept/1h_v7")).unwrap();
    symlink(theirs.path().join("page.html"), world.path("reports/night.html")).unwrap();
    let foreign = ["imports/mine.csv", "models/gone/notes.txt", "reports/mine.html", "imports/sub/a.txt"];
    foreign.iter().for_each(|file| drop(world.write(file, "mine")));
    world.write("data/.ktrdr-part-00000000-0123456789abcdef0123456789abcdef", "half of it");
    age(world.folder(), 3);
    let before = world.files();

    let would = prune(&world, &[]);
    assert_eq!(world.files(), before, "a dry run removes nothing: {would}");
    assert_eq!(would["dry_run"], true);
    assert_eq!((going(&would, "imports"), going(&would, "unfinished")), (2, 1), "{would}");
    assert!(
        going(&would, "models") >= 2,
        "of a design that a gate stopped, and of a strategy that is gone: {would}"
    );
    assert_eq!(
        (going(&would, "reports"), going(&would, "signals"), going(&would, "pages")),
        (0, 0, 1),
        "{would}"
    );
    assert_eq!(staying(&would, "models", "its strategy is there"), 1, "{would}");
    assert_eq!(staying(&would, "imports", "none of ours"), 2, "{would}");
    assert_eq!(prune(&world, &["--older-than", "30d"])["goes"], json!([]));
    assert_eq!(going(&prune(&world, &["--only", "imports,signals"]), "models"), 0);
    world.refused_with(2, &["prune", "--older-than", "10m"], &["--older-than", "1h"]);

    let done = prune(&world, &["--yes"]);
    assert_eq!((&done["goes"], &done["dry_run"]), (&would["goes"], &json!(false)), "{done}");
    assert_eq!(prune(&world, &["--yes"])["goes"], json!([]), "what is gone is gone");
    let left = world.files();
    assert!(left.len() < before.len() && !left.iter().any(|file| file.contains(".ktrdr-part-")), "{left:?}");
    assert!(foreign.iter().all(|file| world.path(file).exists()), "{left:?}");
    assert_eq!(fs::read_dir(theirs.path()).unwrap().count(), 2, "what lies behind links");
    assert!(world.path("models/kept/1h_v7").is_symlink() && world.path("reports/night.html").is_symlink());
    assert!(!left.iter().any(|file| file.starts_with("models/gone/") && file.ends_with(".safetensors")));
    // A number is given once.
    world.example_of_epochs("gone", 1);
    let again = world.json(&["training", "run", "--local", "--strategy", "gone"]);
    assert_eq!(again["model"]["version"], 2, "{again}");
    for trial in trials {
        let replayed = world.json(&["replay", &trial, "--local"]);
        assert_eq!(replayed["same"], true, "{replayed}");
    }
}

#[test]
fn what_waits_and_what_is_written_is_left_alone_and_old_copies_go_by_themselves() {
    let world = World::new();
    let broken = world.write("broken.csv", "time,open,high,low,close\nnever,1,1,1,1\n");
    world.refused(8, &["data", "import", broken.to_str().unwrap(), "-s", "BAD", "-t", "1h"]);
    let engine = world.up(&[]);
    world.json(&["queues", "pause", "data_load"]);
    let file = world.write("bars.csv", "time,open,high,low,close\n2020-01-06T00:00:00Z,1,1,1,1\n");
    let import = world.start(&["data", "import", file.to_str().unwrap(), "-s", "MINE", "-t", "1h"]);
    wait_for("the import", || (world.operations().len() == 2).then_some(()));
    // Whoever writes it holds its lock.
    let part = world.write("data/.ktrdr-part-00000000-0123456789abcdef0123456789abcdef", "half of it");
    let writer = File::open(&part).unwrap();
    writer.lock().unwrap();
    age(world.folder(), 3);
    let done = prune(&world, &["--yes"]);
    assert_eq!((going(&done, "imports"), going(&done, "unfinished")), (1, 0), "the broken one: {done}");
    assert_eq!(staying(&done, "imports", "an import waits"), 1, "{done}");
    assert!(part.exists());
    drop(writer);
    world.json(&["queues", "resume", "data_load"]);
    let ended = import.end();
    assert!(ended.status.success(), "{}", shown(&ended));
    engine.signal("TERM");
    engine.end();

    // Whoever plays the roles looks once at the start: nothing is left for ever.
    age(world.folder(), 3);
    let engine = world.up(&[]);
    let copies = || fs::read_dir(world.path("imports")).unwrap().count();
    wait_for("the copy to go", || (copies() == 0).then_some(()));
    drop(engine);
}

#[test]
fn a_workspace_that_met_two_stores_keeps_what_the_other_may_know() {
    let world = World::new();
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("gone", 1);
    world.json(&["training", "run", "--local", "--strategy", "gone"]);
    fs::remove_file(world.path("strategies/gone.yaml")).unwrap();
    age(world.folder(), 3);
    assert_eq!(going(&prune(&world, &[]), "models"), 1);
    for file in ["ktrdr.db", "ktrdr.db-wal", "ktrdr.db-shm"] {
        let _ = fs::remove_file(world.path(file));
    }
    world.json(&["store", "new-epoch", "--reason", "it was lost"]);
    let told = prune(&world, &["--yes"]);
    assert_eq!((going(&told, "models"), staying(&told, "models", "other stores")), (0, 1), "{told}");
}
