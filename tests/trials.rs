//! What a verdict pays for: every look at that stretch of time, whoever took it and whatever it was filed under.

use std::fmt::Write;

use serde_json::Value;

use crate::world::{World, shown};

const DAY_S: i64 = 86_400;

fn date(day: i64) -> String {
    ktrdr_domain::Timestamp(1_262_304_000 + day * DAY_S).to_string()
}

/// Days of a walk, every `step`th of them, at prices times `scale`; `volume` is in every line.
fn walk(seed: u64, step: usize, scale: f64, volume: u32) -> String {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    let (mut state, mut price) = (seed, 100.0_f64);
    for day in 0..1_500 {
        let open = price;
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        price *= 1.0 + 0.02 * ((state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5);
        let [low, high] = [open.min(price), open.max(price)].map(|x| x * scale);
        if day % step as i64 == 0 {
            let (open, close) = (open * scale, price * scale);
            writeln!(text, "{},{open},{high},{low},{close},{volume}", date(day)).unwrap();
        }
    }
    text
}

/// Long for `days`, flat for as many, and so on.
fn rhythm(days: i64) -> String {
    (0..1_500 / days).map(|turn| format!("{},{}\n", date(turn * days), (turn + 1) % 2)).collect()
}

fn evidence(world: &World, symbol: &str, timeframe: &str, campaign: &str, signals: &str) -> Value {
    examined(world, symbol, timeframe, campaign, signals)["evidence"].clone()
}

fn examined(world: &World, symbol: &str, timeframe: &str, campaign: &str, signals: &str) -> Value {
    let file = world.write("signals.csv", format!("timestamp,target\n{signals}"));
    let market = ["-s", symbol, "-t", timeframe, "--campaign", campaign, "--signals", file.to_str().unwrap()];
    world.json(&[&["backtest", "signals", "--local"], &market[..]].concat())
}

#[test]
fn trials_are_counted_by_instrument_and_time_not_by_campaign_file_or_timeframe() {
    let world = World::new();
    world.write("data/SHARE_1d.csv", walk(1, 1, 1.0, 7));
    let first = evidence(&world, "SHARE", "1d", "one", &rhythm(20));
    assert_eq!((&first["trials"], &first["different_trials"]), (&1.into(), &1.into()));

    let next = evidence(&world, "SHARE", "1d", "two", &rhythm(20));
    assert_eq!(next["trials"], 2, "another campaign begins at what was looked at before");
    assert_eq!(next["different_trials"], 1, "a copy is counted, and is no other idea");

    world.write("data/SHARE_1d.csv", walk(1, 1, 1.0, 8));
    let edited = evidence(&world, "SHARE", "1d", "three", &rhythm(50));
    assert_eq!((&edited["trials"], &edited["different_trials"]), (&3.into(), &2.into()), "another file");
    assert!(edited["luck_sharpe_daily"].as_f64() > next["luck_sharpe_daily"].as_f64(), "{edited}");

    world.write("data/SHARE_2d.csv", walk(1, 2, 1.0, 8));
    let slower = evidence(&world, "SHARE", "2d", "four", &rhythm(20));
    assert_eq!(slower["trials"], 4, "another timeframe");
    assert_eq!(slower["looks_at_window"], 4);
}

#[test]
fn looks_at_an_instrument_that_moves_with_this_one_are_counted_in_and_named() {
    let world = World::new();
    world.write("data/SHARE_1d.csv", walk(1, 1, 1.0, 7));
    world.write("data/TWIN_1d.csv", walk(1, 1, 2.5, 0));
    world.write("data/STRANGER_1d.csv", walk(2, 1, 1.0, 0));
    for symbol in ["SHARE", "STRANGER"] {
        assert_eq!(evidence(&world, symbol, "1d", "one", &rhythm(20))["trials"], 1, "{symbol}");
    }
    let report = examined(&world, "TWIN", "1d", "two", &rhythm(50));
    let twin = &report["evidence"];
    assert_eq!((&twin["trials"], &twin["looks_at_window"]), (&2.into(), &1.into()));
    assert_eq!(twin["correlated"], serde_json::json!(["SHARE"]));
    let card = shown(&world.run(&["backtest", "show", report["operation"].as_str().unwrap()]));
    assert!(card.contains("after 2 trials, with those of SHARE"), "{card}");
}

/// The same bars, one of whose prices is wrong.
fn with_a_bad_tick(bars: &str) -> String {
    let mut lines: Vec<String> = bars.lines().map(str::to_owned).collect();
    let mut fields: Vec<&str> = lines[400].split(',').collect();
    (fields[2], fields[4]) = ("1000", "900");
    lines[400] = fields.join(",");
    lines.join("\n") + "\n"
}

#[test]
fn neither_a_bad_price_nor_a_name_that_was_given_away_hides_a_look() {
    let world = World::new();
    let share = walk(1, 1, 1.0, 7);
    world.write("data/SHARE_1d.csv", share.clone());
    assert_eq!(evidence(&world, "SHARE", "1d", "one", &rhythm(20))["trials"], 1);
    world.write("data/TICKED_1d.csv", with_a_bad_tick(&share));
    assert_eq!(evidence(&world, "TICKED", "1d", "two", &rhythm(50))["trials"], 2);
    world.write("data/SHARE_1d.csv", walk(2, 1, 1.0, 0));
    world.write("data/AGAIN_1d.csv", share);
    let again = evidence(&world, "AGAIN", "1d", "three", &rhythm(30));
    assert_eq!(again["trials"], 3);
    assert_eq!(again["correlated"], serde_json::json!(["SHARE", "TICKED"]));
}
