//! Grids of strategies: every combination a strategy of its own, and what is no grid is told why.

#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeSet;

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::grid::{Axis, GridError, Setting, Variant, variants};

fn base() -> Strategy {
    Strategy::from_yaml(include_str!("../../../strategies/fx_pullback.yaml")).unwrap().strategy
}

fn grid(axes: &[&str]) -> Result<Vec<Variant>, String> {
    let axes: Result<Vec<Axis>, GridError> = axes.iter().map(|axis| axis.parse()).collect();
    axes.and_then(|axes| variants(&base(), &axes)).map_err(|why| why.to_string())
}

#[test]
fn every_combination_is_a_strategy_of_its_own_that_reads_back_as_it_is() {
    let all =
        grid(&["indicators.rsi_14.period=7,14", "model.architecture.hidden_layers=[8],[16,8]"]).unwrap();
    let begins =
        ["7_architecture_hidden_layers", "7_architecture_hidden_layers", "14_architecture_hidden_layer"];
    for (variant, begins) in all.iter().zip(begins) {
        let name = variant.strategy.name.as_str();
        assert!(name.starts_with(&format!("fx_pullback_rsi_14_period_{begins}")), "{name}");
    }
    for variant in &all {
        let read = Strategy::from_yaml(&variant.strategy.to_yaml()).unwrap().strategy;
        assert_eq!(read, variant.strategy);
    }
    assert_eq!(all[0].strategy.indicators["rsi_14"].number("period"), 7.0);
    assert_eq!(all[3].strategy.content_sha256(), base().content_sha256());
}

#[test]
fn words_flags_and_places_in_lists_are_set_as_well() {
    let all =
        grid(&["indicators.trend_200.ma_type=EMA,SMA", "fuzzy_sets.momentum.washed_out.parameters[3]=45,50"]);
    assert!(all.is_ok() || all.unwrap_err().contains("fuzzy_sets.momentum.washed_out"));
    let all =
        grid(&["training_data.symbols[0]=EURUSD,GBPUSD", "indicators.trend_200.ma_type=EMA,SMA"]).unwrap();
    assert_eq!(all[2].strategy.training_data.symbols[0].as_str(), "GBPUSD");
    assert_eq!(
        all[1].settings[1],
        Setting { path: "indicators.trend_200.ma_type".into(), value: "SMA".into() }
    );
}

#[test]
fn what_is_no_grid_is_told_why_and_what_was_meant() {
    for (axes, why) in [
        (&["indicators.rsi14.period=7"][..], "did you mean indicators.rsi_14.period?"),
        (&["indicators.rsi_14=7"], "name one of them, such as indicators.rsi_14."),
        (
            &["indicators.rsi_14.period=0,7"],
            "with indicators.rsi_14.period=0 it is no valid strategy:\nindicators.rsi_14.period",
        ),
        (&["indicators.rsi_14.period=7,7"], "make the same strategy"),
        (&["description=a,b"], "make the same strategy"),
        (&["name=a,b"], "name is not set"),
        (&["indicators.rsi_14.period"], "is no path=value"),
        (&["indicators.rsi_14.period=7,"], "is no path=value"),
        (&["training.epochs=1", "training.epochs=2"], "is set twice"),
        (&["nn_inputs[9].lags=1"], "nowhere"),
        (&["indicators.rsi_14.period[0]=1"], "nowhere"),
    ] {
        let said = grid(axes).unwrap_err();
        assert!(said.contains(why), "{axes:?}: {said}");
    }
    let many: String = (1..=101).map(|n| format!(",{n}")).collect();
    let said = grid(&[&format!("training.epochs={}", &many[1..])]).unwrap_err();
    assert!(said.contains("101 variants: up to 100"), "{said}");
}

#[test]
fn names_that_do_not_fit_end_with_a_hash_and_differ() {
    let long = [
        "indicators.trend_200.period=100,200",
        "indicators.width_20.multiplier=1.5,2.0",
        "decisions.confidence_threshold=0.37,0.4",
    ];
    let all = grid(&long).unwrap();
    let names: BTreeSet<&str> = all.iter().map(|variant| variant.strategy.name.as_str()).collect();
    assert_eq!(names.len(), 8, "{names:?}");
    assert!(names.iter().all(|name| name.len() <= 64 && name.starts_with("fx_pullback_trend_200_period_")));
}

#[test]
fn a_name_stands_for_one_strategy_whatever_it_is_beside_and_whatever_its_base_was() {
    let name = |base: &Strategy, axes: &str, at: usize| {
        variants(base, &[axes.parse().unwrap()]).unwrap()[at].strategy.name.clone()
    };
    let place = "fuzzy_sets.trend.flat.parameters[1]";
    let plus = name(&base(), &format!("{place}=0.1,-0.1"), 0);
    assert_eq!(plus, name(&base(), &format!("{place}=-0.1,0.1"), 1));
    assert_eq!(plus, name(&base(), &format!("{place}=0.1"), 0));
    assert_ne!(plus, name(&base(), &format!("{place}=-0.1"), 0), "a name has no room for a sign");
    let mut edited = base();
    edited.description = Some("another".into());
    assert_ne!(plus, name(&edited, &format!("{place}=0.1"), 0));
}
