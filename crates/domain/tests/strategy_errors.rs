//! A faulty file is refused with every fault at once: where it is, what it is, what to write instead.
#![allow(missing_docs, clippy::unwrap_used)]

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::Diagnostic;

const GOOD: &str = r"name: good
training_data: {symbols: [EURUSD], timeframes: [1h, 4h]}
indicators:
  rsi_14: {type: rsi, period: 14}
  macd_1: {type: macd}
fuzzy_sets:
  rsi:
    indicator: rsi_14
    lower: [0, 0, 60]
    upper: [40, 100, 100]
nn_inputs:
  - {fuzzy_set: rsi, timeframes: all}
  - {raw_indicator: macd_1.histogram, timeframes: [4h], normalization: zscore, lags: 2}
model: {type: mlp, architecture: {hidden_layers: [8]}}
training:
  labels: {source: forward_return, horizon: 24}
decisions: {output_format: classification}
";

/// The faults after replacing `old` by `new` in the good file.
fn faults(old: &str, new: &str) -> Vec<Diagnostic> {
    assert_eq!(GOOD.matches(old).count(), 1, "{old:?} must stand once in the good file");
    Strategy::from_yaml(&GOOD.replace(old, new)).unwrap_err().0
}

/// The one fault, which must lie at `path` on `line`; its text.
#[track_caller]
fn fault(old: &str, new: &str, path: &str, line: u32) -> String {
    let found = faults(old, new);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].path.as_str(), found[0].line), (path, Some(line)), "{}", found[0]);
    found[0].to_string()
}

#[test]
fn the_good_file_has_neither_fault_nor_warning() {
    let read = Strategy::from_yaml(GOOD).unwrap();
    assert_eq!(read.warnings, []);
    let names: Vec<String> = read.strategy.features().into_iter().map(|f| f.name).collect();
    let raw = ["4h_macd_1.histogram_raw", "4h_macd_1.histogram_raw_lag_1", "4h_macd_1.histogram_raw_lag_2"];
    let fuzzy = ["1h_rsi_lower", "1h_rsi_upper", "4h_rsi_lower", "4h_rsi_upper"];
    assert_eq!(names, [&fuzzy[..], &raw[..]].concat());
}

#[test]
fn every_fault_is_told_at_once_in_file_order() {
    let text = GOOD
        .replace("name: good", "name: Not Good")
        .replace("period: 14", "perod: 14")
        .replace("[0, 0, 60]", "[60, 0, 0]")
        .replace("horizon: 24", "horizon: -1")
        .replace("classification", "clasification");
    let errors = Strategy::from_yaml(&text).unwrap_err();
    let paths: Vec<&str> = errors.0.iter().map(|f| f.path.as_str()).collect();
    let expected = [
        "name",
        "indicators.rsi_14.perod",
        "fuzzy_sets.rsi.lower",
        "training.labels.horizon",
        "decisions.output_format",
    ];
    assert_eq!(paths, expected, "{errors}");
    assert_eq!(errors.to_string().lines().count(), 5);
}

#[test]
fn an_unknown_key_names_the_nearest() {
    let text = fault("  labels:", "  epoch: 5\n  labels:", "training.epoch", 16);
    assert!(text.contains("did you mean \"epochs\"?"), "{text}");
    let text = fault("name: good", "name: good\nrisks: {}", "risks", 2);
    assert!(text.contains("did you mean \"risk\"?"), "{text}");
}

#[test]
fn what_does_not_exist_is_refused_with_a_reason() {
    for (old, new, path, line, reason) in [
        ("name: good", "name: good\ncontext_data: []", "context_data", 2, "no provider"),
        ("name: good", "name: good\nscope: universal", "scope", 2, "nothing would act"),
        ("type: mlp", "type: lstm", "model.type", 14, "only mlp"),
        ("type: mlp", "type: gru", "model.type", 14, "only mlp"),
        (
            "    indicator: rsi_14",
            "    indicator: rsi_14\n    input_transform: {type: price_ratio}",
            "fuzzy_sets.rsi.input_transform",
            9,
            "distancefromma",
        ),
        (
            "{type: rsi, period: 14}",
            "{type: zigzag, threshold: 0.05}",
            "indicators.rsi_14.type",
            4,
            "repaints",
        ),
        (
            "{type: rsi, period: 14}",
            "{type: rsi, data_source: fred_DGS2}",
            "indicators.rsi_14.data_source",
            4,
            "no provider",
        ),
        (
            "{type: rsi, period: 14}",
            "{type: atr, source: open}",
            "indicators.rsi_14.source",
            4,
            "fixed bar fields",
        ),
        ("horizon: 24}", "horizon: 24}\n  method: supervised", "training.method", 17, "only supervised"),
        ("horizon: 24}", "horizon: 24}\n  loss: focal", "training.loss", 17, "class_weights: balanced"),
    ] {
        let text = fault(old, new, path, line);
        assert!(text.contains(reason), "{text}");
    }
}

#[test]
fn numbers_out_of_range_are_refused_with_the_range() {
    for (new, path, hint) in [
        ("{source: zigzag, threshold: 1.5}", "training.labels.threshold", "1.5 % is 0.015"),
        (
            "{source: zigzag, threshold: .nan}",
            "training.labels.threshold",
            "expected a number from 0.001 to 0.2",
        ),
        ("{source: forward_return, horizon: 2.5}", "training.labels.horizon", "a whole number"),
        ("{source: forward_return, horizon: '24'}", "training.labels.horizon", "without quotes"),
        ("{source: forward_return, horizon: }", "training.labels.horizon", "found nothing"),
        ("{source: triple_barrier, barrier: 1e999}", "training.labels.barrier", "from 0.01 to 100"),
    ] {
        let text = fault("{source: forward_return, horizon: 24}", new, path, 16);
        assert!(text.contains(hint), "{text}");
    }
    let text = fault("period: 14", "period: 101", "indicators.rsi_14.period", 4);
    assert!(text.contains("from 2 to 100"), "{text}");
}

#[test]
fn references_must_resolve_and_outputs_must_belong() {
    let text = fault("indicator: rsi_14", "indicator: rsi_41", "fuzzy_sets.rsi.indicator", 8);
    assert!(text.contains("name one of: rsi_14, macd_1"), "{text}");
    let text = fault("macd_1.histogram", "macd_1.upper", "nn_inputs[1].raw_indicator", 13);
    assert!(text.contains("line, signal, histogram"), "{text}");
    let text = fault("fuzzy_set: rsi,", "fuzzy_set: rsx,", "nn_inputs[0].fuzzy_set", 12);
    assert!(text.contains("name one of: rsi"), "{text}");
    let text = fault("[4h],", "[1d],", "nn_inputs[1].timeframes[0]", 13);
    assert!(text.contains("1d is not among the training timeframes"), "{text}");
}

#[test]
fn one_fault_draws_no_others_behind_it() {
    fault("type: macd", "type: makd", "indicators.macd_1.type", 5);
    fault("[0, 0, 60]", "[0, 0]", "fuzzy_sets.rsi.lower", 9);
}

#[test]
fn keys_stand_once_and_names_are_safe() {
    fault("  macd_1:", "  rsi_14: {type: rsi}\n  macd_1:", "indicators.rsi_14", 5);
    let text = fault("name: good", "name: ../good", "name", 1);
    assert!(text.contains("strategy name"), "{text}");
    let text = faults("rsi_14: {", "close: {")[0].to_string();
    assert!(text.contains("name of a bar field"), "{text}");
    let text = faults("    lower:", "    1ow er:")[0].to_string();
    assert!(text.contains("starting with a letter"), "{text}");
}

#[test]
fn the_base_is_the_shortest_timeframe() {
    let text = fault("4h]}", "4h], base_timeframe: 4h}", "training_data.base_timeframe", 2);
    assert!(text.contains("write 1h"), "{text}");
    let mapped = GOOD.replace(
        "timeframes: [1h, 4h]",
        "timeframes: {mode: multi_timeframe, list: [4h, 1h], base_timeframe: 1h}",
    );
    assert_eq!(Strategy::from_yaml(&mapped).unwrap().strategy.training_data.base_timeframe.to_string(), "1h");
    let text =
        fault("symbols: [EURUSD]", "symbols: {mode: single, list: [A, B]}", "training_data.symbols", 2);
    assert!(text.contains("mode is single"), "{text}");
}

#[test]
fn features_are_few_enough_and_differently_named() {
    let text = fault(
        "timeframes: all}",
        "timeframes: all}\n  - {fuzzy_set: rsi, timeframes: [1h]}",
        "nn_inputs[1]",
        13,
    );
    assert!(text.contains("\"1h_rsi_lower\" is in the vector a second time"), "{text}");
    let many: String = (0..30).map(|i| format!("    m{i}: [0, {i}, 100]\n")).collect();
    let wide = GOOD
        .replace("timeframes: all}", "timeframes: all, lags: 10}")
        .replace("    lower:", &format!("{many}    lower:"));
    let text = Strategy::from_yaml(&wide).unwrap_err().to_string();
    assert!(text.contains("707 columns"), "{text}");
}

#[test]
fn output_labels_loss_and_costs_belong_together() {
    let regression = "decisions: {output_format: regression, cost_model: {round_trip_cost: 0.001, min_edge_multiplier: 1.5}}";
    let with = |decisions: &str, training: &str| {
        let text = GOOD.replace("decisions: {output_format: classification}", decisions);
        let text = text.replace("  labels: {source: forward_return, horizon: 24}", training);
        Strategy::from_yaml(&text).map(|read| read.warnings).map_err(|e| e.to_string())
    };
    let returns = "  labels: {source: forward_return, horizon: 24}";
    assert_eq!(with(regression, returns), Ok(vec![]));
    assert!(
        with("decisions: {output_format: regression}", returns).unwrap_err().contains("needs a cost model")
    );
    assert!(with(regression, "  labels: {source: triple_barrier}").unwrap_err().contains("are classes"));
    for (line, reason) in
        [("  loss: cross_entropy", "for classification"), ("  class_weights: balanced", "no classes")]
    {
        let refused = with(regression, &format!("{returns}\n{line}")).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
    let classes = "decisions: {output_format: classification}";
    assert!(with(classes, &format!("{returns}\n  loss: mse")).unwrap_err().contains("for regression"));
    let free = regression.replace("round_trip_cost: 0.001", "round_trip_cost: 0");
    assert!(with(&free, returns).unwrap_err().contains("cost_model.round_trip_cost: 0 is out of range"));
}

#[test]
fn shares_sum_to_one() {
    let text = fault(
        "horizon: 24}",
        "horizon: 24}\n  data_split: {train: 0.7, validation: 0.2, test: 0.2}",
        "training.data_split",
        17,
    );
    assert!(text.contains("sum to 1.1"), "{text}");
}

#[test]
fn stopping_that_is_disabled_is_off() {
    for line in ["early_stopping: {enabled: false, patience: 3}", "early_stopping: false"] {
        let text = GOOD.replace("horizon: 24}", &format!("horizon: 24}}\n  {line}"));
        let strategy = Strategy::from_yaml(&text).unwrap().strategy;
        assert_eq!(strategy.training.optimisation.early_stopping, None, "{line}");
    }
    assert!(Strategy::from_yaml(GOOD).unwrap().strategy.training.optimisation.early_stopping.is_some());
}

/// The warnings after replacing `old` by `new` in the good file, as text.
fn warnings(old: &str, new: &str) -> String {
    let read = Strategy::from_yaml(&GOOD.replace(old, new)).unwrap();
    read.warnings.iter().map(|w| format!("{w}\n")).collect()
}

#[test]
fn warnings_are_told_but_not_refused() {
    for (old, new, warning) in [
        ("source: forward_return, horizon: 24", "source: zigzag, threshold: 0.015", "learned from noise"),
        (
            "  macd_1: {type: macd}",
            "  macd_1: {type: macd}\n  spare: {type: obv}",
            "indicators.spare: nothing reads",
        ),
        ("  - {fuzzy_set: rsi, timeframes: all}\n", "", "fuzzy_sets.rsi: no input reads"),
        (", normalization: zscore", "", "nn_inputs[1]: values of any size"),
        ("{type: macd}", "{type: macd, fast_period: 26}", "fast period 26 is not below"),
        ("[40, 100, 100]", "[80, 100, 100]", "values from 57.25 to 80.75 belong to no member"),
        ("symbols: [EURUSD]", "symbols: [EURUSD, GBPUSD]", ""),
    ] {
        let told = warnings(old, new);
        assert!(told.contains(warning) && told.is_empty() == warning.is_empty(), "{new}: {told}");
    }
    let fuzzy_price =
        GOOD.replace("[EURUSD]", "[EURUSD, GBPUSD]").replace("{type: rsi, period: 14}", "{type: atr}");
    let told = Strategy::from_yaml(&fuzzy_price).unwrap().warnings;
    assert!(told[0].message.contains("price units"), "{told:?}");
}
