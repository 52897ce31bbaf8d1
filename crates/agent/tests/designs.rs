//! What the local designer promises.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;

use ktrdr_agent::AgentError;
use ktrdr_agent::lint::lint;
use ktrdr_domain::strategy::label::Labels;
use ktrdr_domain::strategy::network::OutputKind;
use ktrdr_domain::{Severity, Strategy};
use ktrdr_quant::Bars;
use support::{Campaign, bars, bars_that_keep_hours, longer, windows};

/// The kinds of indicator that a strategy reads.
fn kinds(strategy: &Strategy) -> BTreeSet<String> {
    strategy.indicators.values().map(|i| i.kind.to_string()).collect()
}

/// A strategy without what only names it.
fn content(strategy: &Strategy) -> String {
    let mut content = strategy.clone();
    content.name = "same".parse().unwrap();
    (content.description, content.hypothesis) = (None, None);
    serde_json::to_string(&content).unwrap()
}

#[test]
fn the_same_brief_gives_the_same_design() {
    let mut campaign = Campaign::new(vec![bars(2_500, 0.03, 1)], 7);
    assert_eq!(campaign.design(0).unwrap(), campaign.design(0).unwrap());
    let first = campaign.design(0).unwrap().strategy;
    campaign.learn(first, 1.0);
    assert_eq!(campaign.design(1).unwrap(), campaign.design(1).unwrap());
    let other = Campaign::new(campaign.dev.clone(), 8);
    assert_ne!(campaign.design(3).unwrap().strategy, other.design(3).unwrap().strategy);
}

#[test]
fn every_design_keeps_the_rules_of_strategies() {
    let hourly = bars(2_000, 0.02, 2);
    let campaigns = [
        Campaign::new(vec![hourly.clone()], 1),
        Campaign::new(vec![hourly.clone(), longer(&hourly, "4h", 4), longer(&hourly, "1d", 24)], 2),
    ];
    for index in 0..100 {
        for campaign in &campaigns {
            let design = campaign.design(index).unwrap();
            let strategy = &design.strategy;
            let yaml = strategy.to_yaml();
            let read = Strategy::from_yaml(&yaml).unwrap();
            assert_eq!(&read.strategy, strategy, "{yaml}");
            assert_eq!(read.warnings, [], "{yaml}");
            assert!((1..=64).contains(&strategy.features().len()));
            assert!(strategy.name.as_str().starts_with("auto_"));
            assert!(!design.rationale.is_empty() && !design.origin.is_empty());
            let findings = lint(strategy, &campaign.dev, &windows(&campaign.dev), &campaign.account).unwrap();
            assert!(findings.iter().all(|f| f.severity < Severity::Error), "{findings:?}");
            assert!(findings.iter().all(|f| !["dead_zone", "slow_start"].contains(&f.code)), "{findings:?}");
        }
    }
}

#[test]
fn twenty_designs_with_lessons_fed_back_are_twenty_different_strategies() {
    let mut campaign = Campaign::new(vec![bars(2_500, 0.03, 3)], 11);
    let mut seen = BTreeSet::new();
    let mut looks = BTreeSet::new();
    for index in 0..20 {
        let strategy = campaign.design(index).unwrap().strategy;
        assert!(seen.insert(content(&strategy)), "{} was designed twice", strategy.name);
        looks.insert((kinds(&strategy), strategy.nn_inputs.len()));
        campaign.learn(strategy, if index % 3 == 0 { 1.5 } else { -1.0 });
    }
    assert!(looks.len() >= 8, "only {} different looks", looks.len());
}

#[test]
fn designs_after_good_lessons_are_related_to_them() {
    let mut campaign = Campaign::new(vec![bars(2_500, 0.0, 4)], 5);
    let mut good = Vec::new();
    for index in 0..12 {
        let strategy = campaign.design(index).unwrap().strategy;
        let is_good = index % 4 == 0;
        if is_good {
            good.push(strategy.name.clone());
        }
        campaign.learn(strategy, if is_good { 2.5 } else { -2.0 });
    }
    let origins: Vec<String> = (100..140).map(|i| campaign.design(i).unwrap().origin).collect();
    let of_good = origins.iter().filter(|o| good.iter().any(|name| o.contains(name.as_str()))).count();
    let fresh = origins.iter().filter(|o| o.starts_with("exploration")).count();
    assert!(of_good >= 15, "{of_good} of 40 build on the good ones: {origins:#?}");
    assert!(fresh >= 4, "{fresh} of 40 explore: {origins:#?}");
}

#[test]
fn a_mutation_says_what_it_changed() {
    let mut campaign = Campaign::new(vec![bars(2_500, 0.03, 4)], 5);
    let parent = campaign.design(0).unwrap().strategy;
    campaign.learn(parent.clone(), 3.0);
    for _ in 0..6 {
        campaign.learn(parent.clone(), 3.0);
    }
    let designs = (1..40).map(|i| campaign.design(i).unwrap());
    let mutation = designs.into_iter().find(|d| d.origin.starts_with("mutation of")).unwrap();
    assert!(mutation.origin.contains(parent.name.as_str()), "{}", mutation.origin);
    assert!(mutation.origin.split(": ").nth(1).is_some_and(|said| !said.is_empty()), "{}", mutation.origin);
    assert_ne!(content(&mutation.strategy), content(&parent));
}

#[test]
fn cycles_of_a_generation_repeat_neither_each_other_nor_themselves() {
    let mut campaign = Campaign::new(vec![bars(3_000, 0.02, 6)], 5);
    campaign.generation = 4;
    let first = campaign.design(0).unwrap().strategy;
    campaign.learn(first, 3.0);
    let designs = |campaign: &Campaign| (4..8).map(|i| campaign.design(i).unwrap()).collect::<Vec<_>>();
    let generation = designs(&campaign);
    let contents: BTreeSet<String> = generation.iter().map(|d| content(&d.strategy)).collect();
    assert_eq!(contents.len(), 4);
    assert_eq!(generation, designs(&campaign), "whoever is designed first");
}

#[test]
fn the_opening_reads_where_the_planted_edge_lies() {
    for seed in 0..5 {
        let campaign = Campaign::new(vec![bars(6_000, 0.03, seed)], seed);
        let design = campaign.design(0).unwrap();
        let place = ["distancefromma", "rsi", "cci", "stochastic", "williamsr", "roc", "aroon"];
        let reads = kinds(&design.strategy);
        assert!(reads.iter().any(|k| place.contains(&k.as_str())), "{reads:?}");
        assert_eq!(design.strategy.decisions.output_format, OutputKind::Classification);
        assert!(design.rationale.contains("standard errors"), "{}", design.rationale);
    }
}

#[test]
fn what_speaks_at_certain_hours_is_heard_then_and_traded_in_no_others() {
    for seed in 0..3 {
        let campaign = Campaign::new(vec![bars_that_keep_hours(12_000, 0.0003, 9..15, seed)], seed);
        let design = campaign.design(0).unwrap();
        let strategy = &design.strategy;
        let [(_, heard)] = strategy.indicators.iter().collect::<Vec<_>>()[..] else { panic!("{design:?}") };
        assert_eq!(heard.kind.to_string(), "tradingday", "{design:?}");
        // A bar that opens at 9 follows one that closes in the ninth hour.
        let [from, until] = ["from", "until"].map(|name| heard.number(name));
        assert!((from - 8.0).abs() <= 1.0 && (until - 14.0).abs() <= 1.0, "{from} {until}");
        assert!(!strategy.decisions.position_awareness);
        assert!(design.rationale.contains("standard errors beyond luck"), "{}", design.rationale);
    }
}

#[test]
fn volume_is_read_only_where_there_is_volume() {
    let silent = bars(1_500, 0.0, 9);
    let mut loud = silent.clone();
    for (i, volume) in loud.volume.iter_mut().enumerate() {
        *volume = 100.0 + (i % 17) as f64;
    }
    let reads_volume = |dev: Bars| {
        let campaign = Campaign::new(vec![dev], 3);
        let volume = ["mfi", "volumeratio", "obv", "vwap"];
        (1..40).any(|i| {
            kinds(&campaign.design(i).unwrap().strategy).iter().any(|k| volume.contains(&k.as_str()))
        })
    };
    assert!(!reads_volume(silent));
    assert!(reads_volume(loud));
}

#[test]
fn horizons_are_long_enough_to_pay_for_trading() {
    let mut campaign = Campaign::new(vec![bars(3_000, 0.0, 10)], 3);
    campaign.account.costs.commission_rate = 0.0005;
    for index in 0..30 {
        let strategy = campaign.design(index).unwrap().strategy;
        let (Labels::TripleBarrier { horizon, .. } | Labels::ForwardReturn { horizon, .. }) =
            strategy.training.labels
        else {
            panic!("{:?}", strategy.training.labels)
        };
        // A bar moves 0.08 % on average, a round trip costs 0.11 %: three of them need (0.33 / 0.08)² bars.
        assert!(horizon >= 16, "{horizon} bars");
    }
}

#[test]
fn short_dev_windows_prices_below_zero_and_a_stop_are_told_apart() {
    let short = Campaign::new(vec![bars(100, 0.0, 1)], 1).design(0).unwrap_err();
    assert!(matches!(short, AgentError::TooLittleData { found: 100, needed: 500 }), "{short}");
    assert!(matches!(
        Campaign::new(Vec::new(), 1).design(0),
        Err(AgentError::TooLittleData { found: 0, .. })
    ));
    let mut negative = bars(2_000, 0.0, 1);
    negative.low[700] = -40.32;
    let refused = Campaign::new(vec![negative], 1).design(0);
    assert!(matches!(refused, Err(AgentError::NotAboveZero { price: -40.32, .. })));
    let stopped = Campaign::new(vec![bars(2_000, 0.0, 1)], 1).design_until(0, &|| true);
    assert!(matches!(stopped, Err(AgentError::Stopped)));
}

#[test]
fn prices_that_never_move_have_nothing_to_read() {
    let mut flat = bars(1_000, 0.0, 1);
    for field in [&mut flat.open, &mut flat.high, &mut flat.low, &mut flat.close] {
        field.fill(1.0);
    }
    assert!(matches!(
        Campaign::new(vec![flat], 1).design(0),
        Err(AgentError::NothingToRead(_) | AgentError::NothingNew { .. })
    ));
}
