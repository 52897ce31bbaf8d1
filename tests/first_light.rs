//! One honest research cycle by hand, step by step: import → validate → train → backtest → replay.

use std::path::Path;

use serde_json::Value;

use crate::world::{Engine, World, on_each_engine, real_data};

on_each_engine!(
    a_strategy_goes_by_hand_from_generated_bars_to_a_replayed_backtest,
    a_strategy_goes_by_hand_from_real_hourly_euro_bars_to_a_replayed_backtest,
    training_on_an_exam_is_refused,
);

/// Everything a user does with one strategy on one series, with what must hold after each step.
fn by_hand(world: &World, strategy: &str, symbol: &str, timeframe: &str) {
    world.example(strategy);
    let checked = world.json(&["strategies", "validate", strategy]);
    assert_eq!(checked["strategies"][0]["valid"], true, "{checked}");

    let trained = world.json(&["training", "run", "--local", "--strategy", strategy, "--symbol", symbol]);
    assert!(trained["test"]["loss"].as_f64().unwrap().is_finite(), "{trained}");
    assert!(trained["rows"][2].as_u64().unwrap() > 100);

    let market = ["--symbol", symbol, "--timeframe", timeframe];
    let report = world.json(&[&["backtest", "run", "--local", "--strategy", strategy], &market[..]].concat());
    finite_or_explained(&report);
    assert_eq!(report["window_kind"], "gate");
    assert_eq!(report["equity"].as_array().unwrap().len() as u64, report["bars"].as_u64().unwrap());
    assert_eq!(
        report["trades"].as_array().unwrap().len() as u64,
        report["metrics"]["total_trades"].as_u64().unwrap()
    );
    assert_eq!(report["evidence"]["leakage_proof"], true);

    let id = report["operation"].as_str().unwrap();
    let replayed = world.json(&["replay", id, "--local"]);
    assert_eq!(replayed["same"], true, "{replayed}");
    assert_eq!(replayed["trades_sha256"], report["hashes"]["trades"]);

    let listed = world.json(&["operations", "list", "--type", "training"]);
    assert_eq!(listed["operations"][0]["status"], "completed");
    let status = world.json(&["operations", "status", id]);
    assert_eq!(status["operation"]["result"]["hashes"], report["hashes"]);
    let trials = world.json(&["ledger", "trials"]);
    assert_eq!(trials["trials"].as_array().unwrap().iter().filter(|t| t["origin"] == "person").count(), 1);
}

/// Headline figures are finite numbers, or null with a reason beside them.
fn finite_or_explained(report: &Value) {
    for figure in
        ["sharpe_ratio", "win_rate", "max_drawdown", "max_drawdown_pct", "total_return", "total_return_pct"]
    {
        let explained = report["undefined"][figure].is_string();
        assert!(report["metrics"][figure].is_f64() || explained, "{figure}: {}", report["metrics"]);
    }
    assert!(report["metrics"]["total_return"].is_f64());
    assert!(report["conventions"].as_object().is_some_and(|c| !c.is_empty()));
}

fn a_strategy_goes_by_hand_from_generated_bars_to_a_replayed_backtest(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 12_000, 3);
    by_hand(&world, "fx_pullback", "EURUSD", "1h");
}

fn import(world: &World, folder: &Path, symbol: &str, timeframe: &str) {
    let file = folder.join(format!("{symbol}_{timeframe}.csv"));
    let imported =
        world.json(&["data", "import", file.to_str().unwrap(), "--symbol", symbol, "--timeframe", timeframe]);
    assert_eq!(imported["data"]["synthetic"], false);
    assert!(imported["bars"].as_u64().unwrap() > 1_000);
}

fn a_strategy_goes_by_hand_from_real_hourly_euro_bars_to_a_replayed_backtest(engine: Engine) {
    let Some(folder) = real_data() else { return };
    let world = World::on(engine);
    import(&world, &folder, "EURUSD", "1h");
    by_hand(&world, "fx_pullback", "EURUSD", "1h");
}

#[test]
fn a_strategy_goes_by_hand_from_real_daily_shares_to_a_replayed_backtest() {
    let Some(folder) = real_data() else { return };
    let world = World::new();
    import(&world, &folder, "AAPL", "1d");
    by_hand(&world, "equity_swing", "AAPL", "1d");
}

#[test]
fn several_symbols_are_pooled_each_with_its_own_labels() {
    let Some(folder) = real_data() else { return };
    let world = World::new();
    import(&world, &folder, "EURUSD", "1d");
    import(&world, &folder, "GBPUSD", "1d");
    world.example("equity_swing");
    let trained = world.json(&[
        "training",
        "run",
        "--local",
        "--strategy",
        "equity_swing",
        "--symbol",
        "EURUSD,GBPUSD",
    ]);
    assert_eq!(trained["symbols"], serde_json::json!(["EURUSD", "GBPUSD"]));
}

fn training_on_an_exam_is_refused(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 5_000, 3);
    world.example("fx_pullback");
    let said = world.refused(
        7,
        &[
            "training",
            "run",
            "--local",
            "--strategy",
            "fx_pullback",
            "--symbol",
            "EURUSD",
            "--end-date",
            "2015-11-20",
        ],
    );
    assert!(said.contains("vault_closed") && said.contains("--open-vault"), "{said}");
}

#[test]
fn a_run_leaves_no_file_outside_its_workspace_folders() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 5_000, 3);
    world.example("fx_pullback");
    world.json(&["training", "run", "--local", "--strategy", "fx_pullback", "--symbol", "EURUSD"]);
    let mut names: Vec<String> = std::fs::read_dir(world.folder())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| !n.starts_with("ktrdr.db"))
        .collect();
    names.sort();
    assert_eq!(names, ["data", "epochs", "models", "strategies"]);
}
