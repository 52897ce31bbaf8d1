//! What people ran into who used it for a second day, and what those did who tried to break it: signals for other dates, the same bars
//! under another name, files that reach no window, requests said again.

use std::fs;

use serde_json::{Value, json};

use crate::world::{World, shown, wait_for};

fn said(world: &World, arguments: &[&str]) -> String {
    let output = world.run(arguments);
    assert!(output.status.success(), "{}", shown(&output));
    shown(&output)
}

fn signals<'a>(symbol: &'a str, file: &'a str) -> Vec<&'a str> {
    vec!["backtest", "signals", "--local", "-s", symbol, "-t", "1h", "--signals", file]
}

/// The beginnings of the bars that are stored.
fn times(world: &World, file: &str) -> Vec<String> {
    let text = fs::read_to_string(world.path(file)).unwrap();
    let rows = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    rows.map(|row| row.split(',').next().unwrap().to_owned()).collect()
}

#[test]
fn signals_for_other_dates_and_other_columns_are_refused_by_their_file_and_cost_no_look() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 3_000, 1);
    let file = |rows: &str| world.write("mine.csv", rows).to_str().unwrap().to_owned();
    for rows in ["2015-01-06T00:00:00Z,1\n2015-02-03T00:00:00Z,-1\n", "2015-06-22T00:00:00Z,1\n"] {
        let file = file(&format!("timestamp,target\n{rows}"));
        let (first, last) = (&rows[..20], &rows.lines().last().unwrap()[..20]);
        let words = ["mine.csv: none of the ", "2015-04-20T00:00:00Z", first, last, "other dates"];
        world.refused_with(8, &signals("EURUSD", &file), &words);
    }
    let wide = file("timestamp,target,size\n2015-04-28T00:00:00Z,1,2\n");
    let words = ["mine.csv: line 1", "two columns are wanted", "timestamp,target", "no other"];
    world.refused_with(8, &signals("EURUSD", &wide), &words);
    assert_eq!(world.json(&["ledger", "trials"])["trials"], json!([]), "nobody looked");
    assert_eq!(world.operations(), Vec::<Value>::new());
}

#[test]
fn the_same_bars_under_another_name_have_been_looked_at_before() {
    let world = World::new();
    // Too few days of dev in common to tell by the day: the bars tell.
    world.generate("EURUSD", "random-walk", 600, 1);
    let bars = world.path("data/EURUSD_1h.csv");
    for name in ["COPY", "OTHER"] {
        world.json(&["data", "import", bars.to_str().unwrap(), "-s", name, "-t", "1h"]);
    }
    world.generate("GBPUSD", "random-walk", 600, 2);
    let file = world.write("mine.csv", "timestamp,target\n2015-01-27T00:00:00Z,1\n");
    let look = |symbol: &str| {
        let report = world.json(&signals(symbol, file.to_str().unwrap()));
        let card = said(&world, &["backtest", "show", report["operation"].as_str().unwrap()]);
        (report["evidence"].clone(), card)
    };
    assert!(look("EURUSD").1.contains("look number 1 at this stretch"));
    let (evidence, card) = look("COPY");
    assert_eq!((&evidence["trials"], &evidence["correlated"]), (&json!(2), &json!(["EURUSD"])));
    assert!(card.contains("look number 2 at this stretch, with those of EURUSD"), "{card}");
    assert!(look("OTHER").1.contains("look number 3 at this stretch, with those of COPY and EURUSD"));
    assert_eq!(look("GBPUSD").0["trials"], 1, "a walk of its own");
}

#[test]
fn a_training_says_which_bars_it_learned_from_and_a_short_file_which_windows_it_leaves_empty() {
    let world = World::new();
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("fx_pullback", 1);
    let gate = world.json(&["data", "windows", "EURUSD"])["windows"]["gate"]["start"].clone();
    let times = times(&world, "data/EURUSD_1h.csv");
    let last = times.iter().rfind(|time| time.as_str() < gate.as_str().unwrap()).unwrap();
    let trained = world.json(&["training", "run", "--local", "--strategy", "fx_pullback"]);
    let end = last.parse::<ktrdr_domain::Timestamp>().unwrap().0 + 3_600;
    assert_eq!(trained["window"]["end"], ktrdr_domain::Timestamp(end).to_string());
    assert_eq!(trained["window"]["start"], times[0].as_str());
    assert_ne!(trained["window"]["end"], gate, "the market was closed when dev ended");

    let text = fs::read_to_string(world.path("data/EURUSD_1h.csv")).unwrap();
    let short: Vec<&str> = text.lines().take(1_001).collect();
    let short = world.write("short.csv", format!("{}\n", short.join("\n")));
    let import = ["data", "import", short.to_str().unwrap(), "-s", "EURUSD", "-t", "1h", "--replace"];
    let imported = said(&world, &import);
    let checked = said(&world, &["data", "check", "-s", "EURUSD", "-t", "1h"]);
    for told in [imported, checked] {
        for window in ["the gate window, ", "the vault window, from "] {
            assert!(told.contains(window) && told.contains("has no bar; windows stay where"), "{told}");
        }
        assert!(!told.contains("the dev window"), "{told}");
    }
}

#[test]
fn small_answers_say_what_they_mean() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 600, 1);
    let made = world.json(&["data", "resample", "EURUSD", "4h"]);
    assert_eq!((&made["from"], &made["from_bars"]), (&json!("1h"), &json!(600)));
    assert_eq!(made["bars"], times(&world, "data/EURUSD_4h.csv").len());
    let line = said(&world, &["data", "resample", "EURUSD", "4h"]);
    assert!(line.contains("bars of EURUSD 4h of 600 1h bars: 2015-01-05"), "{line}");
    let not_longer = ["data", "resample", "EURUSD", "1h", "--from", "1h"];
    world.refused_with(2, &not_longer, &["longer bars are made of shorter ones"]);
    world.refused_with(3, &["data", "resample", "EURUSD", "1h"], &["shorter than 1h"]);
    world.refused_with(2, &["data", "resample", "EURUSD", "1M"], &["write 1m for minutes", "4w"]);

    world.refused_with(
        2,
        &["report", "nope1", "nope2"],
        &["nope1 is no id of an operation", "operations list"],
    );
    let file = world.path("data/EURUSD_1h.csv");
    for name in ["A", "B"] {
        world.json(&["data", "import", file.to_str().unwrap(), "-s", name, "-t", "1h"]);
    }
    let part = said(&world, &["operations", "list", "--limit", "1"]);
    assert_eq!(part.matches(" of 2").count(), 1, "{part}");
    assert!(said(&world, &["operations", "list"]).contains("2 operations · 0 active"));
}

/// Of a build in a checkout; a copy of the sources without a repository has no commit to say.
#[test]
fn the_version_says_the_commit() {
    let version = said(&World::new(), &["--version"]);
    let line = version.lines().find(|line| line.starts_with("commit")).unwrap();
    let commit = line.split_whitespace().nth(1).unwrap().trim_end_matches("-dirty").to_owned();
    let git = |arguments: &[&str]| {
        let folder = env!("CARGO_MANIFEST_DIR");
        let asked = std::process::Command::new("git").args(arguments).current_dir(folder).output();
        asked.is_ok_and(|answer| answer.status.success())
    };
    let is_of_here = std::env::var_os("KTRDR_TEST_PROGRAM").is_none();
    if is_of_here && git(&["ls-files", "--error-unmatch", "Cargo.toml"]) {
        assert!(git(&["cat-file", "-e", &format!("{commit}^{{commit}}")]), "{line} is of no commit here");
    }
}

#[test]
fn a_key_that_came_with_something_else_is_refused() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 3);
    world.example("fx_pullback");
    let training = ["training", "run", "--strategy", "fx_pullback", "--idempotency-key", "mine"];
    let first = world.submit(&training);
    assert_eq!(world.submit(&training), first, "said again it is the same");
    let other = [&training[..], &["--seed", "8"]].concat();
    world.refused_with(4, &other, &["mine came with another request before", "a new key"]);
    assert_eq!(world.operations().len(), 1);
}

#[test]
fn a_campaign_that_was_cut_off_is_gone_on_with_and_gets_no_cycle_more() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 3_000, 3);
    let run = ["research", "run", "-s", "EURUSD", "-t", "1h", "-n", "20", "--campaign", "night"];
    let cycles = || world.json(&["campaign", "show", "night"])["campaign"]["cycles"].clone();
    let here = [&run[..], &["--local"]].concat();
    let cut_off = world.start(&here);
    wait_for("an end", || {
        let rows = world.json(&["operations", "list", "--type", "agent_research"])["operations"].clone();
        rows.as_array().unwrap().iter().any(|row| !row["finished_at"].is_null()).then_some(())
    });
    cut_off.signal("KILL");
    cut_off.end();

    let rest = world.run(&here);
    assert!(rest.status.success() && shown(&rest).contains("no cycle is added"), "{}", shown(&rest));
    assert_eq!(cycles(), 20);
    // All of it has ended: who says it now wants more.
    let more = world.submit(&run);
    assert_eq!((more.len(), cycles()), (20, json!(40)));
    assert_eq!(world.submit(&run), more);
    assert_eq!(world.submit(&[&run[..], &["--seed", "9"]].concat()).len(), 20);
    assert_eq!(cycles(), 60, "another seed is another request");
}

#[test]
fn the_demo_keeps_out_of_a_workspace_that_is_not_its_own() {
    let world = World::new();
    world.generate("EDGE", "random-walk", 400, 1);
    let files = world.files();
    let here = world.folder().to_str().unwrap().to_owned();
    let demo = ["demo", "--cycles", "1", "--keep"];
    let words = [here.as_str(), "is a workspace already", "name another folder"];
    world.refused_with(7, &[&demo[..], &[&here]].concat(), &words);
    assert_eq!(world.files(), files, "nothing was written");

    let kept = world.path("kept").to_str().unwrap().to_owned();
    for _ in ["a new folder", "its own"] {
        assert_eq!(world.json(&[&demo[..], &[&kept]].concat())["workspace"], json!(kept));
    }
}

/// What the README says of it.
#[test]
fn the_demo_shows_a_survivor_that_stays_at_the_close_and_one_that_does_not() {
    let campaigns = World::new().json(&["demo"])["campaigns"].clone();
    let gates = |campaign: usize| -> Vec<String> {
        let cycles = campaigns[campaign]["cycles"].as_array().unwrap().iter();
        let survived = cycles.filter(|cycle| cycle["status"] == "completed");
        survived.map(|cycle| cycle["result"]["final"]["gate"].as_str().unwrap_or("none").to_owned()).collect()
    };
    let (edge, noise) = (gates(0), gates(1));
    let stays = edge.iter().filter(|gate| *gate == "passed").count();
    assert_eq!((edge.len(), stays, noise.len()), (4, 2, 0), "{edge:?}");
}
