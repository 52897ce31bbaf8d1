//! The first hour: a workspace that is made, a strategy that begins as another one, words that are explained, operations that are named
//! briefly.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::world::{Engine, World, on_each_engine, shown};

#[test]
fn a_workspace_is_made_whole_and_what_is_there_stays() {
    let (world, bare) = (World::new(), World::new());
    let made = world.json(&["init"]);
    let files = made["files"].as_array().unwrap();
    assert!(files.len() >= 5 && files.iter().all(|file| file["written"] == true), "{made}");

    // What is commented out is what holds without it.
    let configured = bare.json(&["config", "show"]);
    assert_eq!(configured, world.json(&["config", "show"]));
    let settings = fs::read_to_string(world.path("ktrdr.toml")).unwrap();
    let (about, values) = settings.split_once("\n\n").unwrap();
    assert!(about.lines().all(|line| line.starts_with("# ")), "{about}");
    let uncommented: String =
        values.lines().map(|l| l.strip_prefix("# ").unwrap_or(l)).fold(String::new(), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        });
    world.write("ktrdr.toml", uncommented);
    assert_eq!(configured, world.json(&["config", "show"]));

    for example in ["fx_pullback", "trend_cost_aware", "equity_swing"] {
        let file = world.path(&format!("strategies/{example}.yaml"));
        assert!(
            fs::read_to_string(&file).unwrap().starts_with("# yaml-language-server: $schema=schema.json\n")
        );
        world.json(&["strategies", "validate", example]);
    }
    let schema: serde_json::Value =
        serde_json::from_slice(&fs::read(world.path("strategies/schema.json")).unwrap()).unwrap();
    assert_eq!(schema["type"], "object");

    fs::write(world.path("strategies/fx_pullback.yaml"), "mine").unwrap();
    let again = world.json(&["init"]);
    assert!(again["files"].as_array().unwrap().iter().all(|file| file["written"] == false), "{again}");
    assert_eq!(fs::read_to_string(world.path("strategies/fx_pullback.yaml")).unwrap(), "mine");

    // Beside it, one that has to be made first.
    let lab = bare.path("a/lab");
    bare.json(&["init", lab.to_str().unwrap()]);
    assert!(bare.path("a/lab/data").is_dir() && bare.path("a/lab/ktrdr.toml").is_file());
}

#[test]
fn a_strategy_begins_as_an_example_or_as_another_and_is_never_written_over() {
    let world = World::new();
    world.json(&["strategies", "new", "mine"]);
    world.json(&["strategies", "new", "swing", "--from", "equity_swing"]);
    world.json(&["strategies", "new", "yours", "--from", "mine"]);
    let listed = world.json(&["strategies", "list"])["strategies"].clone();
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["mine", "swing", "yours"]);
    assert!(listed.as_array().unwrap().iter().all(|s| s["valid"] == true), "{listed}");
    let text = |name: &str| fs::read_to_string(world.path(&format!("strategies/{name}.yaml"))).unwrap();
    assert_eq!(text("mine").replace("name: mine", "name: yours"), text("yours"));

    let before = text("mine");
    world.refused_with(4, &["strategies", "new", "mine", "--from", "equity_swing"], &["mine.yaml"]);
    assert_eq!(text("mine"), before);
    world.refused_with(3, &["strategies", "new", "other", "--from", "nothing"], &["strategies list"]);
    assert!(!world.path("strategies/other.yaml").exists());
}

#[test]
fn a_path_need_not_be_text() {
    let world = World::new();
    let odd = OsStr::from_bytes(b"bad\xff");
    for form in ["text", "json"] {
        let made =
            world.command(&["init", "-o", form]).arg(odd).current_dir(world.folder()).output().unwrap();
        assert!(made.status.success(), "{}", shown(&made));
    }
    assert!(world.folder().join(odd).join("ktrdr.toml").is_file());
}

#[test]
fn words_are_explained_and_near_ones_suggested() {
    let world = World::new();
    let one = world.json(&["explain", "no_skill"])["words"].clone();
    assert_eq!((&one[0]["word"], one.as_array().unwrap().len()), (&"no_skill".into(), 1));
    assert!(world.json(&["explain"])["words"].as_array().unwrap().len() > 40);
    world.refused_with(3, &["explain", "noskill"], &["did you mean no_skill?"]);
    assert_eq!(world.json(&["explain", "NO_SKILL"])["words"], one);
    world.refused_with(3, &["explain", "zzz"], &["`ktrdr explain` lists"]);
}

on_each_engine!(an_operation_is_named_by_as_much_as_it_takes);

fn an_operation_is_named_by_as_much_as_it_takes(engine: Engine) {
    let world = World::on(engine);
    world.refused_with(3, &["operations", "status", "@last"], &["no such operation yet"]);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("fx_pullback", 1);
    world.json(&["training", "run", "--local", "--strategy", "fx_pullback"]);
    let signals = world.write("targets.csv", "timestamp,target\n2015-07-07T00:00:00Z,1\n");
    let market = ["--symbol", "EURUSD", "--timeframe", "1h", "--signals", signals.to_str().unwrap()];
    world.json(&[&["backtest", "signals", "--local"], &market[..]].concat());

    let all = world.operations();
    let id = |kind: &str| {
        let row = all.iter().find(|row| row["type"] == kind).unwrap_or_else(|| panic!("no {kind}: {all:?}"));
        row["id"].as_str().unwrap().to_owned()
    };
    let (training, backtest) = (id("training"), id("backtesting"));
    let status = |named: &str| world.json(&["operations", "status", named])["operation"]["id"].clone();
    assert_eq!(status("@last"), backtest.as_str());
    assert_eq!(status(&training[..24]), training.as_str());
    assert_eq!(status(training.rsplit('_').next().unwrap()), training.as_str());
    world.refused_with(2, &["operations", "status", "op_"], &["2 operations have ids", &training, &backtest]);
    assert_eq!(status("op_training"), training.as_str());
    world.refused_with(3, &["operations", "status", "op_probe"], &["operations list"]);
    world.refused_with(2, &["operations", "status", "OP"], &["@last"]);

    let report = world.json(&["backtest", "show", "@last"]);
    assert_eq!(report["operation"], backtest.as_str());
    // What stops something wants the whole id.
    world.refused(2, &["operations", "cancel", "@last"]);

    let models = world.json(&["models", "list"])["models"].clone();
    assert_eq!((&models[0]["strategy"], &models[0]["version"]), (&"fx_pullback".into(), &1.into()));
    let model = world.json(&["models", "show", "fx_pullback"]);
    assert_eq!(model["metadata"]["report"]["model"]["version"], 1, "{model}");
    let told = world.run(&["models", "show", "fx_pullback", "--model-version", "1"]);
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(text.contains("learned from") && text.contains("EURUSD 1h"), "{}", shown(&told));
    world.refused(3, &["models", "show", "fx_pullback", "--model-version", "9"]);
}

#[test]
fn several_files_are_brought_in_by_their_names() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 600, 1);
    let csv = fs::read(world.path("data/EURUSD_1h.csv")).unwrap();
    let named = |name: &str| world.write(name, &csv).to_str().unwrap().to_owned();
    let (pound, kiwi, nobody) = (named("gbp_usd-H1.csv"), named("in/NZDUSD.1h.csv"), named("prices.csv"));

    let imported = world.json(&["data", "import", &pound, &kiwi])["imported"].clone();
    let symbols: Vec<&str> =
        imported.as_array().unwrap().iter().map(|one| one["data"]["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols, ["GBPUSD", "NZDUSD"]);
    world.refused_with(2, &["data", "import", &nobody], &["prices.csv", "--timeframe"]);
    world.refused_with(2, &["data", "import", &pound, &kiwi, "-s", "X"], &["--symbol is said of one file"]);
    world.refused_with(2, &["data", "import", &nobody, "-s", "X", "-t", "1H"], &["did you mean 1h?"]);
    assert_eq!(world.json(&["data", "import", &nobody, "-s", "X", "-t", "1h"])["data"]["symbol"], "X");
    // What names nothing is found before anything is brought in.
    world.refused_with(2, &["data", "import", &kiwi, &nobody, "--replace"], &["prices.csv"]);
}
