//! Results that no honest account comes to: a leak seen by what it leads to. Findings, never figures to be proud of.

use ktrdr_domain::report::Metrics;

/// No strategy known to anyone keeps an annualised Sharpe ratio of daily returns like this after costs.
pub const SHARPE_MAX: f64 = 6.0;

/// Fewer daily returns than this, half a year, give such a ratio to a good strategy by chance.
pub const SHARPE_DAYS_MIN: u64 = 120;

/// Of fewer days the ratio is incredible where it is so many of its standard errors above the largest that is kept.
const ERRORS_ABOVE: f64 = 2.0;

/// Of fewer still, a quarter of a year, the error itself is known too badly.
const ERROR_DAYS_MIN: u64 = 90;

/// Wins over losses that many trades do not keep.
pub const PROFIT_FACTOR_MAX: f64 = 5.0;

/// Fewer trades than this may be lucky.
pub const PROFIT_FACTOR_TRADES_MIN: u64 = 200;

/// Gain a year, as a fraction, that is beyond any account: a thousand per cent. Less than a year counts as one.
pub const GROWTH_MAX: f64 = 10.0;

/// What is not to be believed about these figures, in words; nothing where they are as figures are.
#[must_use]
pub fn implausible(metrics: &Metrics) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(sharpe) = metrics.sharpe_ratio.filter(|sharpe| is_beyond_luck(*sharpe, metrics)) {
        found.push(format!(
            "a Sharpe ratio of {sharpe:.2} a year over {} days, above {SHARPE_MAX}",
            metrics.days
        ));
    }
    let trades = metrics.total_trades;
    if let Some(factor) =
        metrics.profit_factor.filter(|f| *f > PROFIT_FACTOR_MAX && trades > PROFIT_FACTOR_TRADES_MIN)
    {
        found.push(format!("a profit factor of {factor:.2} over {trades} trades, above {PROFIT_FACTOR_MAX}"));
    }
    if let Some(growth) = growth_a_year(metrics).filter(|g| *g > GROWTH_MAX) {
        let percent =
            |x: f64| if x < 1e4 { format!("{:.0} %", x * 100.0) } else { format!("{:.1e} %", x * 100.0) };
        found.push(format!("a gain of {} a year, above {}", percent(growth), percent(GROWTH_MAX)));
    }
    found
}

fn is_beyond_luck(sharpe: f64, metrics: &Metrics) -> bool {
    let error = metrics.sharpe_standard_error.filter(|_| metrics.days >= ERROR_DAYS_MIN);
    let least = error.map(|error| sharpe - ERRORS_ABOVE * error);
    sharpe > SHARPE_MAX && (metrics.days >= SHARPE_DAYS_MIN || least.is_some_and(|least| least > SHARPE_MAX))
}

fn growth_a_year(metrics: &Metrics) -> Option<f64> {
    let years = (metrics.days as f64 / metrics.days_per_year?).max(1.0);
    Some((1.0 + metrics.total_return_pct?).powf(1.0 / years) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics {
            total_return_pct: Some(1.0),
            sharpe_ratio: Some(3.0),
            profit_factor: Some(2.0),
            total_trades: 900,
            days: 780,
            days_per_year: Some(260.0),
            ..Metrics::default()
        }
    }

    fn said(change: impl FnOnce(&mut Metrics)) -> String {
        let mut metrics = metrics();
        change(&mut metrics);
        implausible(&metrics).join("; ")
    }

    #[test]
    fn good_results_are_results_and_incredible_ones_are_findings() {
        assert_eq!(said(|_| ()), "");
        assert_eq!(
            said(|m| m.sharpe_ratio = Some(18.18)),
            "a Sharpe ratio of 18.18 a year over 780 days, above 6"
        );
        assert_eq!(said(|m| m.profit_factor = Some(7.5)), "a profit factor of 7.50 over 900 trades, above 5");
        assert_eq!(said(|m| m.total_return_pct = Some(1.5e35)), "a gain of 5.3e13 % a year, above 1000 %");
        assert_eq!(said(|m| m.total_return_pct = Some(7_999.0)), "a gain of 1900 % a year, above 1000 %");
    }

    #[test]
    fn what_chance_gives_in_a_few_days_or_trades_is_none() {
        assert_eq!(said(|m| (m.sharpe_ratio, m.days) = (Some(9.0), 119)), "");
        let short = |sharpe, error, days| {
            said(|m| {
                (m.sharpe_ratio, m.sharpe_standard_error, m.days) = (Some(sharpe), Some(error), days);
            })
        };
        assert_eq!(short(9.0, 1.6, 104), "");
        assert_eq!(short(12.3, 2.1, 104), "a Sharpe ratio of 12.30 a year over 104 days, above 6");
        assert_eq!(short(12.3, 2.1, 89), "");
        assert_eq!(said(|m| (m.profit_factor, m.total_trades) = (Some(9.0), 200)), "");
        assert_eq!(said(|m| (m.total_return_pct, m.days) = (Some(9.0), 3)), "");
        assert_eq!(said(|m| m.sharpe_ratio = Some(-18.0)), "");
    }
}
