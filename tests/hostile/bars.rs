//! Files of bars: refused with line numbers, never repaired.

use crate::world::{World, shown};

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

/// A row at an hour with the rest as given.
fn row(hour: u32, rest: &str) -> String {
    format!("2020-01-06T{hour:02}:00:00Z,{rest}\n")
}

/// Hostile files that neither reader takes, with words of the refusal.
fn refused_by_all() -> Vec<(Vec<u8>, &'static [&'static str])> {
    let good = row(0, "1,2,0.5,1.5,10");
    let with = |rows: &[String]| format!("{HEADER}{}", rows.concat()).into_bytes();
    vec![
        (Vec::new(), &["empty"]),
        (HEADER.into(), &["no bar follows the header"]),
        (with(&[good.clone(), "2020-01-06T01:00:00Z,1,2,0.5".into()]), &["line 3", "4 fields instead of 6"]),
        (format!("open,high,low,close,volume\n{good}").into(), &["line 1", "no column"]),
        (with(&[good.clone(), good.clone()]), &["line 3", "same as in the row before"]),
        (with(&[row(2, "1,2,0.5,1.5,10"), row(3, "1,2,0.5,1.5,10"), good.clone()]), &["sort"]),
        (with(&[row(0, "1,0.4,0.5,1.5,10")]), &["line 2", "high 0.4 is below low 0.5"]),
        (with(&[row(0, "1,2,0.5,2.5,10")]), &["line 2", "close 2.5"]),
        (with(&[row(0, "1,NaN,0.5,1.5,10")]), &["line 2", "high is NaN"]),
        (with(&[row(0, "1,inf,0.5,1.5,10")]), &["line 2", "high is inf"]),
        (with(&[row(0, "1,1e400,0.5,1.5,10")]), &["line 2", "high is inf"]),
        (with(&[row(0, "-1,2,-1,1.5,10")]), &["line 2", "not above 0"]),
        (with(&[row(0, "0,2,0,1.5,10")]), &["line 2", "not above 0"]),
        (with(&[row(0, "one,2,0.5,1.5,10")]), &["line 2", "one"]),
        (with(&["2020-13-40T99:00:00Z,1,2,0.5,1.5,10\n".into()]), &["line 2", "is no time"]),
        (with(&["99999999-01-01T00:00:00Z,1,2,0.5,1.5,10\n".into()]), &["line 2", "is no time"]),
        (b"\x00\x9f\x92\x96\x1b[2J\n".repeat(1_000), &["line 1", "header"]),
        (vec![b'x'; 3_000_000], &["line 1", "header"]),
    ]
}

#[test]
fn every_hostile_file_of_bars_is_refused_with_its_lines_and_leaves_no_series() {
    let world = World::new();
    for (text, words) in refused_by_all() {
        let file = world.write("bad.csv", &text);
        let import = ["data", "import", file.to_str().unwrap(), "-s", "BAD", "-t", "1h"];
        let imported = world.refused(8, &import);
        assert!(!world.path("data/BAD_1h.csv").exists(), "{imported}");
        world.write("data/BAD_1h.csv", &text);
        let checked = world.refused(8, &["data", "check", "-s", "BAD", "-t", "1h"]);
        std::fs::remove_file(world.path("data/BAD_1h.csv")).unwrap();
        for said in [imported, checked] {
            assert!(words.iter().all(|w| said.contains(w)), "not all of {words:?} in {said}");
            assert!(said.len() < 4_000 && !said.contains('\u{1b}'), "{said:?}");
        }
    }
    world.still_works();
}

#[test]
fn a_workspace_file_must_be_in_the_projects_own_layout_and_says_which_part_is_not() {
    let world = World::new();
    let zoneless = format!("{HEADER}2020-01-06 00:00:00,1,2,0.5,1.5,10\n");
    let reordered = format!("timestamp,close,open,high,low,volume\n{}", row(0, "1.5,1,2,0.5,10"));
    let cut_off = format!("{HEADER}{}", row(0, "1,2,0.5,1.5,10").trim_end());
    for (text, words) in [
        (zoneless, ["line 2", "time zone"]),
        (reordered, ["line 1", "reorder the columns"]),
        (cut_off, ["line 2", "no line end"]),
    ] {
        let file = world.write("data/BAD_1h.csv", &text);
        world.refused_with(8, &["data", "check", "-s", "BAD", "-t", "1h"], &words);
        world.refused_with(8, &["research", "run", "--local", "-s", "BAD", "-t", "1h"], &words);
        // An import understands both, says what it assumed, and writes our layout.
        let file = file.to_str().unwrap();
        let imported = world.json(&["data", "import", file, "-s", "BAD", "-t", "1h", "--replace"]);
        assert_eq!(imported["data"]["span"]["start"], "2020-01-06T00:00:00Z", "{imported}");
        world.json(&["data", "check", "-s", "BAD", "-t", "1h"]);
    }
}

#[test]
fn other_zones_are_turned_into_utc_and_replacing_is_asked_for() {
    let world = World::new();
    let rows = ["00", "01"].map(|h| format!("2020-01-06T{h}:00:00+05:00,1,2,0.5,1.5,10\n"));
    let file = world.write("zone.csv", format!("{HEADER}{}", rows.concat()));
    let import = ["data", "import", file.to_str().unwrap(), "-s", "ZONE", "-t", "1h"];
    assert_eq!(world.json(&import)["data"]["span"]["start"], "2020-01-05T19:00:00Z");
    world.write("zone.csv", format!("{HEADER}{}", row(0, "1,2,0.5,1.5,10")));
    world.refused_with(7, &import, &["data/ZONE_1h.csv", "exists already", "--replace"]);
    world.refused_with(3, &["data", "import", "nowhere.csv", "-s", "X", "-t", "1h"], &["nowhere.csv"]);
}

#[test]
fn prices_that_no_arithmetic_survives_never_end_as_completed_without_trades() {
    let world = World::trained();
    for (symbol, scale) in [("HUGE", 1e300), ("TINY", 1e-300)] {
        let rows = (0..5_000u32).map(|i| {
            let time = 1_420_416_000 + i64::from(i) * 3_600;
            let price = scale * f64::from(1 + i % 3);
            let time = ktrdr_domain::Timestamp(time);
            format!("{time},{price},{price},{price},{price},0\n")
        });
        world.write(&format!("data/{symbol}_1h.csv"), format!("{HEADER}{}", rows.collect::<String>()));
        let market = ["--local", "--symbol", symbol, "--timeframe", "1h"];
        let said =
            world.refused(8, &[&["backtest", "run", "--strategy", "fx_pullback"], &market[..]].concat());
        assert!(said.contains("line 2") && said.contains("out of range"), "{said}");
    }
    world.still_works();
}

#[test]
fn a_backtest_names_an_empty_stretch_and_too_few_bars() {
    let world = World::trained();
    let run = |dates: &[&'static str]| {
        let fixed = ["backtest", "run", "--local", "-S", "fx_pullback", "-s", "EURUSD", "-t", "1h"];
        [&fixed[..], dates].concat()
    };
    world.refused_with(8, &run(&["--start-date", "2030-01-01"]), &["no bars", "covers 2015-01-05"]);
    world.refused_with(
        2,
        &run(&["--start-date", "2015-02-03", "--end-date", "2015-02-01"]),
        &["2015-02-03", "is not before"],
    );
    let one_day = ["--start-date", "2015-08-19", "--end-date", "2015-08-19"];
    world.refused_with(8, &run(&one_day), &["EURUSD 1h has 24 bars", "at least 50", "longer stretch"]);
    world.refused_with(2, &run(&["--commission-rate", "-1"]), &["commission_rate", "-1"]);
    world.refused_with(2, &run(&["--initial-capital", "NaN"]), &["initial_capital is NaN"]);
    world.refused_with(2, &run(&["--units", "1e308"]), &["fixed_units is 1e308", "at most 1e12"]);
    let failed = world.operations();
    let completed = failed.iter().filter(|o| o["type"] == "backtesting" && o["status"] == "completed");
    assert_eq!(completed.count(), 0);
    let done = world.run(&run(&[]));
    assert!(done.status.success(), "{}", shown(&done));
}
