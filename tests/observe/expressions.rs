//! Every expression is understood and answered by a Prometheus that has scraped a fleet.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::dashboards;
use super::prometheus::Prometheus;
use crate::world::wait_for;

/// From the last thing that happened to what is shown of it.
const WITHIN: Duration = Duration::from_secs(20);

/// Figures of what is not everywhere: expressions with one of them may answer nothing.
const NOT_HERE: [&str; 1] = ["ktrdr_gpu_"];

/// What each figure of ours is called begins so. What rules record (`ktrdr:…`) is made of these.
const OURS: [&str; 4] = ["ktrdr_", "agent_", "http_server_", "process_"];

/// Every panel has something to show, and every rule is about figures that are there.
pub(super) fn all_answer(prometheus: &Prometheus) {
    let is_here = |expression: &str| !NOT_HERE.iter().any(|name| expression.contains(name));
    let begun = Instant::now();
    let mut silent: Vec<String> = shown().into_iter().filter(|expression| is_here(expression)).collect();
    assert!(silent.len() > 60, "{}", silent.len());
    // What grew is told by two scrapes.
    wait_for("panels", || {
        silent.retain(|expression| prometheus.ask(expression).is_empty());
        assert!(silent.is_empty() || begun.elapsed() < WITHIN, "panels have nothing to show: {silent:#?}");
        silent.is_empty().then_some(())
    });
    let rules = ruled(prometheus);
    assert!(rules.len() > 20, "{rules:#?}");
    let missing: BTreeSet<String> = rules.iter().flat_map(|rule| figures(rule)).collect();
    let missing: Vec<&String> = missing
        .iter()
        .filter(|name| prometheus.ask(&format!("count({{__name__=\"{name}\"}})")).is_empty())
        .filter(|name| is_here(name))
        .collect();
    assert!(missing.is_empty(), "rules are about figures that nobody tells: {missing:#?}");
}

/// The expressions of all panels, as they are asked of one kind of job.
fn shown() -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for board in dashboards() {
        for panel in board["panels"].as_array().unwrap() {
            let targets = panel["targets"].as_array().into_iter().flatten();
            let asked = targets.filter_map(|target| target["expr"].as_str());
            shown.extend(asked.map(|expression| expression.replace("$kind", "training")));
        }
    }
    shown
}

/// The expressions of all rules, as Prometheus has understood them; each was worked out without trouble.
fn ruled(prometheus: &Prometheus) -> Vec<String> {
    let groups = prometheus.get("rules", &[])["groups"].as_array().unwrap().clone();
    let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
    rules
        .map(|rule| {
            assert_eq!(rule["health"], "ok", "{rule}");
            rule["query"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// Names of our figures in an expression.
fn figures(expression: &str) -> Vec<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = expression.split(|c| !is_of_name(c));
    words.filter(|word| OURS.iter().any(|begin| word.starts_with(begin))).map(str::to_owned).collect()
}
