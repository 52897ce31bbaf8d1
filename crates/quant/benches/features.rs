//! Bars per second from bars in memory to the rows a network sees: `cargo bench -p ktrdr-quant --bench features`.

#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::indicators::INDICATORS;
use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::OutputKind;
use ktrdr_domain::strategy::{IndicatorSpec, Labels};
use ktrdr_quant::Bars;
use ktrdr_quant::features::{FeatureBars, FeatureError, FeatureMatrix, Scaling, build, build_from, proof};
use ktrdr_quant::labels::{Targets, make};

#[path = "../tests/market/mod.rs"]
mod market;

const BARS: usize = 100_000;

fn main() {
    divan::main();
}

/// Five indicators read by sixteen memberships, two of them lagged.
fn sixteen_features() -> Strategy {
    let three = |indicator: &str, p: [f64; 5]| {
        serde_json::json!({"indicator": indicator,
            "low": {"type": "triangular", "parameters": [p[0], p[0], p[2]]},
            "mid": {"type": "triangular", "parameters": [p[1], p[2], p[3]]},
            "high": {"type": "triangular", "parameters": [p[2], p[4], p[4]]}})
    };
    market::strategy(
        serde_json::json!({
            "rsi": {"type": "rsi"}, "macd": {"type": "macd"}, "bbw": {"type": "bbwidth"},
            "stoch": {"type": "stochastic"}, "dist": {"type": "distancefromma", "params": {"period": 50.0}}}),
        serde_json::json!({
            "rsi": three("rsi", [20.0, 30.0, 50.0, 70.0, 80.0]),
            "macd": three("macd.histogram", [-0.5, -0.2, 0.0, 0.2, 0.5]),
            "bbw": three("bbw", [0.0, 0.01, 0.02, 0.04, 0.08]),
            "dist": three("dist", [-5.0, -2.0, 0.0, 2.0, 5.0]),
            "stoch": {"indicator": "stoch",
                "low": {"type": "gaussian", "parameters": [10.0, 15.0]},
                "high": {"type": "gaussian", "parameters": [90.0, 15.0]}}}),
        serde_json::json!([
            {"fuzzy_set": "rsi", "timeframes": ["1h"]}, {"fuzzy_set": "macd", "timeframes": ["1h"]},
            {"fuzzy_set": "bbw", "timeframes": ["1h"]}, {"fuzzy_set": "dist", "timeframes": ["1h"]},
            {"fuzzy_set": "stoch", "timeframes": ["1h"], "lags": 1}]),
    )
}

#[divan::bench]
fn rows_of_sixteen_features(bencher: Bencher<'_, '_>) {
    let (strategy, base) = (sixteen_features(), market::hourly(1, BARS));
    let bars = FeatureBars { base: &base, others: &[] };
    assert_eq!(strategy.features().len(), 16);
    bencher.counter(ItemsCount::new(BARS)).bench(|| build(&strategy, black_box(&bars), &Scaling::default()));
}

/// What a backtest asks for: the rows of its window and their leakage proof. The window is the gate of the usual
/// windows, 25 bars after 60 of dev.
#[divan::bench]
fn rows_of_a_window_and_their_proof(bencher: Bencher<'_, '_>) {
    let (strategy, base) = (sixteen_features(), market::hourly(1, BARS));
    let (bars, scaling) = (FeatureBars { base: &base, others: &[] }, Scaling::default());
    let from = BARS * 60 / 85;
    let cuts = proof::cuts(from, BARS, 6, 1);
    let idle = |rows: &FeatureMatrix| Ok::<_, FeatureError>(vec![0; rows.values.nrows()]);
    bencher.counter(ItemsCount::new(BARS)).bench(|| {
        let rows = build_from(&strategy, black_box(&bars), &scaling, from).unwrap();
        let targets = idle(&rows).unwrap();
        let run = proof::Run { rows: &rows, targets: &targets };
        let outcome = proof::leakage(&strategy, &bars, &scaling, run, idle, &cuts);
        assert!(outcome.unwrap().holds());
    });
}

#[divan::bench(args = INDICATORS.iter().map(|e| e.name))]
fn indicator(bencher: Bencher<'_, '_>, name: &str) {
    let bars = market::hourly(1, BARS);
    let spec = name.parse().map(IndicatorSpec::new);
    let Ok(spec) = spec else { return };
    bencher.counter(ItemsCount::new(BARS)).bench(|| ktrdr_quant::indicator::compute(&spec, black_box(&bars)));
}

#[divan::bench(args = [20, 500])]
fn sma_whatever_the_period(bencher: Bencher<'_, '_>, period: u32) {
    let bars = market::hourly(1, BARS);
    let spec =
        IndicatorSpec::new(ktrdr_domain::strategy::IndicatorKind::Sma).with("period", f64::from(period));
    bencher.counter(ItemsCount::new(BARS)).bench(|| ktrdr_quant::indicator::compute(&spec, black_box(&bars)));
}

#[divan::bench]
fn triple_barrier_labels(bencher: Bencher<'_, '_>) {
    let bars: Bars = market::hourly(1, BARS);
    let labels = Labels::TripleBarrier { barrier: 2.0, horizon: 24, volatility_span: 50 };
    let buys = |targets: &Targets| match targets {
        Targets::Classes(classes) => classes.iter().filter(|c| **c == Class::Buy).count(),
        Targets::Values(_) => 0,
    };
    bencher
        .counter(ItemsCount::new(BARS))
        .bench(|| make(&labels, OutputKind::Classification, black_box(&bars)).map(|set| buys(&set.targets)));
}
