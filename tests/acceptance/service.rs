//! A1–A6, A13, A16: one service for every type of operation.

use ktrdr_domain::trading::Account;
use ktrdr_jobs::evaluate;
use ktrdr_quant::Bars;
use reqwest::Method;
use serde_json::{Value, json};

use super::book::{Chapter, Seen};
use super::lab::{Lab, backtest, has_ended};
use super::{EPOCHS, QUICK};
use crate::api::client::answer;
use crate::world::{ms, shown};

pub(super) fn rows(chapter: &mut Chapter, lab: &Lab<'_>) {
    chapter.row("A1", |seen| metrics_by_type(lab, seen));
    chapter.row("A2", every_fifty_bars);
    chapter.row("A3", stopped_within_a_hundred_bars);
    chapter.row("A5", |seen| one_door(lab, seen));
    chapter.row("A6", |seen| by_command(lab, seen));
    chapter.row("A13", |seen| a_second_job(lab, seen));
    chapter.row("A16", |seen| the_engine(lab, seen));
}

fn metrics(lab: &Lab<'_>, id: &str) -> Value {
    lab.got(&format!("/operations/{id}/metrics"))["metrics"].clone()
}

fn metrics_by_type(lab: &Lab<'_>, seen: &mut Seen) {
    let training = lab.ended(&lab.started("/trainings/start", &json!({ "strategy": { "name": QUICK } })));
    let epochs = metrics(lab, training["id"].as_str().unwrap())["epochs"].clone();
    assert_eq!(epochs.as_array().unwrap().len(), EPOCHS, "{epochs}");
    assert!(epochs[1]["item"] == 2 && epochs[1]["figures"]["loss"].is_number(), "{epochs}");
    lab.world.example_of_epochs("long", 10_000);
    let long = lab.started("/trainings/start", &json!({ "strategy": { "name": "long" } }));
    // The trail of 30,000 epochs has 32 marks: two are enough to see it grow.
    lab.followed(&long, |row| row["progress"]["items_done"].as_u64().is_some_and(|done| done > 940));
    let grown = metrics(lab, &long)["epochs"].as_array().unwrap().len();
    assert!(grown >= 2, "{grown}");
    lab.delete(&format!("/operations/{long}"));
    assert!(
        metrics(lab, lab.ended(&long)["id"].as_str().unwrap())["epochs"].as_array().unwrap().len() >= grown
    );
    let exam = lab.ended(&lab.backtest(QUICK, "EURUSD"));
    let bars = metrics(lab, exam["id"].as_str().unwrap())["bars"].as_array().unwrap().clone();
    assert_eq!((&bars[0]["item"], &bars[1]["item"]), (&50.into(), &100.into()));
    assert_eq!(
        bars.last().unwrap()["figures"]["trades"],
        exam["result"]["metrics"]["total_trades"].as_f64().unwrap()
    );
    let loaded = lab.ended(&import(lab));
    let segments = metrics(lab, loaded["id"].as_str().unwrap())["segments"].clone();
    assert_eq!(segments.as_array().unwrap().len(), 2, "one hole: {segments}");
    lab.order("/queues/agent_design/pause");
    let cycle = lab.started("/agent/trigger", &json!({ "symbol": "EURUSD", "timeframe": "1h" }));
    let history = metrics(lab, &cycle)["history"].clone();
    assert!(history.as_array().is_some_and(|events| !events.is_empty()), "{history}");
    lab.delete("/agent/cancel");
    lab.ended(&cycle);
    lab.order("/queues/agent_design/resume");
    seen.note(format!(
        "{EPOCHS} epochs, {grown} of a training that runs, {} bars, 2 segments, a history",
        bars.len()
    ));
}

/// Five weeks of hours, with one hole in the middle of the first.
fn import(lab: &Lab<'_>) -> String {
    let hours = (0..900).filter(|hour| !(130..150).contains(hour));
    let row = |h: i64| format!("{},1,2,0.5,1.5,10\n", ktrdr_domain::Timestamp(1_577_923_200 + h * 3_600));
    let csv = format!("timestamp,open,high,low,close,volume\n{}", hours.map(row).collect::<String>());
    let (status, job) = lab.block_on(async {
        let path = "/data/import?symbol=HOLE&timeframe=1h&replace=true";
        let request = lab.api.request(Method::POST, path).header("content-type", "text/csv").body(csv);
        answer(request.send().await.unwrap()).await
    });
    assert_eq!(status, 202, "{job}");
    job["operation"].as_str().unwrap().to_owned()
}

/// A thousand bars that are held from the first to the last.
fn simulated(mut look: impl FnMut(usize) -> Option<()>) -> bool {
    let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), 1_000);
    for bar in 0..1_000 {
        bars.time.push(bar * 3_600);
        for field in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close, &mut bars.volume] {
            field.push(100.0);
        }
    }
    let (targets, account) = (vec![1; 1_000], Account::default());
    evaluate::trade(&bars, &(0..1_000), &targets, &account, &mut |run| look(run.bars_done())).is_ok()
}

fn every_fifty_bars(seen: &mut Seen) {
    let mut looks = Vec::new();
    assert!(simulated(|done| {
        looks.push(done);
        Some(())
    }));
    assert_eq!(looks, (1..=20).map(|look| look * 50).collect::<Vec<_>>());
    seen.note("1,000 bars: 20 words, one every 50; what they say is seen in B1.2");
}

fn stopped_within_a_hundred_bars(seen: &mut Seen) {
    let mut done = 0;
    assert!(!simulated(|bars| {
        done = bars;
        (bars < 100).then_some(())
    }));
    assert_eq!(done, 100, "who is asked to stop at bar 51 trades no bar after 100");
    seen.note("no bar is traded after the look; times of real cancels: B4.3");
}

fn one_door(lab: &Lab<'_>, seen: &mut Seen) {
    let kinds = ["training", "backtesting", "data_load"];
    kinds.iter().for_each(|kind| drop(lab.order(&format!("/queues/{kind}/pause"))));
    let jobs = [
        lab.started("/trainings/start", &json!({ "strategy": { "name": QUICK } })),
        lab.backtest(QUICK, "EURUSD"),
        import(lab),
    ];
    for (kind, id) in kinds.iter().zip(&jobs) {
        let listed = lab.got(&format!("/operations?type={kind}&status=pending"));
        assert_eq!(listed["operations"][0]["id"], id.as_str(), "{listed}");
        assert_eq!(lab.delete(&format!("/operations/{id}")).1["answer"], "cancelled");
        assert_eq!(lab.row(id)["status"], "cancelled");
    }
    kinds.iter().for_each(|kind| drop(lab.order(&format!("/queues/{kind}/resume"))));
    let loaded = lab.ended(&import(lab));
    assert_eq!(loaded["progress"]["percentage"], 100.0, "{loaded}");
    seen.note("three types listed, followed and cancelled by the same paths");
}

fn by_command(lab: &Lab<'_>, seen: &mut Seen) {
    let gate = lab.got("/windows/EURUSD")["windows"]["gate"].clone();
    let [from, to] = ["start", "end"].map(|edge| gate[edge].as_str().unwrap()[..10].to_owned());
    let run = ["backtest", "run", "--symbol", "EURUSD", "--timeframe", "1h", "--strategy", QUICK];
    let dates = ["--start-date", &from, "--end-date", &to, "--wait", "--output", "json"];
    let output = lab.world.run(&[&run[..], &dates].concat());
    // The dates are whole days, the gate need not end with one.
    let is_known = output.status.success() || shown(&output).contains("vault");
    assert!(is_known, "{}", shown(&output));
    lab.world.refused_with(3, &["backtest", "cancel"], &["no backtest waits or runs"]);
    lab.order("/queues/backtesting/pause");
    let (first, second) = (lab.backtest(QUICK, "EURUSD"), lab.backtest(QUICK, "EURUSD"));
    lab.world.refused_with(4, &["backtest", "cancel"], &["several backtests"]);
    assert_eq!(lab.world.json(&["backtest", "cancel", &first])["answer"], "cancelled");
    assert_eq!(lab.world.json(&["backtest", "cancel"])["operation"], second);
    lab.order("/queues/backtesting/resume");
    seen.note(format!("{from} to {to}; `backtest cancel` with and without an id"));
}

fn a_second_job(lab: &Lab<'_>, seen: &mut Seen) {
    let jobs: Vec<String> = (0..6).map(|_| lab.backtest(QUICK, "EURUSD")).collect();
    let rows: Vec<Value> = jobs.iter().map(|id| lab.ended(id)).collect();
    assert!(rows.iter().all(|row| has_ended(row) && row["status"] == "completed"), "{rows:?}");
    let waited = |row: &Value| ms(&row["started_at"]) - ms(&row["created_at"]);
    let longest = rows.iter().map(waited).max().unwrap();
    seen.note(format!("six at once, all completed; the last one waited {longest} ms"));
    let (status, told) = lab.post("/backtests/start", &backtest(QUICK, "EURUSD"));
    assert_eq!(status, 202, "{told}");
    lab.ended(told["operation"].as_str().unwrap());
}

fn the_engine(lab: &Lab<'_>, seen: &mut Seen) {
    let settings = lab.world.json(&["config", "show"]);
    let engine = settings["engine"].as_str().unwrap();
    seen.note(format!("`KTRDR_ENGINE` is {engine}: every row of this engine was tried by the same test"));
}
