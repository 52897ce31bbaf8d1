//! Leaks injected on purpose, by every way in: each is caught, and the test names what caught it.
//!
//! Of code that looks ahead there is none to inject: features and decisions of such kind are in `ktrdr-quant`'s tests of
//! the leakage proof.

use std::fmt::Write;

use serde_json::Value;

use crate::world::{World, shown};

const DAY_S: i64 = 86_400;

/// One line of a file of bars.
#[derive(Debug, Clone, Copy)]
struct Bar {
    time: i64,
    prices: [f64; 4],
    volume: f64,
}

fn bars(world: &World, name: &str) -> Vec<Bar> {
    let text = std::fs::read_to_string(world.path(name)).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("20"));
    let bar = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse().unwrap();
        let time = chrono::DateTime::parse_from_rfc3339(cells[0]).unwrap().timestamp();
        Bar { time, prices: [1, 2, 3, 4].map(number), volume: number(5) }
    };
    rows.map(bar).collect()
}

fn stamp(time: i64) -> String {
    chrono::DateTime::from_timestamp(time, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn file(bars: &[Bar]) -> String {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    for Bar { time, prices: [open, high, low, close], volume } in bars {
        writeln!(text, "{},{open},{high},{low},{close},{volume}", stamp(*time)).unwrap();
    }
    text
}

/// Days made of hours, stamped `early_s` before they begin.
fn days(hours: &[Bar], early_s: i64) -> Vec<Bar> {
    longer(hours, DAY_S, early_s)
}

/// Bars of `length_s` made of hours, stamped `early_s` before they begin.
fn longer(hours: &[Bar], length_s: i64, early_s: i64) -> Vec<Bar> {
    let mut made: Vec<Bar> = Vec::new();
    for bar in hours {
        let time = bar.time.div_euclid(length_s) * length_s - early_s;
        match made.last_mut() {
            Some(long) if long.time == time => {
                long.prices[1] = long.prices[1].max(bar.prices[1]);
                long.prices[2] = long.prices[2].min(bar.prices[2]);
                long.prices[3] = bar.prices[3];
            }
            _ => made.push(Bar { time, ..*bar }),
        }
    }
    made
}

/// Long before each bar that rises, short before each that falls.
fn hindsight(bars: &[Bar]) -> String {
    let mut text = "timestamp,target\n".to_owned();
    for pair in bars.windows(2) {
        let target = if pair[1].prices[3] > pair[1].prices[0] { 1 } else { -1 };
        writeln!(text, "{},{target}", stamp(pair[0].time)).unwrap();
    }
    text
}

const TRAIN: [&str; 5] = ["training", "run", "--local", "--strategy", "fx_pullback"];
const EXAMINE: [&str; 9] =
    ["backtest", "run", "--local", "--strategy", "fx_pullback", "--symbol", "EURUSD", "--timeframe", "1h"];

/// A world with hours of EURUSD and the example strategy.
fn with_hours(hours: u32) -> World {
    let world = World::new();
    world.generate("EURUSD", "random-walk", hours, 3);
    world.example("fx_pullback");
    world
}

/// The example strategy, which reads momentum on a longer timeframe as well, under the same name.
fn reads(world: &World, longer: &str) {
    let text = include_str!("../strategies/fx_pullback.yaml")
        .replace("timeframes: [1h]\n", &format!("timeframes: [1h, {longer}]\n  base_timeframe: 1h\n"))
        .replace(
            "{fuzzy_set: momentum, timeframes: [1h]}",
            &format!("{{fuzzy_set: momentum, timeframes: [1h, {longer}]}}"),
        );
    world.write("strategies/fx_pullback.yaml", text);
}

fn import(world: &World, bars: &[Bar], timeframe: &str, more: &[&str]) -> std::process::Output {
    let file = world.write(&format!("raw_{timeframe}.csv"), file(bars));
    let market = ["data", "import", file.to_str().unwrap(), "--symbol", "EURUSD", "--timeframe", timeframe];
    world.run(&[&market[..], more].concat())
}

/// What a command said that had to fail.
fn refused(output: &std::process::Output, words: &[&str]) {
    let said = shown(output);
    assert!(!output.status.success(), "{said}");
    words.iter().for_each(|word| assert!(said.contains(word), "{word:?} is not said:\n{said}"));
}

// ---- columns

#[test]
fn a_volume_that_holds_the_next_bars_is_refused_by_name_before_training() {
    let world = with_hours(4_000);
    let mut hours = bars(&world, "data/EURUSD_1h.csv");
    for at in 0..hours.len() - 12 {
        hours[at].volume = 1e6 * (1.0 + hours[at + 12].prices[3] / hours[at].prices[3] - 1.0);
    }
    world.write("data/EURUSD_1h.csv", file(&hours));
    refused(&world.run(&TRAIN), &["the column EURUSD 1h volume goes with the return of the next bar"]);
}

#[test]
fn a_column_of_another_series_that_holds_the_next_bars_is_refused_by_name() {
    let world = with_hours(6_000);
    reads(&world, "2h");
    let mut pairs = longer(&bars(&world, "data/EURUSD_1h.csv"), 7_200, 0);
    // Honest stamps and prices, and a volume that tells what the next two hours will do.
    for at in 0..pairs.len() - 1 {
        pairs[at].volume = 1e6 * pairs[at + 1].prices[3] / pairs[at].prices[3];
    }
    world.write("data/EURUSD_2h.csv", file(&pairs));
    refused(&world.run(&TRAIN), &["the column EURUSD 2h volume goes with the return of the next bar"]);
}

// ---- stamps

#[test]
fn days_stamped_a_day_early_are_refused_at_import_and_taken_as_stamped_at_the_close() {
    let world = with_hours(6_000);
    let hours = bars(&world, "data/EURUSD_1h.csv");
    let early = import(&world, &days(&hours, DAY_S), "1d", &[]);
    refused(&early, &["EURUSD 1d is stamped 24 hours early", "basis points", "--stamp close"]);
    // Stamped with the end of the day, and read as such.
    let at_close = days(&hours, -DAY_S);
    let taken = import(&world, &at_close, "1d", &["--stamp", "close"]);
    assert!(taken.status.success(), "{}", shown(&taken));
    assert_eq!(bars(&world, "data/EURUSD_1d.csv")[0].time, at_close[0].time - DAY_S);
}

#[test]
fn hours_beside_days_that_are_stamped_early_are_refused_at_import() {
    let world = with_hours(6_000);
    let hours = bars(&world, "data/EURUSD_1h.csv");
    std::fs::remove_file(world.path("data/EURUSD_1h.csv")).unwrap();
    assert!(import(&world, &days(&hours, DAY_S), "1d", &[]).status.success(), "nothing to compare with yet");
    refused(&import(&world, &hours, "1h", &[]), &["EURUSD 1d is stamped 24 hours early"]);
}

#[test]
fn days_put_beside_hours_past_the_import_are_refused_in_training() {
    let world = with_hours(6_000);
    reads(&world, "1d");
    let early = file(&days(&bars(&world, "data/EURUSD_1h.csv"), DAY_S));
    world.write("data/EURUSD_1d.csv", early);
    refused(&world.run(&TRAIN), &["EURUSD 1d is stamped 24 hours early"]);
}

#[test]
fn days_exchanged_after_training_are_refused_in_the_backtest() {
    let world = with_hours(6_000);
    reads(&world, "1d");
    let hours = bars(&world, "data/EURUSD_1h.csv");
    world.write("data/EURUSD_1d.csv", file(&days(&hours, 0)));
    world.json(&TRAIN);
    world.write("data/EURUSD_1d.csv", file(&days(&hours, DAY_S)));
    refused(&world.run(&EXAMINE), &["EURUSD 1d is stamped 24 hours early"]);
}

// ---- in-sample: configuration, environment, pool

/// The report is branded in JSON, on the card and in the list, is no look, and passes no gate.
fn is_branded(world: &World, report: &Value) {
    let learned = &report["in_sample"]["learned"];
    assert_eq!(learned["timeframe"], "1h", "{}", report["in_sample"]);
    assert!(report["evidence"]["deflated_sharpe"].is_null());
    let why = report["undefined"]["deflated_sharpe"].as_str().unwrap();
    assert!(why.contains("in-sample: the model learned from"), "{why}");
    let id = report["operation"].as_str().unwrap();
    for command in [&["backtest", "show", id][..], &["operations", "list"]] {
        let said = shown(&world.run(command));
        assert!(said.contains("IN-SAMPLE: the model learned from"), "{command:?}: {said}");
    }
}

/// Trained on dev as it was fixed, whatever would have been configured, and so examined on what it never saw.
fn is_honest(report: &Value) {
    assert_eq!(report["window_kind"], "gate");
    assert!(report["in_sample"].is_null(), "{report}");
    assert_eq!(report["evidence"]["looks_at_window"], 1);
}

#[test]
fn a_training_with_other_windows_in_the_file_keeps_to_those_that_were_fixed() {
    let world = with_hours(5_000);
    let settings = world.write("ktrdr.toml", "[windows.shares]\ndev = 0.84\ngate = 0.08\n");
    world.json(&TRAIN);
    std::fs::remove_file(settings).unwrap();
    is_honest(&world.json(&EXAMINE));
}

#[test]
fn a_training_with_other_windows_in_the_environment_keeps_to_those_that_were_fixed() {
    let world = with_hours(5_000);
    let mut command = world.command(&TRAIN);
    command.env("KTRDR_WINDOWS__SHARES__DEV", "0.84").env("KTRDR_WINDOWS__SHARES__GATE", "0.08");
    let trained = command.output().unwrap();
    assert!(trained.status.success(), "{}", shown(&trained));
    is_honest(&world.json(&EXAMINE));
}

#[test]
fn a_pool_with_a_symbol_that_began_later_learns_up_to_the_earliest_gate_of_both() {
    let world = with_hours(12_000);
    let begins = ["--start", "2015-07-06", "--bars", "12000", "--seed", "4"];
    world.json(&[&["data", "generate", "--symbol", "NZDUSD", "--timeframe", "1h"], &begins[..]].concat());
    let trained = world.json(&[&TRAIN[..], &["--symbol", "EURUSD,NZDUSD"]].concat());
    let gate = world.json(&["data", "windows", "EURUSD"])["windows"]["gate"].clone();
    assert_eq!(trained["window"]["end"], gate["start"]);
    is_honest(&world.json(&EXAMINE));
}

#[test]
fn a_longer_file_moves_no_exam_and_what_was_learned_stays_outside_it() {
    let world = with_hours(8_000);
    let hours = bars(&world, "data/EURUSD_1h.csv");
    let began = World::new();
    began.example("fx_pullback");
    assert!(import(&began, &hours[..5_000], "1h", &[]).status.success());
    let before = began.json(&["data", "windows", "EURUSD"])["windows"].clone();
    began.json(&TRAIN);
    let longer = import(&began, &hours, "1h", &["--replace"]);
    assert!(longer.status.success(), "{}", shown(&longer));
    let after = began.json(&["data", "windows", "EURUSD"])["windows"].clone();
    assert_eq!((&after["dev"], &after["gate"]), (&before["dev"], &before["gate"]));
    assert_eq!(after["vault"]["start"], before["vault"]["start"]);
    assert!(after["vault"]["end"].as_str() > before["vault"]["end"].as_str(), "{after}");
    is_honest(&began.json(&EXAMINE));
}

#[test]
fn a_model_that_was_let_into_the_vault_is_in_sample_at_every_exam_there() {
    let world = with_hours(5_000);
    world.json(&[&TRAIN[..], &["--open-vault", "the last network before trading"]].concat());
    let report = world.json(&EXAMINE);
    is_branded(&world, &report);
    assert_eq!(report["evidence"]["looks_at_window"], 2, "the training, which traded there, and this one");
    assert_eq!(report["evidence"]["vault_openings"], 1);
}

#[test]
fn signals_do_not_see_the_vault_in_passing() {
    let world = with_hours(5_000);
    let signals = world.write("signals.csv", hindsight(&bars(&world, "data/EURUSD_1h.csv")));
    let replay = ["backtest", "signals", "--local", "--symbol", "EURUSD", "--timeframe", "1h", "--signals"];
    let replay = [&replay[..], &[signals.to_str().unwrap()]].concat();
    assert_eq!(world.json(&replay)["window_kind"], "gate");
    let into_the_vault = [&replay[..], &["--end-date", "2015-10-01"]].concat();
    world.refused_with(
        7,
        &into_the_vault,
        &["vault_closed", "2015-10-02", "vault window (2015-09", "--open-vault"],
    );
}

#[test]
fn a_model_shown_its_own_dev_is_in_sample_and_no_look() {
    let world = with_hours(5_000);
    world.json(&TRAIN);
    let dev = ["--start-date", "2015-04-01", "--end-date", "2015-06-01"];
    let report = world.json(&[&EXAMINE[..], &dev].concat());
    is_branded(&world, &report);
    assert_eq!(report["evidence"]["looks_at_window"], 0);
    assert_eq!(world.json(&["ledger", "trials"])["trials"], serde_json::json!([]));
}

// ---- split

#[test]
fn a_strategy_file_that_reaches_into_the_gate_is_refused() {
    let world = with_hours(5_000);
    let text = include_str!("../strategies/fx_pullback.yaml")
        .replace("timeframes: [1h]\n", "timeframes: [1h]\n  end_date: 2015-08-01\n");
    world.write("strategies/fx_pullback.yaml", text);
    world.refused_with(7, &TRAIN, &["gate", "dev"]);
}

#[test]
fn a_training_told_to_go_on_into_the_vault_is_refused() {
    let world = with_hours(5_000);
    let until_the_end = [&TRAIN[..], &["--start-date", "2015-09-20", "--end-date", "2015-10-15"]].concat();
    world.refused_with(7, &until_the_end, &["vault_closed", "--open-vault"]);
}

#[test]
fn a_job_that_was_submitted_with_other_windows_than_are_in_force_is_refused_by_the_worker() {
    let world = with_hours(5_000);
    let id = world.submit(&["training", "run", "--strategy", "fx_pullback"]).remove(0);
    world.json(&["data", "roll-windows", "EURUSD", "--reason", "between submit and claim", "--yes"]);
    let _engine = world.up(&[]);
    let ended = crate::world::wait_for("the refusal", || {
        Some(world.operation(&id)).filter(|row| row["status"] == "failed")
    });
    assert_eq!(ended["reason"], "refused");
    assert!(ended["error"].as_str().unwrap().contains("submitted with other windows"), "{ended}");
}

// ---- labels, and readings that repaint

#[test]
fn labels_repainting_readings_and_negative_lags_are_refused_as_inputs() {
    let world = World::new();
    let example = include_str!("../strategies/fx_pullback.yaml");
    let leaks = [
        ("a label that repaints", "rsi_14:    {type: rsi, period: 14}", "rsi_14: {type: zigzag}", "zigzag"),
        (
            "a lag into the future",
            "{fuzzy_set: momentum, timeframes: [1h]}",
            "{fuzzy_set: momentum, timeframes: [1h], lags: -1}",
            "lags",
        ),
        (
            "the label itself",
            "{fuzzy_set: momentum, timeframes: [1h]}",
            "{raw_indicator: triple_barrier, timeframes: [1h]}",
            "triple_barrier",
        ),
    ];
    for (leak, honest, leaking, named) in leaks {
        assert!(example.contains(honest), "{honest}");
        world.write("strategies/fx_pullback.yaml", example.replace(honest, leaking));
        let output = world.run(&["strategies", "validate", "fx_pullback"]);
        assert!(!output.status.success(), "{leak}: {}", shown(&output));
        assert!(shown(&output).contains(named), "{leak}: {}", shown(&output));
    }
}

// ---- results

#[test]
fn signals_made_with_hindsight_are_quarantined_by_their_figures() {
    let world = with_hours(5_000);
    let signals = world.write("signals.csv", hindsight(&bars(&world, "data/EURUSD_1h.csv")));
    let replay = ["backtest", "signals", "--local", "--symbol", "EURUSD", "--timeframe", "1h", "--signals"];
    let replay = [&replay[..], &[signals.to_str().unwrap(), "--start-date", "2015-01-05"]].concat();
    let report = world.json(&replay);
    let findings = report["quarantine"].as_array().unwrap();
    assert!(findings.iter().any(|f| f.as_str().unwrap().starts_with("a Sharpe ratio of ")), "{findings:?}");
    let card = shown(&world.run(&["backtest", "show", report["operation"].as_str().unwrap()]));
    assert!(card.contains("QUARANTINED: a Sharpe ratio of") && !card.contains("net return"), "{card}");
    assert!(shown(&world.run(&["operations", "list"])).contains("QUARANTINED"));
}

// ---- files exchanged behind the platform's back

#[test]
fn a_model_whose_memory_of_what_it_learned_was_edited_is_refused() {
    let world = with_hours(5_000);
    world.json(&TRAIN);
    let name = "models/fx_pullback/1h_v1/metadata.json";
    let honest = std::fs::read_to_string(world.path(name)).unwrap();
    let edited = honest.replacen("\"learned\": [", "\"learned\": [ ", 1);
    assert_ne!(honest, edited);
    world.write(name, edited);
    refused(&world.run(&EXAMINE), &["metadata.json", "changed or damaged"]);
}

#[test]
fn bars_exchanged_between_submit_and_run_are_refused() {
    let world = with_hours(5_000);
    let id = world.submit(&["training", "run", "--strategy", "fx_pullback"]).remove(0);
    let mut hours = bars(&world, "data/EURUSD_1h.csv");
    hours[4_000].volume += 1.0;
    world.write("data/EURUSD_1h.csv", file(&hours));
    let _engine = world.up(&[]);
    let ended = crate::world::wait_for("the refusal", || {
        Some(world.operation(&id)).filter(|row| row["status"] == "failed")
    });
    assert!(ended["error"].as_str().unwrap().contains("sha256"), "{ended}");
}
