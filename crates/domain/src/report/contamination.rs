//! What an exam showed on the time that a strategy's author may remember, and on the time after it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::author::Author;
use crate::time::Span;

/// The exam of a language model's design, cut at the end of what the model may know.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Contamination {
    /// Who wrote the strategy.
    #[serde(flatten)]
    pub author: Author,
    /// On bars that close before the cutoff: memory may be in it. `None` where there are none.
    pub before: Option<Part>,
    /// On bars that close after it. `None` where there are none: then nothing here is free of memory.
    pub after: Option<Part>,
}

/// One side of the cutoff. One account traded both: nothing is closed or opened in between.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Part {
    /// First bar's open to last bar's close.
    pub span: Span,
    /// Bars traded.
    pub bars: u64,
    /// Trading days.
    pub days: u64,
    /// Trades entered in it.
    pub trades: u64,
    /// Equity at its end ÷ equity at its beginning − 1, net of costs.
    pub total_return_pct: Option<f64>,
    /// Annualised Sharpe ratio of its daily returns.
    pub sharpe_ratio: Option<f64>,
    /// The same of its daily returns beyond the market, with the whole exam's β; not annualised.
    pub active_sharpe_daily: Option<f64>,
}
