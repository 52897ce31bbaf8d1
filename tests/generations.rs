//! The same seed gives the same research, whoever does it and however much of it runs side by side.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{Engine, Running, World, on_each_engine};

on_each_engine!(
    a_seed_gives_the_same_research_however_many_cycles_run_at_a_time,
    cycles_that_are_added_to_a_campaign_are_others,
);

const RUN: [&str; 8] = ["research", "run", "-s", "SERIES", "-t", "1h", "--generation", "4"];

/// What of a cycle may not depend on anything but the seed and the data: its design, its trades, and its fate. How many
/// others were counted before it, which only the deflated Sharpe ratio asks, is settled when the campaign closes.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    strategy: String,
    origin: String,
    model: String,
    exam: Option<[String; 3]>,
    stopped_by: String,
}

fn found(cycle: &Value) -> (u64, Found) {
    let result = &cycle["result"];
    let said = cycle["error"].as_str().unwrap_or_default().to_owned();
    let counts_trials = said.contains("deflated_sharpe_too_low") || cycle["status"] == "completed";
    let exam = result["metrics"].is_object().then(|| {
        ["total_return", "turnover", "total_trades"].map(|figure| result["metrics"][figure].to_string())
    });
    let found = Found {
        strategy: result["strategy_sha256"].to_string(),
        origin: result["origin"].to_string(),
        model: result["test"].to_string() + &result["dev_backtest"].to_string(),
        exam,
        stopped_by: if counts_trials { "the trials, or nothing".into() } else { said },
    };
    (cycle["spec"]["index"].as_u64().unwrap(), found)
}

/// `how` it is worked on: `--local` by this process, `--wait` by others.
fn research(world: &World, how: &str, campaign: &str, in_flight: &str) -> BTreeMap<u64, Found> {
    let more = [how, "--cycles", "10", "--seed", "5", "--campaign", campaign, "--in-flight", in_flight];
    let answer = world.json(&[&RUN[..], &more].concat());
    answer["cycles"].as_array().unwrap().iter().map(found).collect()
}

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("SERIES", "planted-edge", 6_000, 12);
    world
}

fn a_seed_gives_the_same_research_however_many_cycles_run_at_a_time(engine: Engine) {
    let world = world(engine);
    let one_by_one = research(&world, "--local", "one", "1");
    assert_eq!(one_by_one.len(), 10);
    assert!(one_by_one.values().any(|found| found.exam.is_some()), "{one_by_one:#?}");
    assert!(one_by_one.values().any(|found| found.origin.contains("mutation of")), "{one_by_one:#?}");
    for (campaign, in_flight) in [("two", "2"), ("eight", "8")] {
        assert_eq!(research(&world, "--local", campaign, in_flight), one_by_one, "{in_flight} in flight");
    }
}

#[test]
fn two_workers_of_each_kind_on_a_fleet_find_what_one_process_finds() {
    let alone = world(Engine::Embedded);
    let fleet = world(Engine::Fleet);
    let roles = ["serve", "orchestrator"].map(|role| vec![role]);
    let kinds = ["design", "training", "backtesting", "assessment"];
    let workers = [kinds, kinds].concat().into_iter().map(|kind| vec!["worker", kind]);
    let _processes: Vec<Running> = roles.into_iter().chain(workers).map(|role| fleet.start(&role)).collect();
    assert_eq!(research(&fleet, "--wait", "fleet", "4"), research(&alone, "--local", "alone", "1"));
}

fn cycles_that_are_added_to_a_campaign_are_others(engine: Engine) {
    let world = world(engine);
    let more = ["--local", "--cycles", "3", "--campaign", "c"];
    let designs = || -> Vec<String> {
        let answer = world.json(&[&RUN[..], &more].concat());
        let cycles = answer["cycles"].as_array().unwrap().iter();
        cycles.map(|cycle| cycle["result"]["strategy_sha256"].to_string()).collect()
    };
    let (first, second) = (designs(), designs());
    assert!(second.iter().all(|design| !first.contains(design)), "{first:?} {second:?}");
    let lessons = world.json(&["ledger", "lessons", "--campaign", "c"]);
    let mut indices: Vec<u64> =
        lessons["lessons"].as_array().unwrap().iter().map(|l| l["index"].as_u64().unwrap()).collect();
    indices.sort_unstable();
    assert_eq!(indices, [0, 1, 2, 4, 5, 6], "a new generation begins");
}
