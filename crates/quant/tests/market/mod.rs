//! Made-up bars for tests: a random walk with stretches that stand still and bars without volume.

#![allow(dead_code, reason = "each test binary uses its own part")]

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::{IndicatorSpec, NnInput};
use ktrdr_quant::Bars;
use serde_json::{Value, json};

/// Knuth's MMIX generator, uniform in `[0, 1)`.
pub(crate) struct Lcg(pub(crate) u64);

impl Lcg {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// `count` hourly bars from a seed.
pub(crate) fn hourly(seed: u64, count: usize) -> Bars {
    walk(seed, count, "1h")
}

/// `count` bars of a random walk in any timeframe, stamped from the epoch on.
pub(crate) fn walk(seed: u64, count: usize, timeframe: &str) -> Bars {
    let mut u = Lcg(seed);
    let mut bars = Bars::with_capacity("TEST".parse().unwrap(), timeframe.parse().unwrap(), count);
    let mut close = 100.0;
    for i in 0..count {
        let still = i % 97 > 80;
        let open = close;
        close *= if still { 1.0 } else { 1.0 + 0.02 * (u.next() - 0.5) };
        let wick = if still { 0.0 } else { 0.3 };
        bars.time.push(i as i64 * bars.timeframe.seconds());
        bars.open.push(open);
        bars.high.push(open.max(close) + wick * u.next());
        bars.low.push(open.min(close) - wick * u.next());
        bars.close.push(close);
        bars.volume.push(if i % 61 > 55 { 0.0 } else { (1000.0 * u.next()).round() });
    }
    bars
}

/// Joins bars of a short timeframe into bars of a longer one, as a data vendor does.
pub(crate) fn resampled(bars: &Bars, timeframe: &str) -> Bars {
    let mut out = Bars::with_capacity(bars.symbol.clone(), timeframe.parse().unwrap(), 0);
    let length_s = out.timeframe.seconds();
    for i in 0..bars.len() {
        let open_s = bars.time[i].div_euclid(length_s) * length_s;
        if out.time.last() == Some(&open_s) {
            let last = out.len() - 1;
            out.high[last] = out.high[last].max(bars.high[i]);
            out.low[last] = out.low[last].min(bars.low[i]);
            out.close[last] = bars.close[i];
            out.volume[last] += bars.volume[i];
        } else {
            out.time.push(open_s);
            out.open.push(bars.open[i]);
            out.high.push(bars.high[i]);
            out.low.push(bars.low[i]);
            out.close.push(bars.close[i]);
            out.volume.push(bars.volume[i]);
        }
    }
    out
}

/// The bars with every number from `from` on multiplied by a million.
pub(crate) fn scrambled(bars: &Bars, from: usize) -> Bars {
    let mut out = bars.clone();
    for field in [&mut out.open, &mut out.high, &mut out.low, &mut out.close, &mut out.volume] {
        field.iter_mut().skip(from).for_each(|x| *x *= 1e6);
    }
    out
}

/// A strategy on 1h and 4h bars with the sections that make its features put in unchecked: an indicator's parameters
/// stand in `params`.
pub(crate) fn strategy(indicators: Value, fuzzy_sets: Value, nn_inputs: Value) -> Strategy {
    let mut strategy: Strategy = serde_json::from_value(json!({
        "name": "made_up",
        "version": "3.0",
        "training_data": {"symbols": ["TEST"], "timeframes": ["1h", "4h"], "base_timeframe": "1h"},
        "indicators": {"rsi": {"type": "rsi"}},
        "fuzzy_sets": {"rsi": {"indicator": "rsi", "all": {"type": "triangular", "parameters": [0, 50, 100]}}},
        "nn_inputs": [{"fuzzy_set": "rsi", "timeframes": ["1h"]}],
        "model": {"architecture": {"hidden_layers": [8]}},
        "training": {"labels": {"source": "forward_return"}},
        "decisions": {"output_format": "classification"},
    }))
    .unwrap();
    let (Value::Object(indicators), Value::Array(nn_inputs)) = (indicators, nn_inputs) else {
        panic!("indicators are a map, inputs a list")
    };
    strategy.indicators = indicators.into_iter().map(|(id, described)| (id, spec(&described))).collect();
    strategy.fuzzy_sets = serde_json::from_value(fuzzy_sets).unwrap();
    strategy.nn_inputs = nn_inputs.iter().map(input).collect();
    strategy
}

/// `{type, source, params}`, the last two as they are by default unless given.
pub(crate) fn spec(described: &Value) -> IndicatorSpec {
    let mut spec = IndicatorSpec::new(described["type"].as_str().unwrap().parse().unwrap());
    spec.source = described.get("source").map_or(spec.source, |s| serde_json::from_value(s.clone()).unwrap());
    for (name, value) in described["params"].as_object().into_iter().flatten() {
        spec = spec.with(name, value.as_f64().unwrap());
    }
    spec
}

fn input(described: &Value) -> NnInput {
    fn given<T: serde::de::DeserializeOwned + Default>(value: &Value) -> T {
        if value.is_null() { T::default() } else { serde_json::from_value(value.clone()).unwrap() }
    }
    NnInput {
        fuzzy_set: given(&described["fuzzy_set"]),
        raw_indicator: given(&described["raw_indicator"]),
        timeframes: given(&described["timeframes"]),
        normalization: given(&described["normalization"]),
        lags: given(&described["lags"]),
    }
}
