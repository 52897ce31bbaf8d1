//! The inputs of a strategy, as people know them, and the columns of the network that each of them fills.

use ktrdr_domain::strategy::{Feature, Membership, NnInput};
use ktrdr_domain::{Strategy, Timeframe};

/// Inputs that are told: more than any strategy that is read by people has.
pub(crate) const INPUTS_MAX: usize = 24;

/// Name and fuzzy sets of every input.
pub(crate) fn of(strategy: &Strategy) -> Vec<(String, Vec<(String, Membership)>)> {
    let of = |timeframe: &Timeframe, input: &NnInput| {
        let fuzzy =
            input.fuzzy_set.as_ref().and_then(|id| strategy.fuzzy_sets.get_key_value(id)).map(|(id, set)| {
                let sets = set.members.iter().map(|(name, membership)| (name.clone(), *membership));
                (format!("{timeframe}_{id}"), sets.collect())
            });
        let raw = input.raw_indicator.as_ref().map(|raw| (format!("{timeframe}_{raw}_raw"), Vec::new()));
        fuzzy.into_iter().chain(raw).collect::<Vec<_>>()
    };
    let inputs = strategy.nn_inputs.iter();
    inputs
        .flat_map(|input| {
            input.timeframes.iter().flat_map(|timeframe| of(timeframe, input)).collect::<Vec<_>>()
        })
        .collect()
}

/// The columns of an input.
pub(crate) fn columns(features: &[Feature], input: &str) -> Vec<usize> {
    features
        .iter()
        .enumerate()
        .filter(|(_, feature)| belongs(&feature.name, input))
        .map(|(at, _)| at)
        .collect()
}

/// Whether a column of the network belongs to an input: `1h_rsi_low` and `1h_rsi_low_lag_1` to `1h_rsi`.
pub(crate) fn belongs(feature: &str, input: &str) -> bool {
    feature.strip_prefix(input).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}
