//! The account day by day, beside the market.

use chrono::Datelike;
use ktrdr_domain::Timestamp;
use ktrdr_domain::report::sheet::{Curve, MonthReturn, RollingSharpe};

use crate::exam::{Exam, Market};
use crate::metrics::returns::Days;
use crate::simulate::Run;
use crate::statistics::ratios;

/// Days that a rolling Sharpe ratio looks back where there are enough: half a year.
const ROLLING_DAYS: usize = 126;

/// Fewer days say nothing about a Sharpe ratio.
const ROLLING_DAYS_MIN: usize = 20;

/// A run, day by day.
#[derive(Debug, Clone, PartialEq)]
pub struct Daily {
    /// Opens of the bars that close the days.
    pub time: Vec<i64>,
    /// Of the account.
    pub returns: Vec<f64>,
    /// Of the instrument.
    pub market: Vec<f64>,
    /// Beyond the market's part; `None` where that is undefined.
    pub active: Option<Vec<f64>>,
    /// Days of a year, in the data's own calendar.
    pub days_per_year: Option<f64>,
    capital: f64,
    beta: Option<f64>,
}

impl Daily {
    /// That of an exam's run.
    #[must_use]
    pub fn of(exam: &Exam<'_>, market: &Market, run: &Run) -> Self {
        let time = exam.bars.time.get(exam.range.clone()).unwrap_or_default();
        let days = Days::of(time, exam.calendar);
        let active = exam.active(run, market).ok();
        Self {
            time: days.closing_bars().iter().map(|bar| time[*bar]).collect(),
            returns: days.returns(exam.account.initial_capital, &run.equity),
            market: market.returns().to_vec(),
            beta: active.as_ref().map(|active| active.beta),
            active: active.map(|active| active.returns),
            days_per_year: exam.calendar.map(|calendar| calendar.days_per_year),
            capital: exam.account.initial_capital,
        }
    }

    /// Annualised Sharpe ratio of some daily returns.
    #[must_use]
    pub fn sharpe(&self, returns: &[f64]) -> Option<f64> {
        Some(ratios::sharpe(returns).ok()? * self.days_per_year?.sqrt())
    }

    /// What the account's money would have become with β units of the market, rebalanced each day.
    #[must_use]
    pub fn matched_market(&self) -> Option<Curve> {
        let beta = self.beta?;
        let mut worth = self.capital;
        let grown = self.market.iter().map(|m| {
            worth *= (1.0 + beta * m).max(0.0);
            worth
        });
        Some(self.time.iter().copied().zip(grown).collect())
    }

    /// Returns of calendar months (UTC), the first and the last as far as they were traded.
    #[must_use]
    pub fn months(&self) -> Vec<MonthReturn> {
        let month = |time: &i64| Timestamp(*time).to_datetime().map_or((0, 0), |at| (at.year(), at.month()));
        let days: Vec<((i32, u32), f64)> =
            self.time.iter().map(month).zip(self.returns.iter().copied()).collect();
        let of = |days: &[((i32, u32), f64)]| MonthReturn {
            year: days[0].0.0,
            month: days[0].0.1,
            total_return_pct: compounded(days.iter().map(|day| day.1)),
        };
        days.chunk_by(|a, b| a.0 == b.0).map(of).collect()
    }

    /// The Sharpe ratio of the days before each day, over half a year, or a quarter of a short window.
    #[must_use]
    pub fn rolling_sharpe(&self) -> Option<RollingSharpe> {
        let days = ROLLING_DAYS.min(self.returns.len() / 4);
        if days < ROLLING_DAYS_MIN {
            return None;
        }
        let ends = self.time.iter().skip(days - 1);
        let ratios = self.returns.windows(days).zip(ends);
        let curve: Curve = ratios.filter_map(|(window, time)| Some((*time, self.sharpe(window)?))).collect();
        Some(RollingSharpe { days, curve }).filter(|rolling| !rolling.curve.is_empty())
    }
}

/// What returns come to one after the other.
pub(super) fn compounded(returns: impl Iterator<Item = f64>) -> f64 {
    returns.fold(1.0, |worth, r| worth * (1.0 + r)) - 1.0
}

/// How far each value lies under the highest before it, as a fraction of that: zero or negative.
#[must_use]
pub fn drawdown(start: f64, equity: &[f64]) -> Vec<f64> {
    let mut peak = start;
    let under = equity.iter().map(|now| {
        peak = peak.max(*now);
        if peak > 0.0 { now / peak - 1.0 } else { 0.0 }
    });
    under.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(returns: &[f64]) -> Daily {
        Daily {
            time: (0..returns.len() as i64).map(|day| day * 86_400).collect(),
            returns: returns.to_vec(),
            market: vec![0.1; returns.len()],
            active: None,
            days_per_year: Some(252.0),
            capital: 100.0,
            beta: Some(0.5),
        }
    }

    #[test]
    fn months_compound_their_days() {
        let months = days(&[0.1; 33]).months();
        assert_eq!((months.len(), months[0].month, months[1].month), (2, 1, 2));
        assert!((months[1].total_return_pct - 0.21).abs() < 1e-12);
    }

    #[test]
    fn half_the_market_grows_by_half_of_it_each_day() {
        let matched = days(&[0.0; 2]).matched_market().unwrap();
        assert!((matched[1].1 - 100.0 * 1.05 * 1.05).abs() < 1e-9);
    }

    #[test]
    fn a_rolling_ratio_begins_when_its_days_are_there() {
        let wave: Vec<f64> = (0..400).map(|day| 0.01 * f64::from(day % 7) - 0.02).collect();
        let rolling = days(&wave).rolling_sharpe().unwrap();
        assert_eq!((rolling.days, rolling.curve.len(), rolling.curve[0].0), (100, 301, 99 * 86_400));
        assert!(days(&wave[..60]).rolling_sharpe().is_none());
    }

    #[test]
    fn a_drawdown_is_measured_from_the_highest_before() {
        assert_eq!(drawdown(100.0, &[50.0, 200.0, 150.0]), [-0.5, 0.0, -0.25]);
    }
}
