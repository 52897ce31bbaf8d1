//! What the linter finds before any training.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use ktrdr_agent::lint::{Finding, lint};
use ktrdr_domain::strategy::label::Labels;
use ktrdr_domain::strategy::{DataSplit, FuzzySet, IndicatorKind, IndicatorSpec, Membership};
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Severity, Span, Strategy, Windows};
use ktrdr_quant::Bars;
use support::{Campaign, bars, longer, windows};

fn market() -> Vec<Bars> {
    vec![bars(4_000, 0.02, 3)]
}

/// A strategy that nothing is said against, on the market above.
fn sound() -> Strategy {
    let strategy = Campaign::new(market(), 1).design(0).unwrap().strategy;
    assert_eq!(findings(&strategy), []);
    strategy
}

fn findings(strategy: &Strategy) -> Vec<Finding> {
    lint(strategy, &market(), &windows(&market()), &Account::default()).unwrap()
}

/// The finding of that code; there has to be one.
fn found(strategy: &Strategy, code: &str) -> Finding {
    let all = findings(strategy);
    all.iter().find(|f| f.code == code).unwrap_or_else(|| panic!("no {code} in {all:?}")).clone()
}

/// Replaces what the first fuzzy input reads.
fn reading(mut strategy: Strategy, kind: IndicatorKind, members: [(&str, Membership); 2]) -> Strategy {
    strategy.indicators.insert("other".to_owned(), IndicatorSpec::new(kind));
    let members = members.map(|(name, m)| (name.to_owned(), m)).into_iter().collect();
    strategy
        .fuzzy_sets
        .insert("other".to_owned(), FuzzySet { indicator: "other".to_owned().into(), members });
    strategy.nn_inputs[0].fuzzy_set = Some("other".to_owned());
    strategy.nn_inputs[0].raw_indicator = None;
    strategy
}

#[test]
fn a_gap_between_fuzzy_sets_is_a_dead_zone() {
    let gap = [
        ("low", Membership::Trapezoidal([0.0, 0.0, 30.0, 40.0])),
        ("high", Membership::Trapezoidal([60.0, 70.0, 100.0, 100.0])),
    ];
    let finding = found(&reading(sound(), IndicatorKind::Rsi, gap), "dead_zone");
    let share = finding.evidence["silent_share"];
    assert!((0.2..0.9).contains(&share), "{share}");
    assert!(finding.message.contains(&format!("{:.1} % of bars", 100.0 * share)), "{}", finding.message);
}

#[test]
fn prices_and_missing_volume_are_poor_readings() {
    let any = [("low", Membership::Sigmoid([1.0, -9.0])), ("high", Membership::Sigmoid([1.0, 9.0]))];
    assert_eq!(found(&reading(sound(), IndicatorKind::Sma, any), "price_units").severity, Severity::Warning);
    assert_eq!(
        found(&reading(sound(), IndicatorKind::VolumeRatio, any), "no_values").severity,
        Severity::Error
    );
}

#[test]
fn a_period_as_long_as_history_leaves_no_rows() {
    let mut strategy = sound();
    let any = [("low", Membership::Sigmoid([0.0, -9.0])), ("high", Membership::Sigmoid([0.0, 9.0]))];
    strategy = reading(strategy, IndicatorKind::DistanceFromMa, any);
    strategy.nn_inputs[0].timeframes = vec!["1h".parse().unwrap()];
    strategy
        .indicators
        .insert("other".to_owned(), IndicatorSpec::new(IndicatorKind::Ema).with("period", 500.0));
    let short = vec![bars(1_000, 0.02, 3)];
    let all = lint(&strategy, &short, &windows(&short), &Account::default()).unwrap();
    let finding = all.iter().find(|f| f.code == "slow_start").unwrap();
    assert_eq!((finding.severity, finding.evidence["training_rows"]), (Severity::Error, 700.0));
}

#[test]
fn a_threshold_beyond_all_moves_leaves_only_hold() {
    let mut strategy = sound();
    strategy.training.labels = Labels::ForwardReturn { horizon: 12, threshold: 0.3 };
    let finding = found(&strategy, "class_share");
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(finding.evidence["hold"], 1.0);
}

#[test]
fn zigzag_labels_carry_a_warning() {
    let mut strategy = sound();
    strategy.training.labels = Labels::Zigzag { threshold: 0.01 };
    assert_eq!(found(&strategy, "zigzag_label").severity, Severity::Warning);
}

#[test]
fn a_network_larger_than_its_samples_is_called_so() {
    let mut strategy = sound();
    strategy.model.hidden_layers = vec![256, 256];
    let finding = found(&strategy, "parameters_over_samples");
    assert_eq!(finding.severity, Severity::Error);
    assert!(finding.evidence["parameters"] > 60_000.0 && finding.evidence["independent_samples"] < 2_000.0);
}

#[test]
fn changing_position_once_a_season_gives_too_few_trades() {
    let mut strategy = sound();
    strategy.decisions.min_signal_separation = 500;
    let finding = found(&strategy, "few_trades");
    assert_eq!((finding.severity, finding.evidence["gate_bars"]), (Severity::Error, 1_666.0));
    assert!(finding.evidence["possible_trades"] < 4.0);
}

#[test]
fn costs_beyond_the_typical_move_are_an_error_and_errors_come_first() {
    let mut account = Account::default();
    account.costs.commission_rate = 0.01;
    let mut strategy = sound();
    strategy.training.labels = Labels::Zigzag { threshold: 0.01 };
    let all = lint(&strategy, &market(), &windows(&market()), &account).unwrap();
    assert_eq!((all[0].code, all[0].severity), ("move_under_cost", Severity::Error));
    assert!(all.windows(2).all(|w| w[0].severity >= w[1].severity));
}

#[test]
fn a_timeframe_without_bars_is_noted_not_guessed() {
    let mut strategy = sound();
    strategy.nn_inputs[0].timeframes.push("4h".parse().unwrap());
    assert_eq!(found(&strategy, "not_checked").severity, Severity::Note);
}

#[test]
fn a_hole_in_a_longer_timeframe_is_a_fault_and_not_a_value_carried_on_for_ever() {
    let mut strategy = sound();
    strategy.nn_inputs[0].timeframes.push("4h".parse().unwrap());
    let hourly = market().remove(0);
    let whole = longer(&hourly, "4h", 4);
    let lint_with = |four: Bars| {
        let dev = [hourly.clone(), four];
        lint(&strategy, &dev, &windows(&dev), &Account::default()).unwrap()
    };
    assert!(lint_with(whole.clone()).iter().all(|f| f.code != "no_values"));
    let found = lint_with(whole.slice(0..500));
    let finding = found.iter().find(|f| f.code == "no_values").unwrap();
    assert_eq!(finding.severity, Severity::Error);
    assert!(finding.message.contains("EURUSD 4h has a hole"), "{}", finding.message);
}

#[test]
fn what_is_likely_in_the_gate_depends_on_its_length_and_on_the_split() {
    let mut strategy = sound();
    strategy.decisions.min_signal_separation = 500;
    let gate_bars = |windows: &Windows| {
        let all = lint(&strategy, &market(), windows, &Account::default()).unwrap();
        all.iter().find(|f| f.code == "few_trades").unwrap().evidence["gate_bars"]
    };
    let windows = windows(&market());
    let long = Windows { gate: Span { start: windows.gate.start, end: windows.vault.end }, ..windows };
    assert_eq!([gate_bars(&windows), gate_bars(&long)], [1_666.0, 4_000.0]);

    strategy.model.hidden_layers = vec![256, 256];
    let mut independent = |train: f64| {
        strategy.training.data_split = DataSplit { train, validation: 0.1, test: 0.9 - train };
        found(&strategy, "parameters_over_samples").evidence["independent_samples"]
    };
    let [most, half] = [0.8, 0.4].map(&mut independent);
    assert_eq!(most, 2.0 * half);
}
