//! A real Prometheus of a test's own, started by `scripts/services`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{files, root};
use crate::api::client::block_on;
use crate::world::wait_for;

/// Stopped when dropped.
pub(super) struct Prometheus {
    folder: TempDir,
    address: String,
    http: reqwest::Client,
}

impl Prometheus {
    /// Scrapes these addresses every second, under our rules with shorter times.
    pub(super) fn scraping(addresses: &[String]) -> Self {
        let folder = TempDir::with_prefix("ktrdr-prometheus-").unwrap();
        for (name, text) in files("compose/prometheus/rules") {
            fs::create_dir_all(folder.path().join("rules")).unwrap();
            fs::write(folder.path().join(format!("rules/{name}.yml")), hastened(&text)).unwrap();
        }
        let said = services(folder.path(), &["start", "prometheus"], addresses);
        let address = said.lines().find_map(|line| line.strip_prefix("export KTRDR_SERVICES_PROMETHEUS="));
        let address = address.unwrap_or_else(|| panic!("no address in {said}")).to_owned();
        // Others may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { folder, address, http: reqwest::Client::new() }
    }

    pub(super) fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/v1/{path}", self.address);
        let url = reqwest::Url::parse_with_params(&url, parameters).unwrap();
        let answer = block_on(async { self.http.get(url).send().await.unwrap().text().await.unwrap() });
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["status"], "success", "{parameters:?}: {answer}");
        answer["data"].clone()
    }

    /// What an expression answers now.
    pub(super) fn ask(&self, expression: &str) -> Vec<Value> {
        self.get("query", &[("query", expression)])["result"].as_array().unwrap().clone()
    }

    /// The one number that it answers.
    pub(super) fn number(&self, expression: &str) -> Option<f64> {
        self.ask(expression).first()?["value"][1].as_str()?.parse().ok()
    }

    /// Traces of single operations that a figure shows.
    pub(super) fn examples(&self, figure: &str) -> Vec<String> {
        let found = self.get("query_exemplars", &[("query", figure), ("start", "0"), ("end", "9999999999")]);
        let of_one = |series: &Value| series["exemplars"].as_array().unwrap().clone();
        let all = found.as_array().unwrap().iter().flat_map(of_one);
        all.map(|example| example["labels"]["trace_id"].as_str().unwrap().to_owned()).collect()
    }

    /// Alerts that fire now.
    pub(super) fn firing(&self) -> BTreeSet<String> {
        named(&self.ask("ALERTS{alertstate=\"firing\"}"))
    }

    /// Alerts that fired at any time in the last seconds.
    pub(super) fn fired_within(&self, seconds: u64) -> BTreeSet<String> {
        named(&self.ask(&format!("count_over_time(ALERTS{{alertstate=\"firing\"}}[{seconds}s])")))
    }

    /// Waits until each of these has fired.
    pub(super) fn wait_until_fired(&self, alerts: &[&str], within: Duration) {
        self.wait_until_fired_while(alerts, within, || {});
    }

    /// The same, while something is done again and again.
    pub(super) fn wait_until_fired_while(&self, alerts: &[&str], within: Duration, mut work: impl FnMut()) {
        let (begun, mut fired) = (Instant::now(), BTreeSet::new());
        wait_for("alerts", || {
            work();
            fired.append(&mut self.firing());
            let have = alerts.iter().all(|alert| fired.contains(*alert));
            let waited = begun.elapsed();
            assert!(have || waited < within, "of {alerts:?} {fired:?} fired within {waited:?}");
            have.then_some(())
        });
    }

    /// Waits until none of these fires any more.
    pub(super) fn wait_until_clear(&self, alerts: &[&str], within: Duration) {
        let begun = Instant::now();
        wait_for("alerts to clear", || {
            let firing = self.firing();
            let waited = begun.elapsed();
            let are_clear = !alerts.iter().any(|alert| firing.contains(*alert));
            assert!(are_clear || waited < within, "after {waited:?} {firing:?} fire");
            are_clear.then_some(())
        });
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        services(self.folder.path(), &["stop", "prometheus"], &[]);
    }
}

fn named(alerts: &[Value]) -> BTreeSet<String> {
    alerts.iter().map(|alert| alert["metric"]["alertname"].as_str().unwrap().to_owned()).collect()
}

fn services(folder: &Path, arguments: &[&str], scraped: &[String]) -> String {
    let mut command = Command::new(root().join("scripts/services"));
    command.args(arguments).env("KTRDR_SERVICES_DIR", folder);
    command.env("KTRDR_SERVICES_RULES", folder.join("rules"));
    command.env("KTRDR_SERVICES_SCRAPE", scraped.join(" "));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The same rules for a test that has no hours: windows are a sixtieth, ages of which they speak are a fifteenth and at most
/// fifteen seconds, and what an alert waits for is a fifteenth and at most five. That is long enough for a scrape or two that a busy machine loses.
fn hastened(rules: &str) -> String {
    let line = |line: &str| match line.split_once("for: ") {
        Some((before, waits)) if before.trim().is_empty() => {
            format!("{before}for: {}ms\n", (seconds(waits) * 1_000 / 15).min(5_000))
        }
        _ => format!("{}\n", with_short_ages(&with_short_windows(line))),
    };
    rules.lines().map(line).collect()
}

fn with_short_windows(line: &str) -> String {
    let mut parts = line.split('[');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |before, part| match part.split_once(']') {
        Some((window, rest)) if window.ends_with('m') => format!("{before}[{}s]{rest}", seconds(window) / 60),
        _ => format!("{before}[{part}"),
    })
}

fn with_short_ages(line: &str) -> String {
    const AGE: &str = "_seconds) > ";
    match line.split_once(AGE).map(|(before, age)| (before, age.parse::<u64>())) {
        Some((before, Ok(age))) => format!("{before}{AGE}{}", (age / 15).min(15)),
        _ => line.to_owned(),
    }
}

/// Of a duration such as `15m`.
fn seconds(duration: &str) -> u64 {
    let (number, unit) = duration.split_at(duration.len() - 1);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => panic!("{duration}"),
    };
    number.parse::<u64>().unwrap() * seconds
}
