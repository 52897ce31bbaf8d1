//! Gates that nothing passes, and what is said of it; the older grammars, whose symbols and timeframes are those of the training.

use serde_json::{Value, json};

use super::book::Seen;
use super::lab::{Lab, refused};
use super::write_quick;
use crate::world::shown;

/// A grammar-2 file: nested `training_data`.
const GRAMMAR_2: &str = "name: NAME
version: \"2.0\"
training_data:
  symbols: {mode: single, symbols: [EURUSD]}
  timeframes: {mode: single, timeframe: 1h, base_timeframe: 1h}
  history_required: 300
indicators:
  - {name: rsi, feature_id: rsi_14, period: 14, source: close}
fuzzy_sets:
  rsi_14:
    low: {type: triangular, parameters: [0, 0, 50]}
    high: {type: triangular, parameters: [50, 100, 100]}
model:
  type: mlp
  architecture: {hidden_layers: [4]}
  training: {epochs: 1}
decisions: {output_format: classification, confidence_threshold: 0.5}
training:
  labels: {source: zigzag, zigzag_threshold: 0.01, label_lookahead: 20}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
";

/// The oldest grammar: direct lists.
const GRAMMAR_1: &str = "name: NAME
data:
  symbols: [EURUSD]
  timeframes: [1h]
  history_required: 300
indicators:
  - {name: rsi, period: 14}
fuzzy_sets:
  rsi:
    low: {type: triangular, parameters: [0, 0, 60]}
    high: {type: triangular, parameters: [40, 100, 100]}
";

pub(super) fn training_fails(lab: &Lab<'_>, seen: &mut Seen) {
    let said = ended(lab, "KTRDR_GATES__ACCURACY_MIN", "1.0");
    assert!(said.starts_with("Training gate failed: accuracy_below_threshold ("), "{said}");
    seen.note(said);
    older_grammars(lab, seen);
}

pub(super) fn backtest_fails(lab: &Lab<'_>, seen: &mut Seen) {
    let said = ended(lab, "KTRDR_GATES__SHARPE_MIN", "1000");
    assert!(said.starts_with("Backtest gate failed: sharpe_too_low ("), "{said}");
    seen.note(said);
}

/// A cycle with a strategy that is given, under one gate that nothing passes; why it failed.
fn ended(lab: &Lab<'_>, gate: &str, value: &str) -> String {
    write_quick(lab.world);
    let file = lab.world.path("strategies/quick.yaml");
    let trigger =
        ["agent", "trigger", "--symbol", "EURUSD", "--timeframe", "1h", "--output", "json", "--strategy"];
    let trigger = [&trigger[..], &[file.to_str().unwrap()]].concat();
    let output = lab.world.command(&trigger).env(gate, value).output().unwrap();
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown(&output)));
    let row = lab.ended(answer["operation"].as_str().unwrap());
    assert_eq!((&row["status"], &row["reason"]), (&"failed".into(), &"gate".into()), "{row}");
    row["error"].as_str().unwrap().to_owned()
}

fn older_grammars(lab: &Lab<'_>, seen: &mut Seen) {
    for (name, text) in [("older_two", GRAMMAR_2), ("older_one", GRAMMAR_1)] {
        let yaml = text.replace("NAME", name);
        let id = lab.started("/trainings/start", &json!({ "strategy": { "yaml": yaml } }));
        let data = lab.row(&id)["spec"]["strategy"]["training_data"].clone();
        assert_eq!((&data["symbols"], &data["base_timeframe"]), (&json!(["EURUSD"]), &json!("1h")), "{data}");
        lab.delete(&format!("/operations/{id}"));
        lab.ended(&id);
    }
    for missing in ["symbols", "timeframes"] {
        let cut = GRAMMAR_1.replace("NAME", "older_cut");
        let rest = cut.lines().filter(|line| !line.trim_start().starts_with(missing));
        let yaml: String = rest.map(|line| format!("{line}\n")).collect();
        refused(&lab.post("/trainings/start", &json!({ "strategy": { "yaml": yaml } })), 422, &[missing]);
    }
    seen.note("both older grammars are read; without symbols or timeframes: 422");
}
