//! Figures of whole runs: their values, and what happens where they do not exist.

#![allow(clippy::unwrap_used)]

use ktrdr_domain::Timestamp;
use ktrdr_domain::report::backtest::{Direction, ExitReason, Metrics, Trade};
use ktrdr_quant::data::calendar::{Calendar, TradingWeek};
use ktrdr_quant::simulate::Run;
use ktrdr_quant::{Bars, metrics};
use serde_json::Value;

const MONDAY: i64 = 1_514_764_800;
const CRYPTO: Calendar =
    Calendar { days_per_year: 365.25, bars_per_year: 8_766.0, week: TradingWeek::EveryDay };

fn bars(timeframe: &str, time: impl IntoIterator<Item = i64>) -> Bars {
    let mut bars = Bars::with_capacity("TEST".parse().unwrap(), timeframe.parse().unwrap(), 0);
    bars.time = time.into_iter().collect();
    bars
}

fn run(equity: &[f64]) -> Run {
    Run {
        trades: Vec::new(),
        equity: equity.to_vec(),
        bars_in_market: 0,
        traded_value: 0.0,
        pnl_before_costs: 0.0,
        unfilled_orders: 0,
        ruined_at: None,
    }
}

fn trade(direction: Direction, units: f64, entry_price: f64, exit_price: f64, fee: f64) -> Trade {
    let sign = if direction == Direction::Long { 1.0 } else { -1.0 };
    let gross_pnl = sign * units * (exit_price - entry_price);
    let commission = fee * units * (entry_price + exit_price);
    Trade {
        direction,
        units,
        entry_time: Timestamp(0),
        entry_price,
        exit_time: Timestamp(3_600),
        exit_price,
        commission,
        financing: 0.0,
        gross_pnl,
        net_pnl: gross_pnl - commission,
        bars_held: 1,
        exit_reason: ExitReason::Signal,
    }
}

#[track_caller]
fn assert_close(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} is not {expected}");
}

/// Names of all figures that are null, by way of what a report would show.
fn nulls(metrics: &Metrics) -> Vec<String> {
    let json = serde_json::to_value(metrics).unwrap();
    let null = json.as_object().unwrap().iter().filter(|(_, figure)| figure.is_null());
    let mut names: Vec<String> = null.map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}

#[test]
fn every_figure_that_does_not_exist_says_why_and_no_other_does() {
    let no_bars = (run(&[]), bars("1h", []), None);
    let one_bar = (run(&[100.0]), bars("1h", [MONDAY]), None);
    let idle = (run(&[100.0; 96]), bars("1h", (0..96).map(|h| MONDAY + h * 3_600)), Some(&CRYPTO));
    let mut ruin = (run(&[90.0, -5.0, -5.0]), bars("1d", (0..3).map(|d| MONDAY + d * 86_400)), Some(&CRYPTO));
    ruin.0.trades.push(trade(Direction::Long, 1.0, 100.0, 50.0, 0.0));
    for (run, bars, calendar) in [no_bars, one_bar, idle, ruin] {
        let (metrics, undefined) = metrics::compute(&run, &bars, 0..bars.len(), 100.0, calendar);
        assert_eq!(nulls(&metrics), undefined.keys().cloned().collect::<Vec<_>>());
        assert!(undefined.values().all(|reason| reason.len() > 5), "{undefined:?}");
    }
}

#[test]
fn an_idle_account_has_no_ratios_but_a_volatility_of_zero() {
    let bars = bars("1d", (0..40).map(|d| MONDAY + d * 86_400));
    let (metrics, undefined) = metrics::compute(&run(&[100.0; 40]), &bars, 0..40, 100.0, Some(&CRYPTO));
    assert_eq!(
        (metrics.volatility, metrics.total_return, metrics.max_drawdown),
        (Some(0.0), Some(0.0), Some(0.0))
    );
    assert_eq!((metrics.exposure, metrics.turnover, metrics.days), (Some(0.0), Some(0.0), 40));
    for figure in ["sharpe_ratio", "sortino_ratio", "calmar_ratio", "psr", "win_rate", "profit_factor", "sqn"]
    {
        assert!(undefined.contains_key(figure), "{figure}");
    }
    assert_eq!(undefined["sharpe_ratio"], "the returns do not vary");
    assert_eq!(undefined["win_rate"], "there is no trade");
}

#[test]
fn a_ruined_account_has_a_loss_and_a_drawdown_but_no_growth_rate() {
    let bars = bars("1d", (0..4).map(|d| MONDAY + d * 86_400));
    let ruined = run(&[120.0, 60.0, -30.0, -30.0]);
    let (metrics, undefined) = metrics::compute(&ruined, &bars, 0..4, 100.0, Some(&CRYPTO));
    assert_eq!((metrics.total_return_pct, metrics.max_drawdown_pct), (Some(-1.3), Some(1.25)));
    assert_eq!(undefined["cagr"], "the account was ruined");
    assert_close(metrics.sharpe_ratio, {
        let returns: [f64; 4] = [0.2, -0.5, -1.5, 0.0];
        let mean = returns.iter().sum::<f64>() / 4.0;
        let squares: f64 = returns.iter().map(|r| (r - mean).powi(2)).sum();
        mean / (squares / 3.0).sqrt() * 365.25_f64.sqrt()
    });
}

#[test]
fn hours_are_summed_to_days_from_the_initial_capital_on() {
    let hourly = bars("1h", [0, 23, 24, 30, 71, 72].map(|h| MONDAY + h * 3_600));
    let equity = run(&[101.0, 102.0, 103.0, 99.96, 104.958, 104.958]);
    let daily = metrics::returns::daily(&equity, &hourly, 0..6, 100.0, Some(&CRYPTO));
    let expected = [0.02, -0.02, 0.05, 0.0];
    assert!(daily.iter().zip(expected).all(|(r, e)| (r - e).abs() < 1e-12) && daily.len() == 4, "{daily:?}");
}

#[test]
fn sunday_evening_belongs_to_monday_where_the_week_has_five_days() {
    let week = Calendar { days_per_year: 260.9, bars_per_year: 6_261.0, week: TradingWeek::MondayToFriday };
    // Friday 21:00, Sunday 22:00, Monday 00:00
    let evening = bars("1h", [4 * 24 + 21, 6 * 24 + 22, 7 * 24].map(|h| MONDAY + h * 3_600));
    let equity = run(&[100.0, 90.0, 110.0]);
    assert_eq!(metrics::returns::daily(&equity, &evening, 0..3, 100.0, Some(&week)).len(), 2);
    assert_eq!(metrics::returns::daily(&equity, &evening, 0..3, 100.0, Some(&CRYPTO)).len(), 3);
}

#[test]
fn growth_is_counted_in_calendar_years_from_first_open_to_last_close() {
    // Two years of 365.25 days, of which the bars fill only the first and the last day.
    let days = bars("1d", [MONDAY, MONDAY + 730 * 86_400 - 43_200]);
    let (metrics, _) = metrics::compute(&run(&[80.0, 121.0]), &days, 0..2, 100.0, Some(&CRYPTO));
    assert_close(metrics.cagr, 1.21_f64.powf(365.25 / 730.5) - 1.0);
    assert_close(metrics.calmar_ratio, (1.21_f64.powf(365.25 / 730.5) - 1.0) / 0.2);
    assert_close(metrics.sharpe_ratio_bars, {
        let (a, b): (f64, f64) = (-0.2, 41.0 / 80.0);
        (a + b) / 2.0 / ((a - b).powi(2) / 2.0).sqrt() * 8_766.0_f64.sqrt()
    });
}

#[test]
fn trade_figures_are_net_of_both_sides_costs() {
    let golden: Value = serde_json::from_str(include_str!("golden/metric_vectors.json")).unwrap();
    let mut run = run(&[100.0]);
    for row in golden["trades"]["rows"].as_array().unwrap() {
        let [entry, exit, units, sign] = [0, 1, 2, 3].map(|i| row[i].as_f64().unwrap());
        let direction = if sign > 0.0 { Direction::Long } else { Direction::Short };
        run.trades.push(trade(direction, units, entry, exit, 0.001));
    }
    let (m, _) = metrics::compute(&run, &bars("1h", [MONDAY]), 0..1, 100.0, None);
    let (right, wrong) = (&golden["trades"]["correct"], &golden["trades"]["wrong_exit_commission_only"]);
    for (figure, name) in [
        (m.profit_factor, "profit_factor"),
        (m.expectancy, "expectancy"),
        (m.payoff_ratio, "payoff"),
        (m.sqn, "sqn"),
    ] {
        assert_close(figure, right[name].as_f64().unwrap());
        assert!((figure.unwrap() - wrong[name].as_f64().unwrap()).abs() > 0.1, "{name}");
    }
    assert_close(m.win_rate, 1.0 / 3.0);
    assert_eq!(
        (m.total_trades, m.winning_trades, m.losing_trades, m.long_trades, m.short_trades),
        (6, 2, 4, 4, 2)
    );
    assert_close(m.avg_win, (17.98 + 12.995) / 2.0);
    assert_close(m.largest_win, 17.98);
    assert_close(m.largest_loss, -12.03);
}

#[test]
fn a_break_even_trade_is_no_win_and_no_loss() {
    let mut run = run(&[100.0]);
    run.trades =
        vec![trade(Direction::Long, 1.0, 10.0, 10.0, 0.0), trade(Direction::Long, 1.0, 10.0, 11.0, 0.0)];
    let (metrics, undefined) = metrics::compute(&run, &bars("1h", [MONDAY]), 0..1, 100.0, None);
    assert_eq!((metrics.win_rate, metrics.winning_trades, metrics.losing_trades), (Some(0.5), 1, 0));
    assert_eq!(undefined["profit_factor"], "there is no losing trade");
}

#[test]
fn conventions_name_the_measured_year() {
    let words = metrics::conventions(Some(&CRYPTO));
    assert!(words["annualisation"].contains("365.2 days") || words["annualisation"].contains("365.3 days"));
    assert!(metrics::conventions(None)["annualisation"].contains("not annualised"));
}
