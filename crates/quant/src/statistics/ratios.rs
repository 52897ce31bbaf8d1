//! Reward for risk, per period and without a risk-free rate.

use super::moments::{is_only_rounding, mean, standard_deviation};
use super::{Undefined, finite};

/// Mean ÷ standard deviation (ddof 1). Multiply by `√periods per year` to annualise.
///
/// # Errors
/// Fewer than two returns, a NaN, or returns that do not vary.
pub fn sharpe(returns: &[f64]) -> Result<f64, Undefined> {
    let spread = standard_deviation(returns)?;
    if is_only_rounding(spread, returns) {
        return Err(Undefined::NoVariation("returns"));
    }
    finite(mean(returns)? / spread)
}

/// Mean ÷ `√mean(min(r, 0)²)`, the downside averaged over **all** returns. The standard deviation of the negative
/// returns alone would forget how rare they are.
///
/// # Errors
/// Fewer than two returns, a NaN, or no negative return.
pub fn sortino(returns: &[f64]) -> Result<f64, Undefined> {
    let found = returns.len();
    if found < 2 {
        return Err(Undefined::TooFew { what: "returns", needed: 2, found });
    }
    let mean = mean(returns)?;
    let squares: f64 = returns.iter().map(|r| r.min(0.0) * r.min(0.0)).sum();
    if squares <= 0.0 {
        return Err(Undefined::Nothing("negative return"));
    }
    finite(mean / (squares / found as f64).sqrt())
}

/// System quality number of trades: `√n × mean / standard deviation` (ddof 1) of their net P&L.
///
/// # Errors
/// Fewer than two trades, a NaN, or trades that all earned the same.
pub fn sqn(net_pnl: &[f64]) -> Result<f64, Undefined> {
    match sharpe(net_pnl) {
        Ok(ratio) => Ok(ratio * (net_pnl.len() as f64).sqrt()),
        Err(Undefined::TooFew { needed, found, .. }) => {
            Err(Undefined::TooFew { what: "trades", needed, found })
        }
        Err(Undefined::NoVariation(_)) => Err(Undefined::NoVariation("trades' results")),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_ratios_are_met() {
        let sortino_returns = [0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04];
        assert!((sortino(&sortino_returns).unwrap() - 4.417_261).abs() < 1e-6);
        let excess = [0.259, 0.198, 0.364, -0.081, 0.057, 0.055, 0.188, 0.317, 0.24, 0.184, -0.01, 0.526]
            .map(|r| r - 0.05);
        assert!((sharpe(&excess).unwrap() - 0.834_364).abs() < 1e-6);
    }

    #[test]
    fn an_account_that_never_loses_has_no_sortino_and_one_that_never_moves_no_sharpe() {
        assert_eq!(sortino(&[0.0, 0.1, 0.2]), Err(Undefined::Nothing("negative return")));
        assert_eq!(sharpe(&[0.0; 30]), Err(Undefined::NoVariation("returns")));
        assert!(sqn(&[5.0]).unwrap_err().to_string().contains("trades"));
    }
}
