//! Whole research cycles beside the probes: small data, real designs, trainings, backtests.

use ktrdr_domain::OperationId;
use serde_json::Value;

use super::arena::Arena;

/// Enough for every window of a cycle.
const BARS: &str = "3000";

/// Submits a campaign as a person would; its roots.
pub(crate) fn begin(arena: &Arena, cycles: usize) -> Vec<OperationId> {
    if cycles == 0 {
        return Vec::new();
    }
    let series = ["--symbol", "EURUSD", "--timeframe", "1h"];
    let generate = ["data", "generate", "--process", "planted-edge", "--bars", BARS, "--seed", "3"];
    arena.ktrdr(&[&generate[..], &series].concat());
    let cycles = cycles.to_string();
    let run = ["research", "run", "--cycles", &cycles, "--in-flight", "3", "--output", "json"];
    let answer: Value = serde_json::from_str(&arena.ktrdr(&[&run[..], &series].concat())).unwrap();
    let ids = answer["submitted"].as_array().unwrap();
    ids.iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect()
}
