//! Nothing to learn is refused, and nothing earned is a plain zero, in every form of output.

use serde_json::Value;

use crate::world::{WHOLE_SERIES, World};

/// The first negative zero that stands in a text as a number of its own.
fn negative_zero(text: &str) -> Option<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
    words.into_iter().find(|word| word.starts_with('-') && word.parse() == Ok(0.0_f64))
}

#[test]
fn the_scan_finds_negative_zeros_and_no_dates() {
    assert_eq!(negative_zero(r#"{"a":-0.0}"#), Some("-0.0"));
    assert_eq!(negative_zero("net -0.00 %, at 2020-01-06T00:00:00Z, id a-0, -0.5, 1e-0"), Some("-0.00"));
    assert_eq!(negative_zero("at 2020-01-06T00:00:00Z, id a-0, -0.5"), None);
}

/// A short that leaves where it came in, and a long that loses: no winner, and sums over nothing.
#[test]
fn figures_that_are_nothing_have_no_minus() {
    let world = World::new();
    let days = |i: i32| format!("2024-{:02}-{:02}T00:00:00Z", 1 + i / 28, 1 + i % 28);
    let price = |i: i32| if i < 30 { "100,100,100,100" } else { "99,99,99,99" };
    let rows: String = (0..56).map(|i| format!("{},{},-0\n", days(i), price(i))).collect();
    world.write("flat.csv", format!("timestamp,open,high,low,close,volume\n{rows}"));
    let series = ["--symbol", "FLAT", "--timeframe", "1d"];
    let file = world.path("flat.csv");
    world.json(&[&["data", "import", file.to_str().unwrap()], &series[..]].concat());
    let imported = std::fs::read_to_string(world.path("data/FLAT_1d.csv")).unwrap();
    assert_eq!(negative_zero(&imported), None);

    let targets = [(3, -1), (6, 0), (25, 1)].map(|(i, target)| format!("{},{target}\n", days(i)));
    let signals = world.write("signals.csv", format!("timestamp,target\n{}", targets.concat()));
    let free = ["--units", "10", "--commission-rate", "0", "--spread", "0", "--slippage-rate", "0"];
    let backtest = ["backtest", "signals", "--local", "--signals", signals.to_str().unwrap()];
    let arguments = [&backtest[..], &series, &free, &WHOLE_SERIES].concat();
    let report = world.json(&arguments);
    assert_eq!(report["metrics"]["profit_factor"], 0.0, "two trades, none of them won");
    assert_eq!(report["trades"][0]["gross_pnl"], 0.0);

    let id = report["operation"].as_str().unwrap();
    let status = ["operations", "status", id];
    for command in [&arguments[..], &status[..]] {
        for form in ["text", "json", "jsonl"] {
            let output = world.run(&[command, &["--output", form]].concat());
            for text in [output.stdout, output.stderr] {
                let text = String::from_utf8(text).unwrap();
                assert_eq!(negative_zero(&text), None, "{command:?} as {form}:\n{text}");
            }
        }
    }
    for file in world.files().iter().filter(|file| file.ends_with(".json")) {
        let text = std::fs::read_to_string(world.path(file)).unwrap();
        assert_eq!(negative_zero(&text), None, "{file}");
    }
    assert_eq!(world.json(&["replay", id])["same"], true);
}

#[test]
fn rows_that_are_all_labelled_alike_are_refused_before_anything_is_trained() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 3_000, 1);
    let example = include_str!("../strategies/fx_pullback.yaml");
    let lines = example.lines().map(|line| match line.trim_start().split(':').next() {
        Some("labels") => "  labels: {source: forward_return, horizon: 1, threshold: 0.45}\n".to_owned(),
        Some("history_required") => "  history_required: 500\n".to_owned(),
        _ => format!("{line}\n"),
    });
    world.write("strategies/fx_pullback.yaml", lines.collect::<String>());
    let train = ["training", "run", "--local", "--strategy", "fx_pullback"];
    world.refused_with(8, &train, &["training rows are labelled HOLD", "training.labels"]);
    let left: Vec<String> = world.files().into_iter().filter(|f| f.starts_with("models/")).collect();
    assert!(left.is_empty(), "{left:?}");

    let row: Value = world.operations().remove(0);
    assert_eq!(row["status"], "failed");
}
