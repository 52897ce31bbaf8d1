//! `backtest signals` against arithmetic done here by hand, to 1e-9.

use serde_json::{Value, json};

use crate::world::{Engine, WHOLE_SERIES, World, on_each_engine};

on_each_engine!(target_positions_from_elsewhere_earn_what_the_arithmetic_says);

/// Hourly bars: (open, high, low, close).
const BARS: [(f64, f64, f64, f64); 60] = {
    let mut bars = [(0.0, 0.0, 0.0, 0.0); 60];
    let mut i = 0;
    let mut price = 100.0;
    while i < 60 {
        let step = ((i * 37 % 11) as f64 - 5.0) / 4.0;
        let close = price + step;
        let (low, high) = if step < 0.0 { (close, price) } else { (price, close) };
        bars[i] = (price, high + 0.25, low - 0.25, close);
        price = close;
        i += 1;
    }
    bars
};

/// (bar at whose close it was decided, target)
const SIGNALS: [(usize, i8); 5] = [(3, 1), (9, -1), (20, 0), (30, 1), (55, -1)];

const UNITS: f64 = 10.0;
const COMMISSION: f64 = 0.001;
const SPREAD: f64 = 0.02;
const SLIPPAGE: f64 = 0.0005;
const CAPITAL: f64 = 50_000.0;

fn stamp(bar: usize) -> String {
    format!("2020-01-{:02}T{:02}:00:00Z", 6 + bar / 24, bar % 24)
}

fn buy(price: f64) -> f64 {
    price * (1.0 + SLIPPAGE) + SPREAD / 2.0
}

fn sell(price: f64) -> f64 {
    price * (1.0 - SLIPPAGE) - SPREAD / 2.0
}

/// Net profit of each trade in order: enter at one price, leave at another, commission on both sides.
fn by_hand() -> Vec<f64> {
    let long = |enter: f64, leave: f64| {
        UNITS * (sell(leave) - buy(enter)) - COMMISSION * UNITS * (buy(enter) + sell(leave))
    };
    let short = |enter: f64, leave: f64| {
        UNITS * (sell(enter) - buy(leave)) - COMMISSION * UNITS * (sell(enter) + buy(leave))
    };
    let open = |bar: usize| BARS[bar].0;
    vec![
        long(open(4), open(10)),
        short(open(10), open(21)),
        long(open(31), open(56)),
        short(open(56), BARS[59].3),
    ]
}

fn close_to(found: &Value, wanted: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{found} is not {wanted}");
}

fn target_positions_from_elsewhere_earn_what_the_arithmetic_says(engine: Engine) {
    let world = World::on(engine);
    let bars: String = BARS
        .iter()
        .enumerate()
        .map(|(i, (o, h, l, c))| format!("{},{o},{h},{l},{c},0\n", stamp(i)))
        .collect();
    world.write("data/TEST_1h.csv", format!("timestamp,open,high,low,close,volume\n{bars}"));
    let rows: String = SIGNALS.iter().map(|(bar, target)| format!("{},{target}\n", stamp(*bar))).collect();
    let file = world.write("signals.csv", format!("timestamp,target\n{rows}"));

    let backtest = [
        "backtest",
        "signals",
        "--symbol",
        "TEST",
        "--timeframe",
        "1h",
        "--signals",
        file.to_str().unwrap(),
        "--units",
        "10",
        "--commission-rate",
        "0.001",
        "--spread",
        "0.02",
        "--slippage-rate",
        "0.0005",
        "--initial-capital",
        "50000",
    ];
    let report = world.json(&[&backtest[..], &WHOLE_SERIES].concat());

    let wanted = by_hand();
    let trades = report["trades"].as_array().unwrap();
    assert_eq!(trades.len(), wanted.len());
    for (trade, net) in trades.iter().zip(&wanted) {
        close_to(&trade["net_pnl"], *net);
    }
    let total: f64 = wanted.iter().sum();
    close_to(&report["metrics"]["total_return"], total);
    close_to(&report["metrics"]["total_return_pct"], total / CAPITAL);
    close_to(&report["equity"].as_array().unwrap().last().unwrap()["equity"], CAPITAL + total);
    close_to(&report["metrics"]["win_rate"], wanted.iter().filter(|p| **p > 0.0).count() as f64 / 4.0);
    assert_eq!(trades[3]["exit_reason"], "end_of_data");
    assert_eq!(report["metrics"]["total_trades"], 4);
}

/// Sixty daily bars that stand still, but for one that opens beyond a level and then runs through the other.
fn gap(world: &World, symbol: &str, side: i8, bar: [f64; 4]) -> Value {
    let day =
        |i: u64| (chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Days::new(i)).to_string();
    let at = |price: f64| [price, price + 1.0, price - 1.0, price];
    let prices = (0..60).map(|i| match i {
        0..52 => at(100.0),
        52 => bar,
        _ => at(bar[3]),
    });
    let rows: String = (0..)
        .zip(prices)
        .map(|(i, [o, h, l, c])| format!("{}T00:00:00Z,{o},{h},{l},{c},0\n", day(i)))
        .collect();
    world.write(&format!("data/{symbol}_1d.csv"), format!("timestamp,open,high,low,close,volume\n{rows}"));
    let file = world.write("gap.csv", format!("timestamp,target\n2024-02-20T00:00:00Z,{side}\n"));
    let file = file.to_str().unwrap();
    let series =
        ["backtest", "signals", "--local", "--symbol", symbol, "--timeframe", "1d", "--signals", file];
    let free = ["--units", "10", "--commission-rate", "0", "--spread", "0", "--slippage-rate", "0"];
    let arguments: Vec<&str> = series.into_iter().chain(free).chain(WHOLE_SERIES).collect();
    world.json(&arguments)
}

#[test]
fn a_bar_that_opens_beyond_the_target_takes_it_and_one_beyond_the_stop_stops() {
    let world = World::new();
    world.write("ktrdr.toml", "[account.exits]\nstop_loss = 0.1\ntake_profit = 0.2\n");
    for (symbol, side, bar, exit, reason, earned) in [
        ("LONG", 1, [125.0, 126.0, 85.0, 90.0], 125.0, "take_profit", 250.0),
        ("SHORT", -1, [75.0, 115.0, 74.0, 110.0], 75.0, "take_profit", 250.0),
        ("FALL", 1, [80.0, 130.0, 79.0, 120.0], 80.0, "stop_loss", -200.0),
        ("RISE", -1, [120.0, 121.0, 70.0, 80.0], 120.0, "stop_loss", -200.0),
    ] {
        let report = gap(&world, symbol, side, bar);
        let trade = &report["trades"][0];
        assert_eq!((&trade["exit_reason"], &trade["exit_price"]), (&json!(reason), &json!(exit)), "{symbol}");
        assert_eq!(trade["net_pnl"], earned, "{symbol}");
    }
}

#[test]
fn a_signal_at_no_bar_is_refused_with_its_line() {
    let world = World::new();
    world.generate("TEST", "random-walk", 500, 1);
    let file = world.write("signals.csv", "timestamp,target\n2015-01-22T00:30:00Z,1\n");
    let said = world.refused(
        8,
        &[
            "backtest",
            "signals",
            "--symbol",
            "TEST",
            "--timeframe",
            "1h",
            "--signals",
            file.to_str().unwrap(),
        ],
    );
    assert!(said.contains("line 2"), "{said}");
}
