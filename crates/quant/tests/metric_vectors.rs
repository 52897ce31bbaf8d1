//! Statistics against reference values that other code computed, and against the known deviations of other programs.

#![allow(clippy::unwrap_used)]

use ktrdr_quant::statistics::discovery::lond;
use ktrdr_quant::statistics::luck::expected_max_sharpe;
use ktrdr_quant::statistics::moments::standard_deviation;
use ktrdr_quant::statistics::overfitting::overfitting;
use ktrdr_quant::statistics::ratios::{sharpe, sortino};
use ktrdr_quant::statistics::{Drawdown, Moments, TrackRecord};
use proptest::prelude::*;
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/metric_vectors.json")).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[track_caller]
fn assert_close(found: f64, expected: &Value) {
    let expected = number(expected);
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} is not {expected}");
}

/// Other programs' values: ours must be visibly different.
#[track_caller]
fn assert_differs(found: f64, wrong: &Value) {
    assert!((found / number(wrong) - 1.0).abs() > 1e-3, "{found} is the deviating {wrong}");
}

/// The generator that the golden file describes.
struct Lcg(u64);

impl Lcg {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn returns(seed: u64, count: usize, drift: f64, scale: f64) -> Vec<f64> {
        let mut lcg = Self(seed);
        (0..count).map(|_| drift + scale * lcg.normal()).collect()
    }
}

fn equity(returns: &[f64]) -> Vec<f64> {
    let grow = |e: &mut f64, r: &f64| {
        *e *= 1.0 + r;
        Some(*e)
    };
    returns.iter().scan(1.0, grow).collect()
}

#[test]
fn a_daily_series_has_the_reference_moments_and_ratios() {
    let g = &golden()["daily_252"];
    let returns = Lcg::returns(42, 252, 0.0004, 0.01);
    assert_close(returns[0], &g["first3"][0]);
    assert_close(returns[251], &g["last"]);
    let moments = Moments::of(&returns).unwrap();
    assert_close(moments.mean, &g["mean"]);
    assert_close(moments.standard_deviation, &g["sd_ddof1"]);
    assert_close(moments.skewness, &g["skew_pop"]);
    assert_close(moments.kurtosis, &g["kurt_raw_pop"]);
    let year = 252.0_f64.sqrt();
    assert_close(sharpe(&returns).unwrap() * year, &g["sharpe_ann_252"]);
    assert_close(sortino(&returns).unwrap() * year, &g["sortino_ann_252_target_semidev"]);
    let curve = equity(&returns);
    assert_close(curve[251] - 1.0, &g["total_return"]);
    let drawdown = Drawdown::of(1.0, &curve).fraction;
    assert_close(drawdown, &g["max_drawdown"]);
    assert_close((curve[251] - 1.0) / drawdown, &g["calmar"]);
    let record = TrackRecord::of(&returns).unwrap();
    assert_close(record.probability_over(0.0).unwrap(), &g["psr_vs_0"]);
    assert_close(record.probability_over(1.0 / year).unwrap(), &g["psr_vs_ann1"]);
}

#[test]
fn the_deviations_of_other_programs_are_not_ours() {
    let golden = golden();
    let g = &golden["daily_252"];
    let returns = Lcg::returns(42, 252, 0.0004, 0.01);
    let year = 252.0_f64.sqrt();
    for (name, wrong) in g.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("wrong_")) {
        let ours = match name.as_str() {
            sharpe_ratio if sharpe_ratio.starts_with("wrong_sharpe") => sharpe(&returns).unwrap() * year,
            sortino_ratio if sortino_ratio.starts_with("wrong_sortino") => sortino(&returns).unwrap() * year,
            _ => Drawdown::of(1.0, &equity(&returns)).fraction,
        };
        assert_differs(ours, wrong);
    }
    let psr = &golden["published"]["psr"];
    assert_differs(fat_tail().probability_over(0.0).unwrap(), &psr["wrong_excess_kurtosis_fat_tail"]);
    assert_differs(gaussian().probability_over(0.0).unwrap(), &psr["wrong_excess_kurtosis_normal"]);
}

#[test]
fn hourly_returns_are_annualised_by_hours_or_summed_to_days_first() {
    let g = &golden()["hourly_6240"];
    let bars = Lcg::returns(7, 6_240, 0.00002, 0.001);
    let days: Vec<f64> =
        bars.chunks(24).map(|day| day.iter().map(|r| 1.0 + r).product::<f64>() - 1.0).collect();
    let by_bars = sharpe(&bars).unwrap() * 6_240.0_f64.sqrt();
    let by_days = sharpe(&days).unwrap() * 260.0_f64.sqrt();
    assert_close(by_bars, &g["sharpe_sqrt_6240"]);
    assert_close(by_days, &g["sharpe_daily_sqrt_260"]);
    assert_differs(by_bars, &g["wrong_sharpe_sqrt_252_on_bars"]);
    assert_differs(by_days, &g["wrong_sharpe_sqrt_252_on_bars"]);
}

fn gaussian() -> TrackRecord {
    TrackRecord { sharpe: 0.458, periods: 24, skewness: 0.0, kurtosis: 3.0 }
}

fn fat_tail() -> TrackRecord {
    TrackRecord { sharpe: 0.458, periods: 24, skewness: -2.448, kurtosis: 10.164 }
}

#[test]
fn published_examples_of_certainty_are_met() {
    let golden = golden();
    let g = &golden["published"];
    let record =
        TrackRecord { sharpe: 2.5 / 250.0_f64.sqrt(), periods: 1_250, skewness: -3.0, kurtosis: 10.0 };
    for (trials, row) in [(100, &g["deflated"]["trials_100"]), (46, &g["deflated"]["trials_46"])] {
        assert_close(expected_max_sharpe(0.5 / 250.0, trials), &row[0]);
        assert_close(record.deflated(0.5 / 250.0, trials).unwrap(), &row[1]);
    }
    assert_close(gaussian().probability_over(0.0).unwrap(), &g["psr"]["normal"]);
    assert_close(fat_tail().probability_over(0.0).unwrap(), &g["psr"]["fat_tail"]);
    assert_close(fat_tail().periods_needed(0.0, 0.05).unwrap(), &g["min_trl_fat_tail_months"]);
    for (trials, expected) in g["expected_max_sharpe"].as_object().unwrap() {
        assert_close(expected_max_sharpe(1.0, trials.parse().unwrap()), expected);
    }
    assert_eq!(expected_max_sharpe(1.0, 1), 0.0);
}

fn batch(seed: u64, edge: f64) -> Vec<f64> {
    let mut lcg = Lcg(seed);
    (0..480 * 20).map(|i| 0.01 * lcg.normal() + if i % 20 == 3 { edge } else { 0.0 }).collect()
}

#[test]
fn selection_among_noise_and_among_edges_is_judged_as_by_the_reference() {
    let golden = golden();
    let g = &golden["overfitting"];
    for case in g["cases"].as_array().unwrap() {
        let returns = batch(case["seed"].as_u64().unwrap(), number(&case["edge"]));
        let found = overfitting(&returns, 20, case["blocks"].as_u64().unwrap() as usize).unwrap();
        assert_eq!(found.combinations as u64, case["combos"].as_u64().unwrap());
        assert_close(found.probability, &case["pbo"]);
        assert_close(found.probability_of_loss, &case["prob_oos_loss"]);
        assert_close(found.mean_logit, &case["mean_logit"]);
        assert_close(found.degradation_slope.unwrap(), &case["degradation_slope"]);
    }
    let noise: Vec<f64> =
        (100..140).map(|seed| overfitting(&batch(seed, 0.0), 20, 8).unwrap().probability).collect();
    assert_close(noise.iter().sum::<f64>() / 40.0, &g["noise_seeds_100_to_139"]["mean"]);
    assert_close(standard_deviation(&noise).unwrap(), &g["noise_seeds_100_to_139"]["sd"]);
}

#[test]
fn the_levels_of_online_testing_are_the_reference() {
    for (test, level) in golden()["lond_alpha_0_05"].as_object().unwrap() {
        assert_close(lond(0.05, test.parse().unwrap(), 0), level);
    }
}

fn samples() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-0.1..0.1_f64, 3..80)
}

proptest! {
    #[test]
    fn ratios_do_not_depend_on_the_size_of_the_bet(returns in samples(), size in 0.01..100.0_f64) {
        let scaled: Vec<f64> = returns.iter().map(|r| r * size).collect();
        if let (Ok(one), Ok(other)) = (sharpe(&returns), sharpe(&scaled)) {
            prop_assert!((one - other).abs() < 1e-9 * (1.0 + one.abs()));
        }
        if let (Ok(one), Ok(other)) = (sortino(&returns), sortino(&scaled)) {
            prop_assert!((one - other).abs() < 1e-9 * (1.0 + one.abs()));
        }
    }

    #[test]
    fn the_order_of_days_does_not_matter_to_ratios(returns in samples()) {
        let backwards: Vec<f64> = returns.iter().rev().copied().collect();
        if let (Ok(one), Ok(other)) = (Moments::of(&returns), Moments::of(&backwards)) {
            prop_assert!((one.mean - other.mean).abs() < 1e-12);
            prop_assert!((one.skewness - other.skewness).abs() < 1e-9);
            prop_assert!((one.kurtosis - other.kurtosis).abs() < 1e-9);
        }
    }

    #[test]
    fn the_opposite_bet_has_the_opposite_ratio(returns in samples()) {
        let opposite: Vec<f64> = returns.iter().map(|r| -r).collect();
        if let (Ok(one), Ok(other)) = (TrackRecord::of(&returns), TrackRecord::of(&opposite)) {
            prop_assert!((one.sharpe + other.sharpe).abs() < 1e-12 * (1.0 + one.sharpe.abs()));
            prop_assert!((one.skewness + other.skewness).abs() < 1e-9);
            let (up, down) = (one.probability_over(0.0), other.probability_over(0.0));
            if let (Ok(up), Ok(down)) = (up, down) {
                prop_assert!((up + down - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_drawdown_is_a_share_of_its_peak_and_scales_with_the_account(returns in samples(), size in 0.1..1e6_f64) {
        let curve = equity(&returns);
        let scaled: Vec<f64> = curve.iter().map(|e| e * size).collect();
        let (one, other) = (Drawdown::of(1.0, &curve), Drawdown::of(size, &scaled));
        prop_assert!((0.0..1.0).contains(&one.fraction));
        prop_assert!((one.fraction - other.fraction).abs() < 1e-12);
        prop_assert!((one.money * size - other.money).abs() < 1e-9 * size);
    }

    #[test]
    fn more_trials_always_raise_the_bar(trials in 2_u64..1_000_000) {
        prop_assert!(expected_max_sharpe(1.0, trials + 1) > expected_max_sharpe(1.0, trials));
    }
}
