//! From a strategy and bars to the rows a network sees.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod market;

use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec, Membership};
use ktrdr_domain::{Strategy, Timestamp};
use ktrdr_quant::Bars;
use ktrdr_quant::features::proof::{Probe, ProofOutcome, Run, cuts, leakage, leakage_of};
use ktrdr_quant::features::{
    FeatureBars, FeatureError, FeatureMatrix, Indicators, Scaling, TrainingBars, build, build_from,
    fit_scaling, warm_up,
};
use ktrdr_quant::indicator::compute;
use ktrdr_quant::simulate::Target;
use ndarray::{Array1, Axis, s};
use proptest::prelude::*;
use proptest::strategy::Strategy as _;
use serde_json::{Value, json};

use market::{hourly, resampled, strategy};

/// RSI members with a lag on the base bars, and the ATR itself on both timeframes.
fn two_timeframes(normalization: &str) -> Strategy {
    strategy(
        json!({"rsi": {"type": "rsi", "params": {"period": 5.0}}, "atr": {"type": "atr", "params": {"period": 3.0}}}),
        json!({"stretch": {"indicator": "rsi",
            "low": {"type": "triangular", "parameters": [0.0, 0.0, 40.0]},
            "high": {"type": "triangular", "parameters": [60.0, 100.0, 100.0]}}}),
        json!([
            {"fuzzy_set": "stretch", "timeframes": ["1h", "4h"], "lags": 1},
            {"raw_indicator": "atr", "timeframes": ["1h", "4h"], "normalization": normalization}]),
    )
}

fn identity() -> Scaling {
    Scaling::default()
}

/// The values of one column by name.
fn column(matrix: &FeatureMatrix, name: &str) -> Vec<f32> {
    let at = matrix.names.iter().position(|n| n == name).unwrap();
    matrix.values.column(at).to_vec()
}

#[test]
fn each_cell_is_what_its_name_says() {
    let (base, strategy) = (hourly(7, 200), two_timeframes("none"));
    let others = [resampled(&base, "4h")];
    let bars = FeatureBars { base: &base, others: &others };
    let matrix = build(&strategy, &bars, &identity()).unwrap();
    assert_eq!(matrix.names, strategy.features().into_iter().map(|f| f.name).collect::<Vec<_>>());
    // RSI(5) on 4h is valid from 4h bar 5, which closes with hour 23; the lag needs one bar more.
    assert_eq!((matrix.first_bar, warm_up(&strategy, &bars).unwrap(), matrix.bars()), (24, 24, 24..200));
    let low = Membership::Triangular([0.0, 0.0, 40.0]);
    let rsi = IndicatorSpec::new(IndicatorKind::Rsi).with("period", 5.0);
    let (on_1h, on_4h) =
        (compute(&rsi, &base).outputs.remove(0), compute(&rsi, &others[0]).outputs.remove(0));
    for (row, bar) in (matrix.first_bar..base.len()).enumerate() {
        let closed = |bar: usize| (bar + 1) / 4 - 1;
        assert_eq!(column(&matrix, "1h_stretch_low")[row], low.degree(on_1h[bar]) as f32);
        assert_eq!(column(&matrix, "1h_stretch_low_lag_1")[row], low.degree(on_1h[bar - 1]) as f32);
        assert_eq!(column(&matrix, "4h_stretch_low")[row], low.degree(on_4h[closed(bar)]) as f32);
        assert_eq!(column(&matrix, "4h_stretch_low_lag_1")[row], low.degree(on_4h[closed(bar - 1)]) as f32);
    }
    assert_eq!(matrix.row_of_bar(23), None);
    assert_eq!(matrix.row_of_bar(24), Some(matrix.values.row(0)));
    assert_eq!(matrix.row_of_bar(200), None);
    assert_eq!(matrix.rows_of_bars(30..40).unwrap(), matrix.values.slice(s![6..16, ..]));
    assert_eq!((matrix.rows_of_bars(23..40), matrix.rows_of_bars(190..201)), (None, None));
}

#[test]
fn an_hour_does_not_see_the_four_hour_bar_it_lies_in() {
    let (base, strategy) = (hourly(7, 200), two_timeframes("none"));
    let others = [resampled(&base, "4h")];
    let whole = build(&strategy, &FeatureBars { base: &base, others: &others }, &identity()).unwrap();
    // Hour 100 opens a 4h bar that closes with hour 103. Whatever happens in it shows from 103 on.
    let mut shocked = others.clone();
    (shocked[0].high[25], shocked[0].close[25]) = (1e4, 1e4);
    let after = build(&strategy, &FeatureBars { base: &base, others: &shocked }, &identity()).unwrap();
    let first = (0..base.len()).find(|bar| whole.row_of_bar(*bar) != after.row_of_bar(*bar));
    assert_eq!(first, Some(103));
}

#[test]
fn scaling_is_fitted_on_training_rows_and_applied_to_all() {
    let base = hourly(7, 400);
    let others = [resampled(&base, "4h")];
    let bars = FeatureBars { base: &base, others: &others };
    let raw = build(&two_timeframes("none"), &bars, &identity()).unwrap();
    let train: Vec<usize> = (raw.first_bar..250).collect();
    for (normalization, expected) in [("minmax", [0.0, 1.0]), ("zscore", [0.0, 1.0])] {
        let strategy = two_timeframes(normalization);
        let fit = |bars| fit_scaling(&strategy, &[TrainingBars { bars, train: &train }]).unwrap();
        let scaling = fit(bars);
        let scaled = build(&strategy, &bars, &scaling).unwrap();
        let seen: Vec<f64> =
            column(&scaled, "1h_atr_raw")[..train.len()].iter().map(|x| f64::from(*x)).collect();
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        let measured = if normalization == "minmax" {
            [seen.iter().copied().fold(f64::MAX, f64::min), seen.iter().copied().fold(f64::MIN, f64::max)]
        } else {
            [mean, (seen.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / seen.len() as f64).sqrt()]
        };
        assert!((0..2).all(|i| (measured[i] - expected[i]).abs() < 1e-5), "{normalization} {measured:?}");
        // What comes after the training rows has no say.
        let cut = base.slice(0..250);
        assert_eq!(fit(FeatureBars { base: &cut, others: &others }), scaling);
        // A model stores it as JSON.
        let stored: Scaling = serde_json::from_str(&serde_json::to_string(&scaling).unwrap()).unwrap();
        assert_eq!(stored, scaling);
        assert!(matches!(build(&strategy, &bars, &identity()), Err(FeatureError::MissingScale { .. })));
    }
}

#[test]
fn inputs_that_can_not_be_used_say_what_to_do() {
    let (base, strategy) = (hourly(7, 200), two_timeframes("none"));
    let four = [resampled(&base, "4h")];
    let refused = |base: &Bars, others: &[Bars]| {
        build(&strategy, &FeatureBars { base, others }, &identity()).unwrap_err().to_string()
    };
    assert!(refused(&base, &[]).contains("load TEST 4h"));
    assert!(refused(&four[0], &four).contains("base bars are 4h"));
    assert!(refused(&base.slice(0..24), &four).contains("24 1h bars, and the features need 25"));
    assert!(refused(&base, &[four[0].slice(0..20)]).contains("TEST 4h has a hole"));
    let mut stranger = four[0].clone();
    stranger.symbol = "OTHER".parse().unwrap();
    assert!(refused(&base, &[stranger]).contains("bars of OTHER among those of TEST"));
}

#[test]
fn a_value_missing_after_the_warm_up_is_an_error_that_names_the_bar() {
    let mut base = hourly(7, 100);
    base.volume.fill(0.0);
    let strategy = strategy(
        json!({"fair": {"type": "vwap", "params": {"period": 10.0}}}),
        json!({}),
        json!([{"raw_indicator": "fair", "timeframes": ["1h"]}]),
    );
    let refused = build(&strategy, &FeatureBars { base: &base, others: &[] }, &identity()).unwrap_err();
    assert!(matches!(&refused, FeatureError::Undefined { at: Timestamp(32_400), .. }), "{refused}");
    assert!(
        refused.to_string().contains("fair (vwap)") && refused.to_string().contains("load data with volume")
    );
}

fn any_inputs() -> impl proptest::strategy::Strategy<Value = (Value, Value)> {
    let kinds = prop::sample::subsequence(vec!["rsi", "macd", "adx", "cci", "obv", "bbands", "mfi"], 1..4);
    (kinds, 0u32..4, any::<bool>()).prop_map(|(kinds, lags, higher)| {
        let timeframes = if higher { json!(["1h", "4h"]) } else { json!(["1h"]) };
        let indicators: Value = kinds.iter().map(|k| ((*k).to_owned(), json!({"type": k}))).collect();
        let input = |k: &&str| json!({"raw_indicator": k, "timeframes": timeframes, "lags": lags});
        (indicators, kinds.iter().map(input).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn features_of_any_strategy_pass_the_leakage_proof((indicators, inputs) in any_inputs(), seed: u64) {
        let base = hourly(seed, 420);
        let others = [resampled(&base, "4h")];
        let bars = FeatureBars { base: &base, others: &others };
        let strategy = strategy(indicators, json!({}), inputs);
        let at = cuts(warm_up(&strategy, &bars).unwrap(), base.len(), 6, seed);
        let rows = build(&strategy, &bars, &identity()).unwrap();
        let targets = by_first_feature(&rows).unwrap();
        let run = Run { rows: &rows, targets: &targets };
        let outcome = leakage(&strategy, &bars, &identity(), run, by_first_feature, &at).unwrap();
        prop_assert_eq!(outcome, ProofOutcome::Holds { cuts: at });
    }
}

#[test]
fn the_rows_of_a_window_are_those_of_the_whole_and_end_with_it() {
    let (base, strategy) = (hourly(7, 400), two_timeframes("none"));
    let others = [resampled(&base, "4h")];
    let bars = FeatureBars { base: &base, others: &others };
    let whole = build(&strategy, &bars, &identity()).unwrap();
    for from in [0, 24, 25, 101, 399, 400, 1_000] {
        let rows = build_from(&strategy, &bars, &identity(), from).unwrap();
        assert_eq!((rows.bars(), &rows.names), (from.clamp(24, 400)..400, &whole.names));
        assert_eq!(Some(rows.values.view()), whole.rows_of_bars(rows.bars()));
    }
}

#[test]
fn the_rows_of_chosen_bars_are_those_of_the_whole() {
    let (base, strategy) = (hourly(7, 400), two_timeframes("none"));
    let others = [resampled(&base, "4h")];
    let bars = FeatureBars { base: &base, others: &others };
    let whole = build(&strategy, &bars, &identity()).unwrap();
    let indicators = Indicators::compute(&strategy, &bars).unwrap();
    let (warm, rows) = indicators.rows_at(&[0, 23, 24, 31, 200, 399, 400], &identity()).unwrap();
    assert_eq!(
        warm,
        [24, 31, 200, 399],
        "bars without every feature, and bars that do not exist, have no row"
    );
    for (bar, row) in warm.into_iter().zip(rows.rows()) {
        assert_eq!(Some(row), whole.row_of_bar(bar));
    }
}

#[test]
fn the_proof_examines_the_rows_that_were_traded_and_nothing_but_them() {
    let (base, strategy) = (hourly(7, 400), two_timeframes("none"));
    let others = [resampled(&base, "4h")];
    let bars = FeatureBars { base: &base, others: &others };
    let mut rows = build_from(&strategy, &bars, &identity(), 300).unwrap();
    let targets = by_first_feature(&rows).unwrap();
    let prove = |rows: &FeatureMatrix, cut| {
        leakage(&strategy, &bars, &identity(), Run { rows, targets: &targets }, by_first_feature, &[cut, cut])
    };
    assert!(prove(&rows, 350).unwrap().holds());
    let refused = prove(&rows, 299).unwrap_err();
    assert_eq!(refused, FeatureError::CutOutside { cut: 299, first: 300, last: 398 });
    // One bit of one number that the run decided on, before the cut and after it.
    rows.values[[20, 3]] = f32::from_bits(rows.values[[20, 3]].to_bits() ^ 1);
    assert!(prove(&rows, 319).unwrap().holds());
    let found = prove(&rows, 320).unwrap();
    assert!(
        matches!(&found, ProofOutcome::Leaks { bar: 320, what, .. } if *what == rows.names[3]),
        "{found:?}"
    );
}

/// Long while the first feature is above 0, short below it.
fn by_first_feature(rows: &FeatureMatrix) -> Result<Vec<Target>, FeatureError> {
    Ok(rows.values.column(0).iter().map(|x| if *x > 0.0 { 1 } else { -1 }).collect())
}

#[test]
fn the_proof_finds_decisions_that_know_the_future_though_features_do_not() {
    let (base, strategy) = (hourly(7, 400), two_timeframes("none"));
    let others = [resampled(&base, "4h")];
    let bars = FeatureBars { base: &base, others: &others };
    let rows = build_from(&strategy, &bars, &identity(), 300).unwrap();
    let prove = |decide: &dyn Fn(&FeatureMatrix) -> Result<Vec<Target>, FeatureError>, cuts: &[usize]| {
        let targets = decide(&rows).unwrap();
        leakage(&strategy, &bars, &identity(), Run { rows: &rows, targets: &targets }, decide, cuts).unwrap()
    };
    assert!(prove(&by_first_feature, &[350, 350]).holds());
    // Whether the mean of the whole window is above or below what is known at each bar.
    let by_mean = |rows: &FeatureMatrix| {
        let mean = rows.values.column(0).mean().unwrap();
        Ok(rows.values.column(0).iter().map(|x| if *x > mean { 1 } else { -1 }).collect())
    };
    assert!(!prove(&by_mean, &[310, 320, 340, 360]).holds());
    let by_length = |rows: &FeatureMatrix| Ok(vec![(rows.values.nrows() == 100).into(); rows.values.nrows()]);
    let found = prove(&by_length, &[350]);
    assert!(matches!(&found, ProofOutcome::Leaks { bar: 300, what, .. } if what == "decision"), "{found:?}");
}

#[test]
fn the_proof_finds_features_that_know_the_future() {
    let base = hourly(7, 300);
    let others = [resampled(&base, "4h")];
    let bars = FeatureBars { base: &base, others: &others };
    let one_column = |values: Vec<f32>| FeatureMatrix {
        names: vec!["cheat".to_owned()],
        values: Array1::from(values).insert_axis(Axis(1)),
        first_bar: 0,
    };
    let tomorrow = |bars: &FeatureBars<'_>| {
        let next = bars.base.close.iter().skip(1).chain([&0.0]);
        Ok(one_column(next.map(|x| *x as f32).collect()))
    };
    let forming = |bars: &FeatureBars<'_>| {
        let four = &bars.others[0];
        let at = |t: &i64| four.time.partition_point(|open| open <= t).max(1) - 1;
        Ok(one_column(bars.base.time.iter().map(|t| four.close[at(t)] as f32).collect()))
    };
    let known: FeatureMatrix = tomorrow(&bars).unwrap();
    let idle = |rows: &FeatureMatrix| Ok::<_, FeatureError>(vec![0; rows.values.nrows()]);
    let targets = vec![0; 300];
    let run = |rows| Run { rows, targets: &targets };
    let outcome = leakage_of(tomorrow, &bars, run(&known), idle, &[100]).unwrap();
    let expected = ProofOutcome::Leaks {
        probe: Probe::Removed,
        cut: 100,
        what: "cheat".to_owned(),
        bar: 100,
        at: Timestamp(360_000),
    };
    assert_eq!(outcome, expected);
    let known: FeatureMatrix = forming(&bars).unwrap();
    assert!(!leakage_of(forming, &bars, run(&known), idle, &[101, 101]).unwrap().holds());
    let refused = leakage_of(tomorrow, &bars, run(&known), idle, &[299]).unwrap_err();
    assert_eq!(refused, FeatureError::CutOutside { cut: 299, first: 0, last: 298 });
}

#[test]
fn a_share_of_the_price_is_refused_where_the_price_is_below_zero_and_a_difference_is_not() {
    let mut base = hourly(7, 200);
    (base.low[50], base.close[50]) = (-40.32, -37.63);
    let with = |kind: &str| {
        let strategy = strategy(
            json!({"it": {"type": kind, "params": {"period": 5.0}}}),
            json!({}),
            json!([{"raw_indicator": "it", "timeframes": ["1h"], "normalization": "none"}]),
        );
        build(&strategy, &FeatureBars { base: &base, others: &[] }, &identity())
    };
    for kind in ["roc", "distancefromma", "bollingerbandwidth"] {
        let at = Timestamp(base.time[50]);
        assert!(
            matches!(with(kind), Err(FeatureError::NotAboveZero { at: named, .. }) if named == at),
            "{kind}"
        );
    }
    assert!(with("momentum").is_ok());
}
