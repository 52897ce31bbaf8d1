//! The figures of a backtest. Each has its formula in [`Metrics`], its basis in [`conventions`], and, where it does
//! not exist, a reason: an undefined figure is `None`, never 0 or a large number.
//!
//! | figures of | file |
//! |---|---|
//! | the equity curve and its daily returns | this one |
//! | single trades | `trades.rs` |
//! | how returns are made from equity | [`returns`] |
//! | how all this is said to a reader | `conventions.rs` |

mod conventions;
pub mod returns;
mod trades;

use std::collections::BTreeMap;
use std::ops::Range;

use ktrdr_domain::report::backtest::Metrics;
use ktrdr_domain::{Span, Timestamp};

pub use conventions::conventions;

use crate::Bars;
use crate::data::calendar::Calendar;
use crate::simulate::Run;
use crate::statistics::moments::standard_deviation;
use crate::statistics::{Drawdown, TrackRecord, Undefined, finite, ratios};

/// Confidence that a minimum track record gives: 1 − 0.05.
const TRACK_RECORD_ALPHA: f64 = 0.05;

/// The figures of `run`, which traded `range` of `bars` from `initial_capital` on, and why some are `None`, by name.
///
/// `calendar` is that of the whole series; without one, nothing is annualised.
#[must_use]
pub fn compute(
    run: &Run,
    bars: &Bars,
    range: Range<usize>,
    initial_capital: f64,
    calendar: Option<&Calendar>,
) -> (Metrics, BTreeMap<String, String>) {
    let account = Account {
        run,
        initial_capital,
        years: years(bars, range.clone()),
        daily: returns::daily(run, bars, range, initial_capital, calendar),
        calendar,
    };
    let mut metrics = Metrics {
        days: account.daily.len() as u64,
        days_per_year: calendar.map(|c| c.days_per_year),
        bars_per_year: calendar.map(|c| c.bars_per_year),
        ..Metrics::default()
    };
    let mut reasons = Reasons::default();
    reasons.keep("days_per_year", account.days_per_year());
    reasons.keep("bars_per_year", account.bars_per_year());
    account.growth(&mut metrics, &mut reasons);
    account.risk(&mut metrics, &mut reasons);
    account.certainty(&mut metrics, &mut reasons);
    account.activity(&mut metrics, &mut reasons);
    trades::fill(&run.trades, &mut metrics, &mut reasons);
    (metrics, reasons.0)
}

/// Why figures are `None`, by name.
#[derive(Debug, Default)]
struct Reasons(BTreeMap<String, String>);

impl Reasons {
    /// The figure, 0 rather than −0 (an empty sum), or `None` with its reason kept.
    fn keep(&mut self, name: &str, figure: Result<f64, Undefined>) -> Option<f64> {
        match figure.and_then(finite) {
            Ok(figure) => Some(figure + 0.0),
            Err(reason) => {
                self.0.insert(name.to_owned(), reason.to_string());
                None
            }
        }
    }
}

/// Calendar years from the first bar's open to the last bar's close.
fn years(bars: &Bars, range: Range<usize>) -> Result<f64, Undefined> {
    let traded = bars.time.get(range).unwrap_or_default();
    let (Some(first), Some(last)) = (traded.first(), traded.last()) else {
        return Err(Undefined::Nothing("bar"));
    };
    let end = last.saturating_add(bars.timeframe.seconds());
    Ok(Span { start: Timestamp(*first), end: Timestamp(end) }.years())
}

/// What the figures of the curve are made of.
struct Account<'a> {
    run: &'a Run,
    initial_capital: f64,
    years: Result<f64, Undefined>,
    daily: Vec<f64>,
    calendar: Option<&'a Calendar>,
}

impl Account<'_> {
    fn days_per_year(&self) -> Result<f64, Undefined> {
        self.calendar
            .map(|c| c.days_per_year)
            .ok_or(Undefined::Nothing("whole week of bars to measure a year by"))
    }

    fn bars_per_year(&self) -> Result<f64, Undefined> {
        self.calendar
            .map(|c| c.bars_per_year)
            .ok_or(Undefined::Nothing("whole week of bars to measure a year by"))
    }

    /// A figure per day, times the square root of the days of a year.
    fn annualised(&self, per_day: Result<f64, Undefined>) -> Result<f64, Undefined> {
        Ok(per_day? * self.days_per_year()?.sqrt())
    }

    fn final_equity(&self) -> Result<f64, Undefined> {
        self.run.equity.last().copied().ok_or(Undefined::Nothing("bar"))
    }

    fn cagr(&self) -> Result<f64, Undefined> {
        let growth = self.final_equity()? / self.initial_capital;
        if growth <= 0.0 {
            return Err(Undefined::Ruined);
        }
        finite(growth.powf(1.0 / self.years?) - 1.0)
    }

    /// How much came out.
    fn growth(&self, metrics: &mut Metrics, reasons: &mut Reasons) {
        let gain = self.final_equity().map(|end| end - self.initial_capital);
        let drawdown = Drawdown::of(self.initial_capital, &self.run.equity);
        let calmar = self.cagr().and_then(|cagr| match drawdown.fraction {
            0.0 => Err(Undefined::Nothing("drawdown")),
            fall => Ok(cagr / fall),
        });
        metrics.total_return = reasons.keep("total_return", gain);
        metrics.total_return_pct =
            reasons.keep("total_return_pct", gain.map(|gain| gain / self.initial_capital));
        metrics.cagr = reasons.keep("cagr", self.cagr());
        metrics.max_drawdown = reasons.keep("max_drawdown", Ok(drawdown.money));
        metrics.max_drawdown_pct = reasons.keep("max_drawdown_pct", Ok(drawdown.fraction));
        metrics.max_drawdown_bars = Some(drawdown.longest);
        metrics.calmar_ratio = reasons.keep("calmar_ratio", calmar);
    }

    /// How bumpy the way was.
    fn risk(&self, metrics: &mut Metrics, reasons: &mut Reasons) {
        let by_bars = returns::of(self.initial_capital, &self.run.equity);
        let sharpe_bars = ratios::sharpe(&by_bars).and_then(|ratio| Ok(ratio * self.bars_per_year()?.sqrt()));
        metrics.volatility = reasons.keep("volatility", self.annualised(standard_deviation(&self.daily)));
        metrics.sharpe_ratio = reasons.keep("sharpe_ratio", self.annualised(ratios::sharpe(&self.daily)));
        metrics.sharpe_ratio_bars = reasons.keep("sharpe_ratio_bars", sharpe_bars);
        metrics.sortino_ratio = reasons.keep("sortino_ratio", self.annualised(ratios::sortino(&self.daily)));
    }

    /// How sure the Sharpe ratio is.
    fn certainty(&self, metrics: &mut Metrics, reasons: &mut Reasons) {
        let record = TrackRecord::of(&self.daily);
        let error = record.and_then(|record| record.standard_error());
        let psr = record.and_then(|record| record.probability_over(0.0));
        let needed = record
            .and_then(|record| record.periods_needed(0.0, TRACK_RECORD_ALPHA))
            .and_then(|days| Ok(days / self.days_per_year()?));
        metrics.sharpe_standard_error = reasons.keep("sharpe_standard_error", self.annualised(error));
        metrics.skewness = reasons.keep("skewness", record.map(|record| record.skewness));
        metrics.kurtosis = reasons.keep("kurtosis", record.map(|record| record.kurtosis));
        metrics.psr = reasons.keep("psr", psr);
        metrics.min_track_record_years = reasons.keep("min_track_record_years", needed);
    }

    /// How much was traded for it.
    fn activity(&self, metrics: &mut Metrics, reasons: &mut Reasons) {
        let run = self.run;
        let bars = run.equity.len() as f64;
        let exposure =
            if bars > 0.0 { Ok(run.bars_in_market as f64 / bars) } else { Err(Undefined::Nothing("bar")) };
        let break_even = match run.traded_value {
            0.0 => Err(Undefined::Nothing("trade")),
            traded => Ok(run.pnl_before_costs / traded * 10_000.0),
        };
        metrics.exposure = reasons.keep("exposure", exposure);
        metrics.turnover = reasons.keep("turnover", self.turnover());
        metrics.break_even_cost_bps = reasons.keep("break_even_cost_bps", break_even);
    }

    fn turnover(&self) -> Result<f64, Undefined> {
        let mean_equity = self.run.equity.iter().sum::<f64>() / self.run.equity.len() as f64;
        let years = self.years?;
        if mean_equity <= 0.0 {
            return Err(Undefined::Ruined);
        }
        Ok(self.run.traded_value / mean_equity / years)
    }
}
