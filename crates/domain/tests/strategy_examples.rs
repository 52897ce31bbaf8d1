//! The strategies that come with the project are good examples, and the manual knows every word.
#![allow(missing_docs, clippy::unwrap_used)]

mod schema;

use std::path::{Path, PathBuf};

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::field::{self, Field, Variant};
use ktrdr_domain::strategy::indicators::INDICATORS;
use ktrdr_domain::strategy::schema::json_schema;
use ktrdr_domain::strategy::words::Words;
use ktrdr_domain::strategy::{Normalization, network};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn examples_are_valid_without_a_warning() {
    let schema = json_schema();
    for name in ["fx_pullback", "trend_cost_aware", "equity_swing"] {
        let text = std::fs::read_to_string(root().join(format!("strategies/{name}.yaml"))).unwrap();
        let read = Strategy::from_yaml(&text).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        assert_eq!(read.strategy.name.as_str(), name, "a file is named for its strategy");
        assert_eq!((read.warnings, read.upgraded_from), (vec![], None), "{name}");
        let value = serde_json::to_value(&read.strategy).unwrap();
        assert_eq!(schema::fault(&value, &schema, &schema), None, "{name}");
    }
}

#[test]
fn the_manual_knows_every_word_key_and_range() {
    let manual = std::fs::read_to_string(root().join("docs/strategy-format.md")).unwrap();
    let knows =
        |word: &str| assert!(manual.contains(&format!("`{word}`")), "docs/strategy-format.md lacks `{word}`");
    for definition in INDICATORS {
        knows(definition.name);
        definition.params.iter().for_each(|param| knows(param.name));
        definition.outputs.iter().for_each(|output| knows(output));
    }
    field::MEMBERSHIPS.iter().for_each(|shape| knows(shape.word));
    network::Activation::words().into_iter().for_each(knows);
    network::Optimizer::words().into_iter().for_each(knows);
    network::ClassWeights::words().into_iter().for_each(knows);
    Normalization::words().into_iter().for_each(knows);
    let tables = [field::LABELS, field::SCHEDULERS, field::LOSSES];
    tables.into_iter().flatten().for_each(|variant: &Variant| knows(variant.word));
    for field in fields() {
        let row = format!("| `{}` | {} – {} |", field.key, field.min, field.max);
        assert!(manual.contains(&row), "docs/strategy-format.md lacks the row {row}");
    }
}

/// The fenced block of the manual that starts with `start`.
fn block(start: &str) -> String {
    let manual = std::fs::read_to_string(root().join("docs/strategy-format.md")).unwrap();
    let from = manual.find(&format!("\n{start}")).unwrap() + 1;
    manual[from..].split("```").next().unwrap().to_owned()
}

#[test]
fn the_smallest_file_of_the_manual_is_a_strategy() {
    assert_eq!(Strategy::from_yaml(&block("name: smallest")).unwrap().warnings, []);
}

#[test]
fn the_faults_of_the_manual_are_told_in_these_words() {
    let faulty = "name: faulty
training_data: {symbols: {mode: single, list: [EURUSD, GBPUSD]}, timeframes: [1h]}
indicators:
  rsi_14: {type: rsi, perod: 9}
  macd_1: {type: macd}
fuzzy_sets:
  rsi:
    indicator: rsi_41
    low: [60, 0, 0]
    high: [40, 100, 100]
nn_inputs:
  - {fuzzy_set: rsi, timeframes: [1h]}
  - {raw_indicator: macd_1, timeframes: [1h], normalization: zscore}
model: {type: lstm, architecture: {hidden_layers: [8]}}
training:
  labels: {source: zigzag, threshold: 1.5}
context_data: [fred]
decisions: {output_format: classification}
";
    let told = Strategy::from_yaml(faulty).unwrap_err().to_string();
    assert_eq!(told, block("line 2, ").trim_end());
}

/// Every number a file may hold.
fn fields() -> Vec<Field> {
    let mut all = vec![
        field::HISTORY_REQUIRED,
        field::LAGS,
        field::UNITS,
        field::DROPOUT,
        field::EPOCHS,
        field::BATCH_SIZE,
        field::LEARNING_RATE,
        field::WEIGHT_DECAY,
        field::GRADIENT_CLIP,
        field::CONFIDENCE,
        field::SEPARATION,
    ];
    let lists: [&[Field]; 5] =
        [&field::SHARES, &field::EARLY_STOPPING, field::COST_MODEL, field::SIZINGS, field::EXITS];
    all.extend(lists.concat());
    for variants in [field::LABELS, field::SCHEDULERS, field::LOSSES] {
        variants.iter().for_each(|variant| all.extend_from_slice(variant.fields));
    }
    all
}
