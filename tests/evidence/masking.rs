//! Masked against open: the same campaigns on the same bars, by a model that is told which market it is and by one that is not.
//! What the open one earns more *before* the end of what it may know is memory; *after* it there should be no difference. Where a
//! fake plays the model there is no memory, and the small form shows that the machinery works and nothing else.

use std::env;
use std::path::Path;

use ktrdr_fake::Mind;
use serde_json::Value;

use crate::claude::{fake, open_gates, world_of};
use crate::world::{Engine, World, real_data};

/// What a campaign may spend on a real model.
const BUDGET: &str = "1usd";

/// Who is asked, as the environment says. Whoever has a key sets one of these.
const ACCESS: [&str; 6] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_API_KEY_FILE",
    "KTRDR_AGENT__API_KEY",
    "KTRDR_AGENT__API_KEY_FILE",
    "KTRDR_AGENT__BASE_URL",
    "KTRDR_AGENT__MODEL",
];

/// What came of the campaigns of one side.
#[derive(Default)]
struct Side {
    designs: usize,
    trained: usize,
    passed: usize,
    /// Sharpe ratios beyond the market: a year on dev, a day on the exam.
    dev: Vec<f64>,
    exam_before: Vec<f64>,
    exam_after: Vec<f64>,
}

impl Side {
    fn run(&mut self, world: &World, cycles: usize, seed: usize, masked: bool) {
        let (cycles, seed) = (cycles.to_string(), seed.to_string());
        let run = [
            "research",
            "run",
            "--local",
            "-s",
            "EURUSD",
            "-t",
            "1h",
            "--agent",
            "claude",
            "--campaign",
            "side",
        ];
        let which = ["--cycles", &cycles, "--seed", &seed, "--budget", BUDGET];
        let mask: &[&str] = if masked { &["--masked"] } else { &[] };
        // A gate that stops a cycle, or a design that fails, is a result.
        world.run(&[&run[..], &which, mask].concat());
        let shown = world.json(&["campaign", "show", "side"]);
        for cycle in shown["cycles"].as_array().unwrap() {
            self.count(&cycle["result"]);
        }
        let looks = world.json(&["ledger", "trials", "--campaign", "side"]);
        for apart in looks["trials"].as_array().unwrap().iter().map(|look| &look["apart"]) {
            self.exam_before.extend(apart["before"].as_f64());
            self.exam_after.extend(apart["after"].as_f64());
        }
    }

    fn count(&mut self, result: &Value) {
        self.designs += usize::from(result["strategy"].is_string());
        self.trained += usize::from(result["training_gate"]["gate"] == "passed");
        self.passed += usize::from(result["backtest_gate"]["gate"] == "passed");
        self.dev.extend(result["dev_backtest"]["active_sharpe_ratio"].as_f64());
    }
}

/// Mean ± its standard error, and of how many.
fn mean(values: &[f64]) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    match values.len() {
        0 => "–".to_owned(),
        1 => format!("{mean:.4} (1)"),
        count => {
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
            format!("{mean:.4} ± {:.4} ({count})", (variance / n).sqrt())
        }
    }
}

fn table(open: &Side, masked: &Side) -> String {
    let row =
        |name: &str, of: &dyn Fn(&Side) -> String| format!("| {name} | {} | {} |\n", of(open), of(masked));
    let rows = [
        row("designs", &|side| side.designs.to_string()),
        row("past the training gate", &|side| side.trained.to_string()),
        row("passed the exam", &|side| side.passed.to_string()),
        row("dev: Sharpe beyond the market, a year", &|side| mean(&side.dev)),
        row("exam before the cutoff: the same, a day", &|side| mean(&side.exam_before)),
        row("exam after it", &|side| mean(&side.exam_after)),
    ];
    format!("| | open | masked |\n|---|---|---|\n{}", rows.concat())
}

/// Pairs of campaigns, each in a workspace of its own.
fn compare(world: &dyn Fn(usize) -> World, pairs: usize, cycles: usize) -> (Side, Side) {
    let (mut open, mut masked) = (Side::default(), Side::default());
    for seed in 1..=pairs {
        open.run(&world(seed), cycles, seed, false);
        masked.run(&world(seed), cycles, seed, true);
    }
    (open, masked)
}

#[test]
fn a_small_comparison_of_masked_with_open_fills_its_table() {
    let fake = fake(Mind::Good);
    let (open, masked) = compare(&|_| open_gates(world_of(Engine::Embedded, &fake)), 1, 2);
    assert_eq!((open.designs, masked.designs), (2, 2));
    assert_eq!((open.dev.len(), masked.dev.len()), (2, 2));
    let looks = |side: &Side| side.exam_before.len().max(side.exam_after.len());
    assert!(looks(&open) > 0 && looks(&masked) > 0);
    let told = fake.seen();
    let masked = told.iter().filter(|request| request.to_string().contains("MASKED")).count();
    assert!(masked > 0 && masked < told.len(), "{masked} of {}", told.len());
    let table = table(&open, &Side::default());
    assert!(table.contains("| designs | 2 | 0 |") && table.contains("| exam after it |"), "{table}");
}

/// Real bars where there are any, else generated ones.
fn real_world(data: Option<&Path>, access: &[(&'static str, String)], seed: usize) -> World {
    let world = access.iter().fold(World::new(), |world, (name, value)| world.with_setting(name, value));
    match data.map(|folder| folder.join("EURUSD_1h.csv")) {
        Some(file) => {
            world.json(&[
                "data",
                "import",
                file.to_str().unwrap(),
                "--symbol",
                "EURUSD",
                "--timeframe",
                "1h",
            ]);
        }
        None => world.generate("EURUSD", "random-walk", 30_000, seed as u64),
    }
    world
}

#[test]
#[ignore = "asks a language model that costs money: scripts/evidence --masked"]
fn masked_and_open_are_compared() {
    let access: Vec<(&'static str, String)> =
        ACCESS.into_iter().filter_map(|name| Some((name, env::var(name).ok()?))).collect();
    let has_key = access.iter().any(|(name, _)| name.contains("KEY"));
    let (pairs, cycles) =
        (super::number("KTRDR_EVIDENCE_PAIRS", 3), super::number("KTRDR_EVIDENCE_CYCLES", 8));
    let (open, masked) = if has_key {
        let data = real_data();
        compare(&|seed| real_world(data.as_deref(), &access, seed), pairs, cycles)
    } else {
        eprintln!(
            "no key in the environment: a fake plays the model, which remembers nothing and proves nothing"
        );
        let fake = fake(Mind::Good);
        compare(&|_| open_gates(world_of(Engine::Embedded, &fake)), 1, 2)
    };
    eprintln!("{}", table(&open, &masked));
}
