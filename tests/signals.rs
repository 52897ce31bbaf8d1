//! `backtest signals` against arithmetic done here by hand, to 1e-9.

use serde_json::Value;

use crate::world::{Engine, World, on_each_engine};

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

    let report = world.json(&[
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
    ]);

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

#[test]
fn a_signal_at_no_bar_is_refused_with_its_line() {
    let world = World::new();
    world.generate("TEST", "random-walk", 500, 1);
    let file = world.write("signals.csv", "timestamp,target\n2015-01-05T00:30:00Z,1\n");
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
