//! The lists of alerts, of what the manual says of them, of dashboards and of their tests are one list.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::examples::WITH_EXAMPLES;
use super::{dashboards, files, root, text};

const MANUAL: &str = "docs/alerts.md";

/// What stands behind a key in a rule.
type Rule = BTreeMap<String, String>;

/// Every alert by its name.
fn alerts() -> BTreeMap<String, Rule> {
    let mut alerts: BTreeMap<String, Rule> = BTreeMap::new();
    for (_, text) in files("compose/prometheus/rules") {
        for rule in text.split("      - alert: ").skip(1) {
            let (name, rest) = rule.split_once('\n').unwrap();
            let pairs = rest.lines().filter_map(|line| line.trim().split_once(": "));
            let pairs = pairs.map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned()));
            let before = alerts.insert(name.to_owned(), pairs.collect());
            assert!(before.is_none(), "{name} is there twice");
        }
    }
    assert!(alerts.len() > 15, "{alerts:?}");
    alerts
}

/// What the manual says of each, under its title.
fn paragraphs() -> BTreeMap<String, String> {
    let manual = text(MANUAL);
    let titled = manual.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap());
    let end = |body: &str| body.split("\n## ").next().unwrap().to_owned();
    titled.map(|(title, body)| (title.to_owned(), end(body))).collect()
}

#[test]
fn each_alert_has_its_paragraph_its_dashboard_and_what_to_run() {
    let (alerts, paragraphs) = (alerts(), paragraphs());
    let names = |of: Vec<&String>| of.into_iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(alerts.keys().collect()), names(paragraphs.keys().collect()), "rules and {MANUAL}");
    let boards: BTreeSet<String> =
        dashboards().iter().map(|board| board["uid"].as_str().unwrap().to_owned()).collect();
    for (name, rule) in &alerts {
        let manual = format!("{}/blob/main/{MANUAL}#{}", env!("CARGO_PKG_REPOSITORY"), name.to_lowercase());
        assert_eq!(rule["runbook_url"], manual);
        let board = rule["dashboard_url"].strip_prefix("http://localhost:3000/d/");
        assert!(board.is_some_and(|board| boards.contains(board)), "{name}: {rule:?}");
        assert!(!rule["summary"].is_empty(), "{name} says nothing");
        let run = rule["run"].replace("{{ $labels.kind }}", "TYPE");
        for command in run.split(", then ") {
            assert!(paragraphs[name].contains(&format!("`{command}`")), "{MANUAL}: {name}: no {command:?}");
        }
        for word in ["**Means.**", "**Do.**"] {
            assert!(paragraphs[name].contains(word), "{MANUAL}: {name}: no {word}");
        }
        let waits = rule.get("for").map_or("at once".to_owned(), |waits| format!("after {waits}"));
        let first = paragraphs[name].lines().find(|line| !line.is_empty()).unwrap();
        let kind =
            format!("{}, {waits}", rule["labels"].trim_matches(['{', '}', ' ']).replace("severity: ", ""));
        assert!(first.contains(&kind), "{MANUAL}: {name}: {first:?} does not say {kind:?}");
    }
}

#[test]
fn each_alert_is_tried_both_ways() {
    let tried: String = files("compose/prometheus/tests").into_iter().map(|(_, text)| text).collect();
    for name in alerts().keys() {
        let of_it: Vec<&str> =
            tried.lines().filter(|line| line.contains(&format!("alertname=\"{name}\",alertstate"))).collect();
        let quiet = of_it.iter().filter(|line| line.contains("exp_samples: []")).count();
        assert!(
            quiet > 0 && quiet < of_it.len(),
            "{name} is tried {} times, {quiet} times quiet",
            of_it.len()
        );
    }
    let promtool = |arguments: &[&str], files: Vec<String>| {
        let mut promtool = Command::new("promtool");
        promtool.args(arguments).args(files).current_dir(root().join("compose/prometheus"));
        let checked = promtool.output().expect("promtool is installed by scripts/services start --observe");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    };
    let tests = files("compose/prometheus/tests").into_iter().map(|(name, _)| format!("tests/{name}.yml"));
    promtool(&["test", "rules"], tests.collect());
    promtool(&["check", "config"], vec!["prometheus.yml".to_owned()]);
}

#[test]
fn dashboards_lead_to_one_another_and_each_panel_shows_something() {
    for board in dashboards() {
        let (uid, panels) = (&board["uid"], board["panels"].as_array().unwrap());
        assert_eq!(board["tags"][0], "ktrdr", "{uid} is not found by its tag");
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "{uid} has panels of one number");
        for panel in panels.iter().filter(|panel| panel["type"] != "row") {
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{uid}: {panel}");
            assert!(panel["datasource"]["uid"].is_string(), "{uid}: {panel}");
        }
    }
    let panels: Vec<Value> =
        dashboards().iter().flat_map(|board| board["panels"].as_array().unwrap().clone()).collect();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let quantiles = targets.filter(|target| {
        let asked = target["expr"].as_str().unwrap_or_default();
        asked.contains("histogram_quantile") && WITH_EXAMPLES.iter().any(|name| asked.contains(name))
    });
    assert!(quantiles.filter(|target| target["exemplar"] == true).count() >= 8, "points lead to traces");
    let provided = text("compose/grafana/provisioning/datasources/all.yml");
    assert!(provided.contains("exemplarTraceIdDestinations: [{ name: trace_id, datasourceUid: traces }]"));
    assert!(text("compose/compose.yaml").contains("--enable-feature=exemplar-storage"));
    for source in ["prometheus", "traces"] {
        assert!(provided.contains(&format!("uid: {source}\n")), "no source {source}");
    }
}
