//! Keys and words that people write and that are refused, each with its reason and what to write instead.

/// Why there is no trailing stop.
const TRAILING: &str = "a trailing stop hangs on the way within each bar, which its four prices do not tell";

/// Section, key, reason, fix. Sections are named as the reader opens them.
const KEYS: &[(&str, &str, &str, &str)] = &[
    ("strategy", "context_data", "no provider of external series exists", "remove it and what reads it"),
    ("strategy", "scope", "nothing would act on it", "remove it: a strategy may be backtested on any symbol"),
    (
        "strategy",
        "deployment",
        "nothing would act on it",
        "remove it: the symbol is named when a backtest is submitted",
    ),
    ("strategy", "backtest", "windows belong to the platform", "set [windows] in ktrdr.toml and remove it"),
    (
        "strategy",
        "backtesting",
        "windows, capital and costs belong to the platform",
        "set them in ktrdr.toml and remove it",
    ),
    ("strategy", "orchestrator", "nothing would act on it", "use `decisions` and `risk`"),
    (
        "strategy",
        "risk_management",
        "it is called `risk` here",
        "write risk: {position_sizing: {fixed_fraction: 0.95}}",
    ),
    ("training_data", "date_range", "it is two keys here", "write start_date and end_date"),
    ("symbols", "selection_criteria", "nothing would act on it", "name the symbols in `list`"),
    ("symbols", "symbols", "it is called `list` here", "write list"),
    ("timeframes", "timeframes", "it is called `list` here", "write list"),
    ("indicator", "length", "it is called `period` here", "write period"),
    ("indicator", "window_length", "it is called `period` here", "write period"),
    ("indicator", "timeperiod", "it is called `period` here", "write period"),
    ("indicator", "n", "it is called `period` here", "write period"),
    ("indicator", "lookback", "it is called `period` here", "write period"),
    ("indicator", "std", "it is called `multiplier` here", "write multiplier"),
    ("indicator", "std_dev", "it is called `multiplier` here", "write multiplier"),
    ("indicator", "name", "it is called `type` here", "write type"),
    ("indicator", "feature_id", "the id is the entry's key here", "write `id: {type: …}`"),
    ("indicator", "source", "this indicator reads fixed bar fields", "remove source"),
    ("indicator", "params", "parameters stand beside `type`", "write {type: rsi, period: 14}"),
    ("indicator", "data_source", "no provider of external series exists", "read a bar field with `source`"),
    ("nn_input", "lookback_periods", "it is called `lags` here", "write lags"),
    ("model", "training", "it stands at the top level here", "move its keys into `training`"),
    ("model", "features", "nothing would act on it", "use `lags` and `raw_indicator` in `nn_inputs`"),
    ("architecture", "output_activation", "the output is fixed by decisions.output_format", "remove it"),
    ("architecture", "sequence_length", "only mlp networks exist", "use `lags` in `nn_inputs`"),
    ("decisions", "volume_filter", "no such filter exists", "add a fuzzy set on volumeratio"),
    ("decisions", "allow_short_from_flat", "it is called `allow_short` here", "write allow_short"),
    ("filters", "volume_filter", "no such filter exists", "add a fuzzy set on volumeratio"),
    ("training", "method", "there is only supervised training", "remove it"),
    ("training", "fitness_metrics", "the platform's gates judge a model", "remove it"),
    ("training", "focal_gamma", "focal loss does not exist", "use class_weights: balanced"),
    ("early_stopping", "monitor", "it always watches the validation loss", "remove it"),
    ("labels", "zigzag_threshold", "it is called `threshold` here", "write threshold"),
    ("labels", "label_lookahead", "zigzag labels do not look a fixed number of bars ahead", "remove it"),
    ("labels", "pt_multiplier", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "sl_multiplier", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "upper_barrier", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "lower_barrier", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "take_profit", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "stop_loss", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "barrier_up", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "barrier_down", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "profit_target", "barriers are symmetric, unequal ones inflate the hit rate", "write barrier"),
    ("labels", "max_holding", "it is called `horizon` here", "write horizon"),
    ("risk", "stop_loss", "it stands in `exits`", "write exits: {stop_loss: …}"),
    ("risk", "take_profit", "it stands in `exits`", "write exits: {take_profit: …}"),
    ("risk", "trailing_stop", TRAILING, "use stop_loss, max_holding_bars, or an exit by the network"),
    ("risk", "trailing_stop_loss", TRAILING, "use stop_loss, max_holding_bars, or an exit by the network"),
    ("risk", "trailing", TRAILING, "use stop_loss, max_holding_bars, or an exit by the network"),
    ("risk", "trail", TRAILING, "use stop_loss, max_holding_bars, or an exit by the network"),
    ("exits", "trailing_stop", TRAILING, "use stop_loss, max_holding_bars, or an exit by the network"),
    ("exits", "trailing_stop_loss", TRAILING, "use stop_loss, max_holding_bars, or an exit by the network"),
    ("exits", "trailing", TRAILING, "use stop_loss, max_holding_bars, or an exit by the network"),
    ("exits", "trail", TRAILING, "use stop_loss, max_holding_bars, or an exit by the network"),
];

/// Words that stand for something that does not exist here.
const WORDS: &[(&str, &str)] = &[
    ("lstm", "only mlp networks exist: use model.type: mlp and `lags` in `nn_inputs` for the past"),
    ("gru", "only mlp networks exist: use model.type: mlp and `lags` in `nn_inputs` for the past"),
    ("focal", "use loss: cross_entropy with class_weights: balanced"),
    ("price_ratio", "use the indicator distancefromma: a ratio of 1.02 is a distance of 2.0"),
    ("softmax", "the output's activation follows from decisions.output_format"),
];

/// Why a key of a section is refused and what to do, when it is one that people write.
pub(super) fn key(section: &str, key: &str) -> Option<(&'static str, &'static str)> {
    KEYS.iter().find(|(s, k, _, _)| *s == section && *k == key).map(|(_, _, reason, fix)| (*reason, *fix))
}

/// What to do instead of a word that people write.
pub(super) fn word(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(w, _)| w.eq_ignore_ascii_case(word)).map(|(_, fix)| *fix)
}

/// The fraction that was meant by a percentage: `1.5%` is 0.015.
pub(super) fn fraction(text: &str) -> Option<String> {
    let percent: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
    // Rounded, because 1.1 / 100 is no 0.011 in binary.
    let rounded = (percent * 1e8).round() / 1e10;
    rounded.is_finite().then(|| format!("write it as a fraction: {text} is {rounded}"))
}

/// What may have been meant by a number out of range.
pub(super) fn range_hint(path: &str) -> Option<&'static str> {
    match path {
        "training.labels.threshold" => Some("write it as a fraction: 1.5 % is 0.015"),
        "risk.exits.stop_loss" | "risk.exits.take_profit" => Some("write it as a fraction: 2 % is 0.02"),
        "decisions.cost_model.round_trip_cost" => Some("write it as a fraction: 0.1 % is 0.001"),
        _ => None,
    }
}

/// What a missing key looks like.
pub(super) fn missing_hint(key: &str) -> String {
    let example = match key {
        "name" => "name: my_strategy",
        "training_data" => "training_data: {symbols: [EURUSD], timeframes: [1h]}",
        "symbols" => "symbols: [EURUSD]",
        "timeframes" => "timeframes: [1h]",
        "indicators" => "indicators: {rsi_14: {type: rsi, period: 14}}",
        "fuzzy_sets" => "fuzzy_sets: {rsi: {indicator: rsi_14, low: [0, 0, 50], high: [50, 100, 100]}}",
        "nn_inputs" => "nn_inputs: [{fuzzy_set: rsi, timeframes: all}]",
        "model" => "model: {type: mlp, architecture: {hidden_layers: [32, 16]}}",
        "architecture" => "architecture: {hidden_layers: [32, 16]}",
        "hidden_layers" => "hidden_layers: [32, 16]",
        "training" => "training: {labels: {source: triple_barrier}}",
        "labels" => "labels: {source: triple_barrier, barrier: 2.0, horizon: 24}",
        "source" => "source: triple_barrier",
        "decisions" => "decisions: {output_format: classification}",
        "output_format" => "output_format: classification",
        "indicator" => "indicator: rsi_14",
        _ => return format!("add `{key}: …`"),
    };
    format!("add `{example}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_listed_once() {
        let mut rows: Vec<_> = KEYS.iter().map(|(s, k, _, _)| (s, k)).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), KEYS.len());
    }
}
