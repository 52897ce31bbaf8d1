//! Every indicator that a strategy may read: its values, its warm-up, and that it sees nothing but the past.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod market;

use ktrdr_domain::strategy::indicators::{INDICATORS, IndicatorDefinition, ParamForm, Source};
use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec};
use ktrdr_quant::Bars;
use ktrdr_quant::indicator::{compute, first_valid};
use proptest::prelude::*;
use serde_json::Value;

use market::{hourly, scrambled};

/// Any indicator with parameters small enough to warm up inside a few hundred bars.
fn any_spec() -> impl Strategy<Value = IndicatorSpec> {
    let source = prop_oneof![
        Just(Source::Open),
        Just(Source::High),
        Just(Source::Low),
        Just(Source::Close),
        Just(Source::Volume)
    ];
    (0..INDICATORS.len(), source, prop::collection::vec(0.0..1.0f64, 3)).prop_map(|(i, source, draws)| {
        let definition = &INDICATORS[i];
        let mut spec = IndicatorSpec::new(definition.kind);
        if definition.has_source {
            spec.source = source;
        }
        for (param, draw) in definition.params.iter().zip(draws) {
            let value = param.min + draw * (param.max.min(40.0) - param.min);
            spec = spec.with(param.name, if param.form == ParamForm::Number { value } else { value.round() });
        }
        spec
    })
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn same_up_to(cut: usize, spec: &IndicatorSpec, a: &Bars, b: &Bars) {
    for (a, b) in compute(spec, a).outputs.iter().zip(&compute(spec, b).outputs) {
        assert_eq!(bits(&a[..cut]), bits(&b[..cut]), "{spec:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_value_depends_on_its_past_alone_bit_for_bit(spec in any_spec(), seed: u64, len in 0usize..300, cut in 0.0..1.0f64) {
        let bars = hourly(seed, len);
        let cut = (cut * len as f64) as usize;
        same_up_to(cut, &spec, &bars.slice(0..cut), &bars);
        same_up_to(cut, &spec, &scrambled(&bars, cut), &bars);
    }

    #[test]
    fn an_indicator_is_valid_exactly_from_its_first_valid_bar_on(spec in any_spec(), seed: u64, len in 0usize..300) {
        let bars = hourly(seed, len);
        let warm_up = first_valid(&spec);
        let outputs = compute(&spec, &bars).outputs;
        prop_assert_eq!(outputs.len(), spec.kind.definition().outputs.len());
        for output in outputs {
            prop_assert_eq!(output.len(), len);
            prop_assert!(output.iter().take(warm_up).all(|x| x.is_nan()));
            // A volume may be 0, and then has no rate of change.
            if (spec.kind, spec.source) != (IndicatorKind::Roc, Source::Volume) {
                // Each walk has volume in its first bars.
                prop_assert!(output.iter().skip(warm_up).all(|x| x.is_finite()), "{spec:?} {output:?}");
            }
        }
    }

    #[test]
    fn bounded_indicators_stay_in_their_bounds(spec in any_spec(), seed: u64) {
        if let Some((low, high)) = spec.kind.definition().bounds {
            for x in compute(&spec, &hourly(seed, 300)).outputs.iter().flatten().filter(|x| !x.is_nan()) {
                prop_assert!((low - 1e-9..=high + 1e-9).contains(x), "{spec:?} {x}");
            }
        }
    }
}

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/indicators.json")).unwrap()
}

fn bars_of(fields: &Value) -> Bars {
    let numbers = |key: &str| fields[key].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    let mut bars = hourly(1, 0);
    [bars.open, bars.high, bars.low, bars.close, bars.volume] =
        ["open", "high", "low", "close", "volume"].map(numbers);
    bars.time = (0..bars.close.len() as i64).map(|i| i * 3_600).collect();
    bars
}

/// Compares from the indicator's first valid bar on, for as many bars as there are expected values.
fn assert_values(case: &Value, bars: &Bars, expected_from: usize) {
    let spec = market::spec(&case["spec"]);
    let expected = case["outputs"].as_array().unwrap();
    let outputs = compute(&spec, bars).outputs;
    assert_eq!(outputs.len(), expected.len(), "{spec:?}");
    for (i, (output, expected)) in outputs.iter().zip(expected).enumerate() {
        let expected = (expected_from..).zip(expected.as_array().unwrap());
        for (t, wanted) in expected.filter(|(t, _)| *t >= first_valid(&spec)) {
            let (got, wanted) = (output[t], wanted.as_f64().unwrap());
            let close = (got - wanted).abs() <= 1e-9 * wanted.abs().max(1.0);
            assert!(close, "{case:.80} output {i} at {t}: {got} instead of {wanted}");
        }
    }
}

#[test]
fn values_equal_those_that_pandas_computes() {
    let golden = golden();
    let bars = bars_of(&golden["bars"]);
    for case in golden["cases"].as_array().unwrap() {
        assert_values(case, &bars, 0);
    }
}

#[test]
fn first_values_equal_those_of_ta_lib_on_noise_on_trends_and_where_nothing_moves() {
    let golden: Value = serde_json::from_str(include_str!("golden/first_values.json")).unwrap();
    let mut covered = Vec::new();
    for case in golden["cases"].as_array().unwrap() {
        let spec = market::spec(&case["spec"]);
        assert_eq!(first_valid(&spec) as u64, case["first"].as_u64().unwrap(), "{case}");
        let market = case["market"].as_str().unwrap();
        assert_values(case, &bars_of(&golden["markets"][market]), first_valid(&spec));
        covered.push((market.to_owned(), spec.kind));
    }
    for definition in INDICATORS {
        for market in ["random", "rise", "fall", "still"] {
            assert!(covered.contains(&(market.to_owned(), definition.kind)), "{market} {}", definition.name);
        }
    }
}

/// A market that moves by `step` from bar to bar, with a range of 2 in each.
fn steady(step: f64) -> Bars {
    let mut bars = hourly(1, 60);
    for (i, time) in bars.time.clone().into_iter().enumerate() {
        let moved = step * (time / 3_600) as f64;
        bars.open[i] = 99.5 + moved;
        bars.high[i] = 101.0 + moved;
        bars.low[i] = 99.0 + moved;
        bars.close[i] = 100.0 + moved;
    }
    bars
}

#[test]
fn a_steady_trend_reads_the_same_at_every_valid_bar() {
    let everywhere = |kind, step, values: [f64; 3]| {
        let spec = IndicatorSpec::new(kind);
        for (output, value) in compute(&spec, &steady(step)).outputs.iter().zip(values) {
            let differs = output[first_valid(&spec)..].iter().find(|x| (*x - value).abs() > 1e-9);
            assert_eq!(differs, None, "{kind} is not {value} on a step of {step}");
        }
    };
    everywhere(IndicatorKind::Adx, 1.0, [100.0, 50.0, 0.0]);
    everywhere(IndicatorKind::Adx, -1.0, [100.0, 0.0, 50.0]);
    everywhere(IndicatorKind::Aroon, 1.0, [100.0, 0.0, 100.0]);
    everywhere(IndicatorKind::Aroon, -1.0, [0.0, 100.0, -100.0]);
    // The averages lag by (26 − 1) / 2 and (12 − 1) / 2 bars.
    everywhere(IndicatorKind::Macd, 1.0, [7.0, 7.0, 0.0]);
    everywhere(IndicatorKind::Macd, -1.0, [-7.0, -7.0, 0.0]);
    everywhere(IndicatorKind::Atr, 3.0, [4.0; 3]);
}

#[test]
fn every_indicator_has_a_golden_case() {
    let golden = golden();
    let kinds = |case: &Value| case["spec"]["type"].as_str().unwrap().parse::<IndicatorKind>().unwrap();
    let covered: Vec<IndicatorKind> = golden["cases"].as_array().unwrap().iter().map(kinds).collect();
    let missing: Vec<&IndicatorDefinition> =
        INDICATORS.iter().filter(|e| !covered.contains(&e.kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_market_that_never_moves_reads_neutral() {
    let mut bars = hourly(1, 120);
    for field in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
        field.fill(1.1);
    }
    bars.volume.fill(0.0);
    let neutral = |kind| match kind {
        IndicatorKind::Rsi | IndicatorKind::Stochastic | IndicatorKind::Mfi => Some([50.0; 3]),
        IndicatorKind::WilliamsR => Some([-50.0; 3]),
        IndicatorKind::Aroon => Some([100.0, 100.0, 0.0]),
        IndicatorKind::VolumeRatio => Some([1.0; 3]),
        IndicatorKind::Vwap => None,
        kind if kind.definition().in_price_units => match kind {
            IndicatorKind::Macd | IndicatorKind::Momentum | IndicatorKind::Atr => Some([0.0; 3]),
            _ => Some([1.1; 3]),
        },
        _ => Some([0.0; 3]),
    };
    for definition in INDICATORS {
        let Some(values) = neutral(definition.kind) else { continue };
        let spec = IndicatorSpec::new(definition.kind);
        for ((output, value), name) in
            compute(&spec, &bars).outputs.iter().zip(values).zip(definition.outputs)
        {
            // A clock goes on.
            let is_neutral = *name == "hour" || output[first_valid(&spec)..].iter().all(|x| *x == value);
            assert!(is_neutral, "{}: {output:?}", definition.name);
        }
    }
}

#[test]
fn a_vwap_without_any_volume_has_no_value() {
    let mut bars = hourly(1, 60);
    bars.volume.fill(0.0);
    let vwap = compute(&IndicatorSpec::new(IndicatorKind::Vwap), &bars).outputs.remove(0);
    assert!(vwap.iter().all(|x| x.is_nan()));
}

#[test]
fn periods_out_of_range_count_as_the_nearest_allowed() {
    let bars = hourly(3, 50);
    for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        for definition in INDICATORS {
            let spec = definition
                .params
                .iter()
                .fold(IndicatorSpec::new(definition.kind), |s, p| s.with(p.name, value));
            assert_eq!(compute(&spec, &bars).outputs.len(), definition.outputs.len());
        }
    }
}

/// Hourly bars at these hours since the epoch, each closing one higher than the one before.
fn rising(hours: impl IntoIterator<Item = i64>) -> Bars {
    let mut bars = hourly(1, 0);
    for (i, hour) in hours.into_iter().enumerate() {
        bars.time.push(hour * 3_600);
        for field in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close, &mut bars.volume] {
            field.push(100.0 + i as f64);
        }
    }
    bars
}

fn hour_of(text: &str) -> i64 {
    text.parse::<ktrdr_domain::Timestamp>().unwrap().0 / 3_600
}

#[test]
fn a_trading_day_begins_when_new_york_closes_in_winter_and_in_summer() {
    // New York's clock changed on Sunday, 10 March 2024.
    for (opens, hour) in [
        ("2024-03-07T21:00:00Z", 24.0),
        ("2024-03-07T22:00:00Z", 1.0),
        ("2024-03-11T20:00:00Z", 24.0),
        ("2024-03-11T21:00:00Z", 1.0),
    ] {
        let bars = rising([hour_of(opens)]);
        let outputs = compute(&IndicatorSpec::new(IndicatorKind::TradingDay), &bars).outputs;
        assert_eq!(outputs[2], [hour], "{opens}");
    }
}

#[test]
fn a_sunday_evening_is_part_of_monday_where_days_end_at_midnight() {
    let friday = hour_of("2024-01-12T00:00:00Z");
    let sunday = hour_of("2024-01-14T22:00:00Z");
    // Thursday, 22 hours of Friday, 2 of Sunday, 3 of Monday.
    let bars = rising((friday - 24..friday + 22).chain(sunday..sunday + 5));
    let spec = IndicatorSpec::new(IndicatorKind::TradingDay).with("utc", 1.0);
    let [previous, today, _, week] = &compute(&spec, &bars).outputs[..] else { panic!("four outputs") };
    let (thursday, friday) = (123.0, 145.0);
    let percent = |from: f64, to: f64| 100.0 * (to / from - 1.0);
    assert_eq!(previous[45], 0.0, "Thursday is the only day that ended, and of nothing before");
    assert_eq!((today[45], week[45]), (percent(thursday, friday), 0.0));
    for (bar, close) in (46..51).zip([146.0, 147.0, 148.0, 149.0, 150.0]) {
        assert_eq!((previous[bar], today[bar]), (percent(thursday, friday), percent(friday, close)), "{bar}");
        assert_eq!(week[bar], percent(friday, close), "the week begins on Sunday evening");
    }
}
