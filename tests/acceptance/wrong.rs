//! B4: what can not be: refused early with its status, field and path, and good work succeeds afterwards.

use std::fs;

use serde_json::{Value, json};

use super::QUICK;
use super::book::{Chapter, Seen};
use super::lab::{Lab, backtest, has_ended, refused};
use crate::world::ms;

pub(super) fn rows(chapter: &mut Chapter, lab: &Lab<'_>) {
    chapter.row("B4.1", |seen| an_invalid_strategy(lab, seen));
    chapter.row("B4.2", |seen| missing_bars(lab, seen));
    chapter.row("B4.3", |seen| cancels_at_several_points(lab, seen));
    chapter.row("B4.4", |seen| a_model_that_is_not_there(lab, seen));
    chapter.row("B4.5", |seen| too_few_bars(lab, seen));
}

fn an_invalid_strategy(lab: &Lab<'_>, seen: &mut Seen) {
    let before = lab.count();
    let text = include_str!("../../strategies/fx_pullback.yaml");
    let broken = [
        ("without indicators", text.replace("indicators:", "indicator:"), "indicator"),
        ("of no name", text.replacen("name: fx_pullback", "", 1), "name"),
    ];
    for (what, yaml, word) in broken {
        let answer = lab.post("/trainings/start", &json!({ "strategy": { "yaml": yaml } }));
        refused(&answer, 422, &[word]);
        seen.note(format!("{what}: 422 names `{word}`"));
    }
    let unknown = lab.post("/trainings/start", &json!({ "strategy": { "name": "nobody_xyz" } }));
    refused(&unknown, 404, &["nobody_xyz", "strategies/nobody_xyz.yaml"]);
    let unknown = lab.post("/backtests/start", &backtest("nobody_xyz", "EURUSD"));
    refused(&unknown, 404, &["nobody_xyz", "models/nobody_xyz"]);
    seen.note("unknown name: 404 with the searched path");
    assert_eq!(lab.count(), before);
    lab.recovers(QUICK, "EURUSD");
}

fn missing_bars(lab: &Lab<'_>, seen: &mut Seen) {
    let before = lab.count();
    let wanted = json!({ "strategy": { "name": QUICK }, "symbols": ["NOWHERE"] });
    let answers = [
        ("training", lab.post("/trainings/start", &wanted)),
        ("backtest", lab.post("/backtests/start", &backtest(QUICK, "NOWHERE"))),
        ("cycle", lab.post("/agent/trigger", &json!({ "symbol": "NOWHERE", "timeframe": "1h" }))),
    ];
    for (what, answer) in answers {
        refused(&answer, 404, &["NOWHERE", "1h", "data/NOWHERE_1h"]);
        seen.note(format!("{what}: 404 with the path"));
    }
    assert_eq!(lab.count(), before);
    lab.recovers(QUICK, "EURUSD");
}

fn cancels_at_several_points(lab: &Lab<'_>, seen: &mut Seen) {
    lab.order("/queues/backtesting/pause");
    let waiting = lab.backtest(QUICK, "EURUSD");
    let (_, told) = lab.delete(&format!("/operations/{waiting}"));
    assert_eq!(told["answer"], "cancelled", "what waits is cancelled at once: {told}");
    lab.order("/queues/backtesting/resume");
    assert!(lab.row(&waiting)["started_at"].is_null());
    seen.note("waiting: at once");
    for (what, percent) in [("begun", 0.0), ("some way", 20.0), ("half done", 50.0)] {
        let row = cancelled_at(lab, percent);
        let id = row["id"].as_str().unwrap();
        let ms = ms(&row["finished_at"]) - ms(&row["cancel"]["at"]);
        let left: Vec<_> = lab.world.files().into_iter().filter(|file| file.contains(id)).collect();
        assert!(left.is_empty(), "{left:?}");
        let at = row["progress"]["percentage"].as_f64().unwrap_or(0.0);
        seen.note(format!("{what} ({at:.0} %): {ms} ms"));
    }
    lab.recovers(QUICK, "EURUSD");
}

/// A backtest that was cancelled once it had come so far. On a busy machine one may end before the word reaches it: then another.
fn cancelled_at(lab: &Lab<'_>, percent: f64) -> Value {
    const TRIES: usize = 5;
    for _ in 0..TRIES {
        let id = lab.backtest(QUICK, "LONG");
        lab.followed(&id, |row| {
            let is_so_far = row["progress"]["percentage"].as_f64().unwrap_or(0.0) >= percent;
            row["status"] == "completed" || row["status"] == "running" && is_so_far
        });
        lab.delete(&format!("/operations/{id}"));
        let row = lab.ended(&id);
        if row["status"] == "cancelled" {
            return row;
        }
    }
    panic!("none of {TRIES} was cancelled at {percent} %");
}

fn a_model_that_is_not_there(lab: &Lab<'_>, seen: &mut Seen) {
    let wanted = json!({ "strategy": QUICK, "model_version": 99, "market": { "symbol": "EURUSD", "timeframe": "1h" } });
    refused(&lab.post("/backtests/start", &wanted), 404, &["99", "models/quick"]);
    seen.note("version 99: 404 with the path");
    let weights = lab.world.path("models/quick/1h_v1/model.safetensors");
    let kept = fs::read(&weights).unwrap();
    fs::remove_file(&weights).unwrap();
    let (status, told) = lab.post("/backtests/start", &backtest(QUICK, "EURUSD"));
    assert!(
        [404, 422].contains(&status) && told["detail"].as_str().unwrap().contains("model.safetensors"),
        "{told}"
    );
    seen.note(format!("its file is gone: {status} with the path"));
    fs::write(&weights, &kept).unwrap();
    // It goes after the submit, before a worker looks.
    lab.order("/queues/backtesting/pause");
    let id = lab.backtest(QUICK, "EURUSD");
    fs::remove_file(&weights).unwrap();
    lab.order("/queues/backtesting/resume");
    let row = lab.ended(&id);
    fs::write(&weights, &kept).unwrap();
    let error = row["error"].as_str().unwrap();
    assert!(
        row["status"] == "failed" && error.contains("model.safetensors") && !error.contains("panicked"),
        "{row}"
    );
    seen.note(format!("it goes while the job waits: failed, {}", row["reason"].as_str().unwrap()));
    lab.recovers(QUICK, "EURUSD");
}

fn too_few_bars(lab: &Lab<'_>, seen: &mut Seen) {
    let gate = lab.got("/windows/EURUSD")["windows"]["gate"].clone();
    let start: ktrdr_domain::Timestamp = serde_json::from_value(gate["start"].clone()).unwrap();
    // Two trading days, wherever the week ends.
    let end = ktrdr_domain::Timestamp(start.0 + 2 * 86_400);
    let mut wanted = backtest(QUICK, "EURUSD");
    wanted["market"]["stretch"] = json!({ "start": start.to_string(), "end": end.to_string() });
    let (status, told) = lab.post("/backtests/start", &wanted);
    let words: Value = match status {
        202 => {
            let row = lab.ended(told["operation"].as_str().unwrap());
            assert!(has_ended(&row) && row["status"] == "failed", "{row}");
            row["error"].clone()
        }
        _ => told["detail"].clone(),
    };
    let words = words.as_str().unwrap();
    assert!(words.contains("at least 50") && words.contains(" bars in "), "{words}");
    seen.note(words);
    lab.recovers(QUICK, "EURUSD");
}
