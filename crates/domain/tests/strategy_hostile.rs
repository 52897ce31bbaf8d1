//! Whatever the text, the reader answers: it neither panics nor grows beyond its limits.
#![allow(missing_docs, clippy::unwrap_used)]

use ktrdr_domain::Strategy;
use proptest::prelude::*;

const FILES: [&str; 3] = [
    include_str!("../../../strategies/fx_pullback.yaml"),
    include_str!("../../../strategies/trend_cost_aware.yaml"),
    include_str!("../../../strategies/equity_swing.yaml"),
];

/// Pieces that mean something to YAML or to the grammar.
const PIECES: &[&str] = &[
    "",
    "\n",
    "  ",
    "\t",
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "#",
    "&a ",
    "*a",
    "!!map ",
    "|\n",
    ">\n",
    "'",
    "\"",
    "? ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "<<: ",
    "null",
    "~",
    "true",
    "-1",
    "0",
    "1e308",
    ".inf",
    "NaN",
    "\u{feff}",
    "\u{2028}",
    "\0",
    "🦀",
    "name: x\n",
    "nn_inputs: []\n",
    "indicators: [{name: rsi, feature_id: x}]\n",
    "data: {}\n",
    "version: 2\n",
];

fn answers(text: &str) -> Result<(), TestCaseError> {
    match Strategy::from_yaml(text) {
        Ok(read) => {
            let again = Strategy::from_yaml(&read.strategy.to_yaml()).unwrap();
            prop_assert_eq!(again.strategy, read.strategy);
        }
        Err(errors) => {
            prop_assert!(!errors.0.is_empty() && errors.0.len() <= 100);
            prop_assert!(errors.0.iter().all(|e| !e.message.is_empty() && !e.fix.is_empty()));
            prop_assert!(errors.to_string().len() < 200_000);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        answers(&text)?;
    }

    #[test]
    fn soup_of_yaml_is_answered(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        answers(&pieces.concat())?;
    }

    #[test]
    fn damaged_files_are_answered(
        file in prop::sample::select(&FILES[..]),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..30, prop::sample::select(PIECES)), 1..6),
    ) {
        let mut text: Vec<char> = file.chars().collect();
        for (at, length, piece) in cuts {
            let from = at.index(text.len());
            let to = (from + length).min(text.len());
            text.splice(from..to, piece.chars());
        }
        answers(&text.into_iter().collect::<String>())?;
    }

    #[test]
    fn damaged_json_is_answered(file in prop::sample::select(&FILES[..]), at in any::<prop::sample::Index>(), with in any::<Option<f64>>()) {
        let mut value = serde_json::to_value(Strategy::from_yaml(file).unwrap().strategy).unwrap();
        let mut places = Vec::new();
        places_in(&value, String::new(), &mut places);
        *value.pointer_mut(at.get::<String>(&places)).unwrap() = serde_json::json!(with);
        let _ = serde_json::from_value::<Strategy>(value);
    }
}

fn places_in(value: &serde_json::Value, here: String, places: &mut Vec<String>) {
    if let Some(map) = value.as_object() {
        map.iter().for_each(|(key, inner)| places_in(inner, format!("{here}/{key}"), places));
    }
    for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
        places_in(inner, format!("{here}/{i}"), places);
    }
    places.push(here);
}

#[track_caller]
fn refused(text: &str, reason: &str) {
    let errors = Strategy::from_yaml(text).unwrap_err().to_string();
    assert!(errors.contains(reason), "{errors}");
}

#[test]
fn what_multiplies_or_acts_is_refused() {
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for i in 1..40 {
        bomb += &format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1);
    }
    refused(&bomb, "anchors and aliases");
    refused("name: !!binary aGk=\n", "tags");
    refused("a: *b\n", "line 1");
    refused("name: a\n---\nname: b\n", "line 2, file: a second document");
}

#[test]
fn what_is_too_large_is_refused() {
    refused(&format!("name: {}", "x".repeat(256 * 1024)), "keep it within 262144 bytes");
    refused(&format!("a: {}", "[".repeat(100_000)), "nested deeper than 32");
    let nested: String = (0..40).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    refused(&nested, "nested deeper than 32");
    refused(&format!("a: [{}]", "1,".repeat(60_000)), "more than 50000 values");
    let indicators: String = (0..65).map(|i| format!("  i{i}: {{type: rsi}}\n")).collect();
    refused(&format!("indicators:\n{indicators}"), "there are 65 indicators");
    let text = FILES[0];
    refused(
        &text.replace("hidden_layers: [16, 8]", "hidden_layers: [1, 1, 1, 1, 1, 1, 1, 1, 1]"),
        "keep 1 to 8",
    );
    refused(&text.replace("hidden_layers: [16, 8]", "hidden_layers: [1025]"), "from 1 to 1024");
    refused(&text.replace("epochs: 20", "epochs: 10001"), "from 1 to 10000");
    refused(&text.replace("batch_size: 256", "batch_size: 65537"), "from 1 to 65536");
    refused(
        &text.replace(
            "{fuzzy_set: trend, timeframes: [1h]}",
            "{fuzzy_set: trend, timeframes: [1h], lags: 51}",
        ),
        "from 0 to 50",
    );
}

#[test]
fn a_thousand_faults_are_answered_with_a_hundred() {
    let keys: String = (0..1000).map(|i| format!("key{i}: 1\n")).collect();
    assert_eq!(Strategy::from_yaml(&format!("name: long\n{keys}")).unwrap_err().0.len(), 100);
}

#[test]
fn a_file_that_is_not_a_strategy_is_answered_once_and_not_quoted() {
    for text in
        ["root:canary:19000:0:99999:7:::\n", "- canary\n", "canary: {canary: canary}\n", "\"canary\"\n"]
    {
        let errors = Strategy::from_yaml(text).unwrap_err();
        assert!(errors.0.len() == 1 && errors.to_string().contains("not a strategy"), "{errors}");
        assert!(!errors.to_string().contains("canary"), "{errors}");
    }
}
