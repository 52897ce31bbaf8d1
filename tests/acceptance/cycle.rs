//! M1–M5 and M7: one research cycle with a language model, held in each phase until it was looked at, and what it cost.

use std::time::{Duration, Instant};

use ktrdr_fake::Mind;
use serde_json::{Value, json};

use super::book::{Chapter, Seen};
use super::gates;
use super::lab::Lab;
use crate::claude;
use crate::collector::{Collector, Manner};
use crate::traces;
use crate::world::{Engine, shown};

/// The phases, with the kind of job of each.
pub(super) const PHASES: [(&str, &str); 4] = [
    ("designing", "agent_design"),
    ("training", "training"),
    ("backtesting", "backtesting"),
    ("assessing", "agent_assessment"),
];

const TRIGGER: [&str; 8] =
    ["agent", "trigger", "--symbol", "EURUSD", "--timeframe", "1h", "--brief", "calm pullbacks"];

pub(super) fn rows(chapter: &mut Chapter, engine: Engine) {
    let (fake, collector) = (claude::fake(Mind::Good), Collector::start(Manner::Takes));
    let world = claude::open_gates(claude::world_of(engine, &fake));
    let world = world.with_setting(traces::ENDPOINT, &collector.url());
    let lab = Lab::up(&world);
    let mut cycle = json!({});
    chapter.row("M1", |seen| cycle = watched(&lab, seen));
    chapter.row("M2", |seen| designed(&lab, &cycle, seen));
    chapter.row("M3", |seen| {
        trained(&lab, &cycle, seen);
        gates::training_fails(&lab, seen);
    });
    chapter.row("M4", |seen| {
        examined(&lab, &cycle, seen);
        gates::backtest_fails(&lab, seen);
    });
    chapter.row("M5", |seen| assessed(&lab, &cycle, seen));
    chapter.row("M7", |seen| {
        paid(&lab, seen);
        traced(&lab, &collector, &cycle, seen);
    });
}

/// Triggers a cycle and sees it in every phase; its row in the end.
fn watched(lab: &Lab<'_>, seen: &mut Seen) -> Value {
    for (_, kind) in PHASES {
        assert_eq!(lab.order(&format!("/queues/{kind}/pause")).0, 200);
    }
    let output = lab.world.run(&[&TRIGGER[..], &["--agent", "claude"]].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let id = said.lines().find_map(|l| l.strip_prefix("Research cycle started! Operation ID: "));
    let id = id.unwrap_or_else(|| panic!("{}", shown(&output)));
    assert!(id.starts_with("op_agent_research_"), "{id}");
    let mut ran = Duration::ZERO;
    for (phase, kind) in PHASES {
        lab.followed(id, |row| row["phase"] == phase);
        let cycle = lab.got("/agent/status")["cycles"][0].clone();
        assert_eq!((&cycle["phase"], &cycle["operation"]), (&phase.into(), &id.into()), "{cycle}");
        assert_eq!(cycle["child"], format!("{id}.{kind}.1"), "{cycle}");
        let begun = Instant::now();
        lab.order(&format!("/queues/{kind}/resume"));
        lab.followed(id, |row| row["phase"] != phase || row["status"] != "running");
        ran += begun.elapsed();
    }
    let row = lab.ended(id);
    assert_eq!(row["status"], "completed", "{}", row["error"]);
    let listed = lab.world.json(&["operations", "list", "--type", "agent_research"]);
    assert_eq!(
        (&listed["operations"][0]["id"], &listed["operations"][0]["status"]),
        (&id.into(), &"completed".into())
    );
    assert!(ran < Duration::from_secs(30), "{ran:?}");
    seen.note(format!("{}; four phases seen; {:.1} s of work", &id[..18], ran.as_secs_f64()));
    row
}

fn child(lab: &Lab<'_>, cycle: &Value, kind: &str) -> Value {
    lab.row(&format!("{}.{kind}.1", cycle["id"].as_str().unwrap()))
}

fn strategy(cycle: &Value) -> &str {
    cycle["result"]["strategy"].as_str().unwrap()
}

fn designed(lab: &Lab<'_>, cycle: &Value, seen: &mut Seen) {
    let name = strategy(cycle);
    assert!(lab.world.path(&format!("strategies/{name}.yaml")).exists());
    let checked = lab.world.json(&["strategies", "validate", name]);
    assert_eq!(checked["strategies"][0]["valid"], true, "{checked}");
    let id = cycle["id"].as_str().unwrap();
    assert_eq!(lab.got(&format!("/agent/cycles/{id}"))["strategy"], name);
    let campaign = cycle["spec"]["campaign"].as_str().unwrap();
    let account = lab.got(&format!("/agent/budget?campaign={campaign}"))["campaigns"][0]["spent"].clone();
    let tokens = account["tokens"].as_u64().unwrap();
    assert!(tokens > 1_000, "{account}");
    seen.note(format!("{name}.yaml is valid; {tokens} tokens, {}", account["money"].as_str().unwrap()));
}

fn trained(lab: &Lab<'_>, cycle: &Value, seen: &mut Seen) {
    let (id, row) = (&cycle["id"], child(lab, cycle, "training"));
    let listed = lab.got(&format!("/operations?type=training&root={}", id.as_str().unwrap()));
    assert_eq!((&listed["total"], &row["root"]), (&1.into(), id), "one real operation, no wrapper: {listed}");
    let data = &row["spec"]["strategy"]["training_data"];
    assert_eq!((&data["symbols"], &data["base_timeframe"]), (&json!(["EURUSD"]), &json!("1h")), "{data}");
    let windows = lab.got("/windows/EURUSD")["windows"].clone();
    assert_eq!(row["spec"]["window"], windows["dev"], "{row}");
    let model = &row["result"]["model"];
    let folder = format!("models/{}/1h_v{}", strategy(cycle), model["version"]);
    for file in ["model.safetensors", "metadata.json"] {
        assert!(lab.world.path(&format!("{folder}/{file}")).exists(), "{folder}/{file}");
    }
    assert!(!cycle["result"]["training_gate"].is_null(), "{}", cycle["result"]);
    seen.note(format!("one training of {} epochs, {folder}", row["result"]["epochs_trained"]));
}

fn examined(lab: &Lab<'_>, cycle: &Value, seen: &mut Seen) {
    let row = child(lab, cycle, "backtesting");
    let windows = lab.got("/windows/EURUSD")["windows"].clone();
    assert_eq!(
        (&row["spec"]["window"], &row["result"]["window_kind"]),
        (&windows["gate"], &"gate".into()),
        "{row}"
    );
    let results = lab.got(&format!("/operations/{}/results", row["id"].as_str().unwrap()));
    for figure in
        ["sharpe_ratio", "win_rate", "max_drawdown", "max_drawdown_pct", "total_return", "total_trades"]
    {
        let is_there = results["metrics"][figure].is_number() || results["undefined"][figure].is_string();
        assert!(is_there, "{figure}: {}", results["metrics"]);
    }
    if let Some(share) = results["metrics"]["max_drawdown_pct"].as_f64() {
        assert!((0.0..=1.0).contains(&share), "a fraction: {share}");
    }
    assert!(!cycle["result"]["backtest_gate"].is_null(), "{}", cycle["result"]);
    seen.note(format!(
        "{} bars of the gate window, {} trades",
        results["bars"], results["metrics"]["total_trades"]
    ));
}

fn assessed(lab: &Lab<'_>, cycle: &Value, seen: &mut Seen) {
    let path = lab.world.path(&format!("strategies/{}/assessment.json", strategy(cycle)));
    let assessment: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(assessment["verdict"].is_string(), "{assessment}");
    for list in ["strengths", "weaknesses", "suggestions"] {
        assert!(assessment[list].is_array(), "{list}: {assessment}");
    }
    assert_eq!(cycle["result"]["verdict"], assessment["verdict"], "{}", cycle["result"]);
    let status = lab.got("/agent/status");
    assert_eq!(status["status"], "idle", "{status}");
    let told = cycle["result"].as_object().unwrap().len();
    seen.note(format!("verdict {}; a summary of {told} entries; idle", assessment["verdict"]));
}

fn paid(lab: &Lab<'_>, seen: &mut Seen) {
    let day = lab.got("/agent/budget")["days"][0].clone();
    let spent: f64 = day["spent"]["money"].as_str().unwrap().trim_start_matches('$').parse().unwrap();
    assert!(spent > 0.01, "{day}");
    let before = lab.count();
    let trigger = [&TRIGGER[..], &["--agent", "claude", "--output", "json"]].concat();
    let refused = lab.world.command(&trigger).env("KTRDR_BUDGET__DAY__MONEY", "$0.01").output().unwrap();
    assert_eq!(refused.status.code(), Some(7), "{}", shown(&refused));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("budget_exhausted"), "{}", shown(&refused));
    assert_eq!(lab.count(), before);
    let text = lab.world.run(&["agent", "budget"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains(day["spent"]["money"].as_str().unwrap()), "{text}");
    seen.note(format!(
        "{} spent today, {} left; with $0.01 a day: budget_exhausted",
        day["spent"]["money"].as_str().unwrap(),
        day["left"]["money"].as_str().unwrap_or("no limit")
    ));
}

fn traced(lab: &Lab<'_>, collector: &Collector, cycle: &Value, seen: &mut Seen) {
    let trace = traces::trace_of(lab.world, collector, cycle["id"].as_str().unwrap());
    traces::whole(&trace);
    seen.note(format!("one trace of {} spans", trace.len()));
}
