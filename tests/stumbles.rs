//! What new users stumbled over, each kind once: bars of another length, times as other tools write them, mistakes in strategy files, names that
//! are nearly right, folders that are no workspace.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::client::{Served, block_on};
use crate::world::{World, shown};

const EXAMPLE: &str = include_str!("../strategies/fx_pullback.yaml");

const MARKET: [&str; 4] = ["--symbol", "EURUSD", "--timeframe", "1h"];

fn said(world: &World, arguments: &[&str]) -> String {
    let output = world.run(arguments);
    assert!(output.status.success(), "{}", shown(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Hourly bars from an hour on, counted from 2020-01-01.
fn hours(range: std::ops::Range<i64>) -> String {
    let mut csv = "timestamp,open,high,low,close,volume\n".to_owned();
    for hour in range {
        let time = chrono::DateTime::from_timestamp(1_577_836_800 + hour * 3_600, 0).unwrap();
        writeln!(csv, "{},1.1,1.2,1.0,1.15,0", time.format("%Y-%m-%dT%H:%M:%SZ")).unwrap();
    }
    csv
}

#[test]
fn longer_bars_are_made_of_stored_ones_and_a_strategy_says_which_it_lacks() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 600, 1);
    let text = EXAMPLE
        .replacen("timeframes: [1h]", "timeframes: [1h, 4h]", 1)
        .replace("trend, timeframes: [1h]", "trend, timeframes: [4h]");
    world.write("strategies/slow.yaml", text.replace("name: fx_pullback", "name: slow"));
    let checked = world.json(&["strategies", "validate", "slow"])["strategies"][0].clone();
    let lacks = json!([{ "symbol": "EURUSD", "timeframe": "4h", "run": "ktrdr data resample EURUSD 4h" }]);
    assert_eq!((&checked["valid"], &checked["missing"]), (&json!(true), &lacks));
    let line = "missing here: EURUSD 4h; make it with `ktrdr data resample EURUSD 4h`";
    assert!(said(&world, &["strategies", "validate", "slow"]).contains(line));

    world.refused_with(3, &["data", "check", "-s", "EURUSD", "-t", "4h"], &["ktrdr data resample EURUSD 4h"]);
    let made = world.json(&["data", "resample", "EURUSD", "4h"]);
    assert_eq!((&made["timeframe"], &made["synthetic"]), (&json!("4h"), &json!(true)));
    assert_eq!(world.json(&["strategies", "validate", "slow"])["strategies"][0]["missing"], json!([]));
    assert_eq!(world.json(&["data", "resample", "EURUSD", "4h"])["sha256"], made["sha256"], "the same again");
    world.refused_with(3, &["data", "resample", "EURUSD", "15m"], &["15m bars can be made of", "data list"]);
    world.refused_with(2, &["data", "resample", "EURUSD", "90m", "--from", "1h"], &["no multiple"]);
}

#[test]
fn bars_of_another_length_are_told_once_and_bars_of_the_future_not_taken() {
    let world = World::new();
    let file = world.write("eurusd.csv", hours(0..500));
    let import = |timeframe: &str| {
        let output = world.run(&["data", "import", file.to_str().unwrap(), "-s", "EURUSD", "-t", timeframe]);
        (output.status.code().unwrap(), shown(&output))
    };
    let (code, finer) = import("4h");
    assert!(code == 8 && finer.contains("these look like 1h bars, not 4h: `--timeframe 1h`"), "{finer}");
    assert!(!finer.contains("line 3"), "{finer}");
    let (code, coarser) = import("15m");
    assert!(code == 8 && coarser.contains("these look like 1h bars, not 15m"), "{coarser}");

    // In two years nobody has seen these.
    let ahead = chrono::Utc::now().timestamp() / 3_600 - 1_577_836_800 / 3_600 + 2 * 365 * 24;
    fs::write(&file, hours(ahead..ahead + 30)).unwrap();
    let (code, future) = import("1h");
    assert!(code == 8 && future.contains("has not begun yet") && future.contains("--date-order"), "{future}");
    assert!(!world.path("data/EURUSD_1h.csv").exists());
}

#[test]
fn fewer_generated_bars_leave_no_window_empty() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 6_000, 1);
    let fewer =
        ["data", "generate", "--symbol", "EURUSD", "--timeframe", "1h", "--bars", "2000", "--replace"];
    world.refused_with(8, &fewer, &["stay where they were fixed", "gate and vault"]);
    let more = ["data", "generate", "--symbol", "EURUSD", "--timeframe", "1h", "--bars", "7000", "--replace"];
    world.json(&more);
}

#[test]
fn signals_are_read_as_pandas_writes_them() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 3_000, 1);
    let trades = |csv: &str| {
        let file = world.write("targets.csv", csv);
        let run = [&["backtest", "signals", "--local"], &MARKET[..], &["--signals", file.to_str().unwrap()]]
            .concat();
        world.json(&run)["hashes"]["trades"].clone()
    };
    let plain = trades("timestamp,target\n2015-01-06T00:00:00Z,1\n2015-05-20T07:00:00Z,-1\n");
    for pandas in [
        ",target\n2015-01-06 00:00:00+00:00,1\n2015-05-20 07:00:00+00:00,-1\n",
        "Date,target\n2015-01-06,1.0\n2015-05-20 07:00:00,-1.0\n",
        "timestamp,target\n2015-01-06 02:00:00+02:00,1\n2015-05-20 07:00:00.000,-1\n",
    ] {
        assert_eq!(trades(pandas), plain, "{pandas}");
    }
}

#[test]
fn mistakes_in_strategy_files_are_met_by_what_was_meant() {
    let world = World::new();
    let found = |change: &dyn Fn(&str) -> String| {
        world.write("strategies/wrong.yaml", change(EXAMPLE));
        let output = world.run(&["strategies", "validate", "wrong"]);
        assert_eq!(output.status.code(), Some(8), "{}", shown(&output));
        shown(&output)
    };
    assert!(found(&|text| text.replacen("period:", "length:", 1)).contains("write period"));
    let exits = |exits: &'static str| move |text: &str| text.replace("max_holding_bars: 48", exits);
    let percent = found(&exits("stop_loss: 1.5%"));
    assert!(percent.contains("1.5% is 0.015"), "{percent}");
    let trailing = found(&exits("trailing_stop: 0.01"));
    assert!(trailing.contains("a trailing stop hangs on the way within each bar"), "{trailing}");
    let unequal = found(&|text| text.replacen("barrier: 3.0", "barrier: 3.0, upper_barrier: 3.0", 1));
    assert!(unequal.contains("barriers are symmetric"), "{unequal}");
}

#[test]
fn nearly_right_names_are_met_by_the_right_ones() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 600, 1);
    world.write("strategies/mine.yaml", EXAMPLE.replace("name: fx_pullback", "name: mine"));
    world.refused_with(3, &["data", "check", "-s", "EURUDS", "-t", "1h"], &["did you mean EURUSD?"]);
    world.refused_with(3, &["strategies", "validate", "mien"], &["did you mean mine?"]);
    world.refused_with(3, &["data", "windows", "EURUDS"], &["did you mean EURUSD?"]);
    world.write("models/mine/1h_v1/manifest.json", "{}");
    for trained in [&["models", "show", "mien"][..], &["models", "importance", "mien"]] {
        world.refused_with(3, trained, &["did you mean mine?"]);
    }
    let backtest = ["backtest", "run", "--local", "--strategy", "mien"];
    world.refused_with(3, &[&backtest[..], &MARKET[..]].concat(), &["did you mean mine?"]);
    for (words, meant) in
        [(&["jobs"][..], "operations list"), (&["lessons"], "memory list"), (&["trials"], "ledger trials")]
    {
        world.refused_with(2, words, &[meant]);
    }
}

#[test]
fn who_only_looks_makes_no_workspace() {
    let world = World::new();
    fs::remove_dir(world.path("data")).unwrap();
    for look in [
        &["operations", "list"][..],
        &["memory", "list"],
        &["ledger", "trials"],
        &["agent", "status"],
        &["data", "list"],
    ] {
        world.refused_with(3, look, &["no workspace at", "`ktrdr init` makes one"]);
        assert_eq!(fs::read_dir(world.folder()).unwrap().count(), 0, "{look:?}");
    }
    world.json(&["init"]);
    assert_eq!(world.json(&["operations", "list"])["total"], 0);
}

#[test]
fn a_backtest_shows_what_it_cost_how_trades_ended_and_the_market_beside() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 3_000, 1);
    let file =
        world.write("targets.csv", "timestamp,target\n2015-01-06T00:00:00Z,1\n2015-05-20T07:00:00Z,-1\n");
    let run =
        [&["backtest", "signals", "--local"], &MARKET[..], &["--signals", file.to_str().unwrap()]].concat();
    world.json(&run);
    let card = said(&world, &["backtest", "show", "@last"]);
    for part in ["costs         commission", "exits ", "trades ", "buy & hold", "equity        "] {
        assert!(card.contains(part), "{part}: {card}");
    }
    assert!(card.contains(['▁', '█']), "{card}");
}

#[test]
fn a_cycle_that_a_gate_stopped_explains_itself_and_a_second_campaign_is_told_what_it_repeats() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 3_000, 1);
    let run = |name: &str, more: &[&str]| {
        let first = ["research", "run", "--local", "--cycles", "1", "--campaign", name];
        let output = world.run(&[&first[..], &MARKET, more].concat());
        assert!(output.status.success(), "{}", shown(&output));
        shown(&output)
    };
    let alone = run("first", &["--brief", "calm markets"]);
    assert!(alone.contains("the brief is not read: local"), "{alone}");
    let again = run("second", &[]);
    assert!(again.contains("the campaign first has the seed 7 too") && again.contains("--seed"), "{again}");
    let stopped = world.operations().into_iter().find(|row| row["reason"] == "gate").unwrap();
    let told = world.json(&["operations", "explain", stopped["id"].as_str().unwrap()]);
    let reason: &Value = &told["reasons"][0];
    assert_eq!((&reason["why"], &told["status"]), (&json!("gate"), &json!("failed")), "{told}");
    let message = reason["message"].as_str().unwrap();
    assert!(
        message.starts_with("the ") && message.contains(" gate said ") && message.contains(": "),
        "{message}"
    );
    assert!(reason["run"].as_str().unwrap().starts_with("ktrdr report "), "{told}");
}

#[test]
fn volume_that_is_read_and_not_there_is_a_warning() {
    let world = World::new();
    let file = world.write("EURUSD_1h.csv", hours(0..500));
    world.json(&["data", "import", file.to_str().unwrap()]);
    let loud = EXAMPLE.replace("{type: rsi, period: 14}", "{type: mfi, period: 14}");
    world.write("strategies/loud.yaml", loud.replace("name: fx_pullback", "name: loud"));
    let checked = said(&world, &["strategies", "validate", "loud"]);
    assert!(checked.contains("EURUSD 1h has no volume, and rsi_14 read it"), "{checked}");
}

#[test]
fn a_check_of_data_lists_what_it_speaks_of() {
    let world = World::new();
    let gap = hours(0..300).replace("2020-01-08T10:00:00Z,1.1,1.2,1.0,1.15,0\n", "");
    let gap: String = gap
        .lines()
        .filter(|line| !line.starts_with("2020-01-09T1"))
        .map(|line| format!("{line}\n"))
        .collect();
    let file = world.write("EURUSD_1h.csv", gap);
    world.json(&["data", "import", file.to_str().unwrap()]);
    let told = said(&world, &["data", "check", "-s", "EURUSD", "-t", "1h"]);
    assert!(told.contains("2020-01-09T10:00:00Z … 2020-01-09T20:00:00Z unexpected"), "{told}");
}

#[test]
fn pages_say_which_methods_they_take_and_a_link_out_of_the_workspace_is_no_fault_of_the_server() {
    let world = World::new();
    let outside = World::new();
    outside.write("secret.yaml", EXAMPLE);
    fs::create_dir(world.path("strategies")).unwrap();
    symlink(outside.path("secret.yaml"), world.path("strategies/linked.yaml")).unwrap();
    let served = Served::up(&world, &[]);
    block_on(async {
        for method in [Method::PUT, Method::OPTIONS, Method::DELETE, Method::PATCH] {
            let page = format!("http://{}/operations", served.address);
            let response = served.http.request(method.clone(), page).send().await.unwrap();
            assert_eq!(response.status().as_u16(), 405, "{method}");
            assert_eq!(response.headers()["allow"], "GET, HEAD, POST", "{method}");
        }
        let (status, told) = served.get("/strategies/linked").await;
        assert!((400..500).contains(&status), "{status} {told}");
        assert!(told["detail"].as_str().unwrap().contains("out of the workspace"), "{told}");
    });
}
