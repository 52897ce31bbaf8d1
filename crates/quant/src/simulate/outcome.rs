//! What a simulation leaves behind.

use ktrdr_domain::report::backtest::Trade;

/// Everything a simulation did.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Closed trades, in order of exit.
    pub trades: Vec<Trade>,
    /// Equity at the close of each bar of the range, account currency. The last one is after the forced close.
    pub equity: Vec<f64>,
    /// Bars with a position at their close (at the last bar: until its close).
    pub bars_in_market: u64,
    /// Units × fill price, summed over all fills.
    pub traded_value: f64,
    /// What the trades earned before slippage, spread, commission and financing.
    pub pnl_before_costs: f64,
    /// Entries left out because the money was not enough for one unit.
    pub unfilled_orders: u64,
    /// The bar of the range at whose close nothing was left.
    pub ruined_at: Option<usize>,
}

impl Run {
    /// Equity at the end as a fraction of `initial_capital`, minus one.
    #[must_use]
    pub fn net_return(&self, initial_capital: f64) -> f64 {
        self.equity.last().map_or(0.0, |end| end / initial_capital - 1.0)
    }

    /// Things worth knowing before believing the figures.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.unfilled_orders > 0 {
            warnings.push(format!(
                "{} entries were left out: the money was not enough for one unit",
                self.unfilled_orders
            ));
        }
        if let Some(bar) = self.ruined_at {
            warnings.push(format!(
                "the account was ruined at bar {bar} of the window: nothing was traded after it"
            ));
        }
        warnings
    }
}
