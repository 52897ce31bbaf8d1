//! What is written reads back equal, in YAML and in JSON, and hashes say what they promise.
#![allow(missing_docs, clippy::unwrap_used)]

mod generated;

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::words::Words;
use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec, Normalization, Source};
use ktrdr_domain::strategy::{NnInput, network};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_written_strategy_reads_back_equal(strategy in generated::strategies()) {
        let text = strategy.to_yaml();
        let read = Strategy::from_yaml(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&read.strategy, &strategy);
        prop_assert_eq!(read.upgraded_from, None);
        prop_assert_eq!(strategy.check().unwrap().len(), read.warnings.len());
    }

    #[test]
    fn json_reads_back_equal_with_the_same_hash(strategy in generated::strategies()) {
        let json = serde_json::to_string(&strategy).unwrap();
        let back: Strategy = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&back, &strategy);
        prop_assert_eq!(back.sha256(), strategy.sha256());
        prop_assert_eq!(Strategy::from_yaml(&json).unwrap().strategy, strategy);
    }

    #[test]
    fn the_content_hash_forgets_the_name_and_the_order_of_declarations(strategy in generated::strategies()) {
        let mut renamed = strategy.clone();
        renamed.name = "another".parse().unwrap();
        renamed.hypothesis = Some("another".to_owned());
        renamed.indicators.reverse();
        renamed.fuzzy_sets.reverse();
        prop_assert_eq!(renamed.content_sha256(), strategy.content_sha256());
        prop_assert_ne!(renamed.sha256(), strategy.sha256());
        renamed.training.optimisation.epochs += 1;
        prop_assert_ne!(renamed.content_sha256(), strategy.content_sha256());
    }
}

fn small() -> Strategy {
    let text = include_str!("../../../strategies/fx_pullback.yaml");
    Strategy::from_yaml(text).unwrap().strategy
}

#[test]
fn a_strategy_put_together_wrongly_in_code_is_refused() {
    let faults = |change: fn(&mut Strategy)| {
        let mut strategy = small();
        change(&mut strategy);
        strategy.check().unwrap_err().to_string()
    };
    assert!(faults(|s| s.training.optimisation.learning_rate = f64::NAN).contains("training.learning_rate"));
    assert!(faults(|s| s.model.hidden_layers.clear()).contains("hidden_layers"));
    assert!(faults(|s| s.nn_inputs[0].fuzzy_set = Some("gone".to_owned())).contains("no fuzzy set"));
    assert!(
        faults(|s| s.indicators[1] = IndicatorSpec::new(IndicatorKind::Rsi).with("speed", 3.0))
            .contains("speed")
    );
    assert!(
        faults(|s| s.indicators[1] = IndicatorSpec::new(IndicatorKind::Rsi).with("period", 2.5))
            .contains("whole")
    );
}

#[test]
fn json_that_breaks_a_rule_is_no_strategy() {
    let mut value = serde_json::to_value(small()).unwrap();
    value["training"]["epochs"] = 0.into();
    let refused = serde_json::from_value::<Strategy>(value).unwrap_err().to_string();
    assert!(refused.contains("training.epochs: 0 is out of range"), "{refused}");
}

#[test]
fn words_are_those_of_json() {
    fn same<T: Words + serde::Serialize>() {
        for (word, value) in T::WORDS {
            assert_eq!(serde_json::to_value(value).unwrap(), *word);
        }
    }
    same::<Source>();
    same::<Normalization>();
    same::<network::Activation>();
    same::<network::OutputKind>();
    same::<network::Optimizer>();
    same::<network::ClassWeights>();
}

#[test]
fn what_is_switched_off_stays_so_in_json() {
    let mut strategy = small();
    strategy.training.optimisation.gradient_clip = None;
    strategy.training.optimisation.early_stopping = None;
    let json = serde_json::to_string(&strategy).unwrap();
    assert!(json.contains("\"gradient_clip\":false") && json.contains("\"early_stopping\":false"), "{json}");
    assert_eq!(serde_json::from_str::<Strategy>(&json).unwrap(), strategy);
}

#[test]
fn short_inputs_stay_short() {
    let input: &NnInput = &small().nn_inputs[0];
    assert_eq!(serde_json::to_string(input).unwrap(), r#"{"fuzzy_set":"trend","timeframes":["1h"]}"#);
}
