//! The schema that editors get says what the reader does.
#![allow(missing_docs, clippy::unwrap_used)]

mod generated;
mod schema;

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::schema::json_schema;
use proptest::prelude::*;
use serde_json::{Value, json};

fn fault(value: &Value) -> Option<String> {
    let schema = json_schema();
    schema::fault(value, &schema, &schema)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_written_is_valid(strategy in generated::strategies()) {
        prop_assert_eq!(fault(&serde_json::to_value(&strategy).unwrap()), None);
    }

    /// Each value of a valid strategy is put out of shape in turn: the schema may be laxer than the reader, which
    /// sees relations too, but what the reader takes the schema takes.
    #[test]
    fn what_the_reader_takes_is_valid(
        strategy in generated::strategies(),
        at in any::<prop::sample::Index>(),
        with in prop::sample::select(vec![
            json!(0), json!(1), json!(-1), json!(2.5), json!(1e6), json!("x"), json!(true), json!(false), json!(null),
            json!([]), json!({}), json!([1, 2, 3]), json!("all"), json!("mse"), json!("cosine"),
        ]),
    ) {
        let mut value = serde_json::to_value(&strategy).unwrap();
        let mut places = Vec::new();
        places_in(&value, String::new(), &mut places);
        let place = value.pointer_mut(at.get::<String>(&places)).unwrap();
        // A file says `list: [0700]` without quotes and means text; only an editor that counts types minds.
        prop_assume!(with.is_string() || !place.is_string());
        prop_assume!(with != json!([1, 2, 3]) || !place.as_array().is_some_and(|a| a.iter().any(Value::is_string)));
        *place = with;
        if serde_json::from_value::<Strategy>(value.clone()).is_ok() {
            prop_assert_eq!(fault(&value), None);
        }
    }
}

fn places_in(value: &Value, here: String, places: &mut Vec<String>) {
    if let Some(map) = value.as_object() {
        map.iter().for_each(|(key, inner)| places_in(inner, format!("{here}/{key}"), places));
    }
    for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
        places_in(inner, format!("{here}/{i}"), places);
    }
    places.push(here);
}

fn example() -> Value {
    let text = include_str!("../../../strategies/trend_cost_aware.yaml");
    serde_json::to_value(Strategy::from_yaml(text).unwrap().strategy).unwrap()
}

#[test]
fn the_short_forms_of_files_are_valid() {
    let mut value = example();
    value["training_data"] = json!({"symbols": {"mode": "single", "symbol": "EURUSD"}, "timeframes": {"mode": "multi_timeframe", "list": ["1h", "4h"], "base_timeframe": "1h"}});
    value["fuzzy_sets"]["stretch"]["near"] = json!([-0.5, 0, 0.5]);
    value["nn_inputs"][0]["timeframes"] = json!("all");
    value["training"]["loss"] = json!("huber");
    value["training"]["huber_delta"] = json!(0.02);
    value["training"]["lr_scheduler"] = json!("cosine");
    value["training"]["early_stopping"] = json!({"enabled": false});
    value["decisions"].as_object_mut().unwrap().remove("min_signal_separation");
    value["decisions"]["filters"] = json!({"min_signal_separation": 3});
    assert_eq!(fault(&value), None);
    assert!(serde_json::from_value::<Strategy>(value).is_ok());
}

#[test]
fn faults_that_an_editor_can_see_are_invalid() {
    for (pointer, bad) in [
        ("/name", json!("../x")),
        ("/training/epochs", json!(0)),
        ("/training/epoch", json!(5)),
        ("/training/labels/horizon", json!(1.5)),
        ("/training/labels/barrier", json!(1)),
        ("/indicators/close", json!({"type": "rsi"})),
        ("/indicators/High", json!({"type": "rsi"})),
        ("/indicators/adx_14/period", json!(1)),
        ("/indicators/adx_14/source", json!("close")),
        ("/indicators/adx_14/type", json!("zigzag")),
        ("/fuzzy_sets/stretch/near", json!([1, 2])),
        ("/fuzzy_sets/stretch/near/type", json!("gaussian")),
        ("/nn_inputs/0/normalization", json!("zscore")),
        ("/nn_inputs/0/raw_indicator", json!("adx_14")),
        ("/model/type", json!("lstm")),
        ("/decisions/cost_model/round_trip_cost", json!(0)),
        ("/risk/position_sizing", json!({"fixed_fraction": 0.5, "fixed_units": 3})),
        ("/context_data", json!([])),
    ] {
        let mut value = example();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[key] = bad;
        assert!(fault(&value).is_some(), "{pointer}");
        assert!(serde_json::from_value::<Strategy>(value).is_err(), "{pointer}");
    }
}

#[test]
fn no_object_of_the_schema_is_open() {
    fn check(schema: &Value, place: &str) {
        if schema.get("type") == Some(&json!("object")) {
            assert!(schema.get("additionalProperties").is_some_and(|a| *a != json!(true)), "{place}");
        }
        for (key, inner) in schema.as_object().into_iter().flatten() {
            check(inner, &format!("{place}/{key}"));
        }
        for inner in schema.as_array().into_iter().flatten() {
            check(inner, place);
        }
    }
    check(&json_schema(), "");
}
