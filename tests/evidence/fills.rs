//! Fills worked out once more, by the written rules and nothing of the program's code.
//!
//! A target at a bar's close is filled at the next bar's open: a buy at `open (1 + slippage)`, a sell at
//! `open (1 − slippage)`, commission on both, a position of 95 % of the equity of that moment. What is open at the end is
//! closed at the last close.

use super::calendar::{self, DAYS_PER_YEAR};
use super::series::Series;

/// The program's default account.
pub(super) const COMMISSION: f64 = 0.0001;
pub(super) const SLIPPAGE: f64 = 0.00005;
pub(super) const FRACTION: f64 = 0.95;
const CAPITAL: f64 = 100_000.0;

/// What a share of equity that is turned from one side to the other costs: two fills.
pub(super) const TURN: f64 = 2.0 * (COMMISSION + SLIPPAGE);

#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    cash: f64,
    /// Below 0 when short.
    units: f64,
    /// Cash before the open position was entered.
    before: f64,
    /// Net profit of each closed trade.
    pub(super) trades: Vec<f64>,
    /// At each close.
    pub(super) equity: Vec<f64>,
}

impl Account {
    /// Trades targets, one for each bar of a series.
    pub(super) fn trade(series: &Series, targets: &[i8]) -> Self {
        assert_eq!(series.len(), targets.len());
        let mut account = Self { cash: CAPITAL, ..Self::default() };
        for bar in 0..series.len() {
            if bar > 0 && (bar < 2 || targets[bar - 1] != targets[bar - 2]) {
                account.turn_to(targets[bar - 1], series.open[bar]);
            }
            if bar + 1 == series.len() {
                account.close(series.close[bar]);
            }
            account.equity.push(account.cash + account.units * series.close[bar]);
        }
        account
    }

    fn turn_to(&mut self, target: i8, open: f64) {
        self.close(open);
        if target != 0 {
            let side = f64::from(target);
            self.before = self.cash;
            self.fill(side * FRACTION * self.cash / dealt(open, side), open);
        }
    }

    fn close(&mut self, price: f64) {
        if self.units != 0.0 {
            self.fill(-self.units, price);
            self.trades.push(self.cash - self.before);
        }
    }

    fn fill(&mut self, units: f64, price: f64) {
        let value = units * dealt(price, units.signum());
        self.cash -= value + COMMISSION * value.abs();
        self.units += units;
        if self.units.abs() < 1e-9 {
            self.units = 0.0;
        }
    }

    pub(super) fn last(&self) -> f64 {
        self.equity.last().copied().unwrap_or(CAPITAL)
    }

    /// Simple returns by trading day.
    pub(super) fn daily(&self, series: &Series) -> Vec<f64> {
        let bars: Vec<usize> = (0..series.len()).collect();
        let day = |bar: &usize| calendar::trading_day(series.time[*bar]);
        let days = bars.chunk_by(|a, b| day(a) == day(b));
        let mut before = CAPITAL;
        days.map(|day| {
            let now = self.equity[*day.last().unwrap()];
            now / std::mem::replace(&mut before, now) - 1.0
        })
        .collect()
    }
}

fn dealt(price: f64, side: f64) -> f64 {
    price * (1.0 + side * SLIPPAGE)
}

/// Annualised; 0 where returns do not vary.
pub(super) fn sharpe(daily: &[f64]) -> f64 {
    let n = daily.len() as f64;
    let mean = daily.iter().sum::<f64>() / n;
    let variance = daily.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
    if variance > 0.0 { mean / variance.sqrt() * DAYS_PER_YEAR.sqrt() } else { 0.0 }
}

#[test]
fn two_trades_by_hand() {
    let mut series = Series::default();
    for (day, price) in [100.0, 100.0, 110.0, 99.0].into_iter().enumerate() {
        series.push(day as i64 * 86_400, [price; 4]);
    }
    let account = Account::trade(&series, &[1, -1, -1, -1]);
    let units = 95_000.0 / 100.005;
    let long = units * (110.0 * 0.99995 - 100.005) - COMMISSION * units * (110.0 * 0.99995 + 100.005);
    let short_units = FRACTION * (CAPITAL + long) / (110.0 * 0.99995);
    let (sold, bought) = (110.0 * 0.99995, 99.0 * 1.00005);
    let short = short_units * (sold - bought) - COMMISSION * short_units * (sold + bought);
    assert_eq!(account.trades.len(), 2);
    assert!((account.trades[0] - long).abs() < 1e-8 && (account.trades[1] - short).abs() < 1e-8);
    assert!((account.last() - CAPITAL - long - short).abs() < 1e-8);
}
