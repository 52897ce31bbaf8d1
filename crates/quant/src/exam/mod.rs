//! An exam: what a run earned beyond the market, ranked among what chance gives.
//!
//! A null draw is a list of targets that keeps what is not skill of the ones that are examined and destroys their timing. Each
//! is traded with the same account and scored the same way; the run's p-value is its rank.
//!
//! | what | file |
//! |---|---|
//! | the score: Sharpe ratio of the daily active return | this one |
//! | the same positions, whole weeks earlier or later: keeps the clock, the clusters, the share of long and short | [`shifts`] |
//! | the same holding times and sides, entered at random bars of the same hour and volatility | [`entries`] |
//! | rank among draws | [`rank`] |
//! | what the trials counted leave of it | [`trials`] |

pub mod entries;
pub mod rank;
pub mod shifts;
pub mod trials;

use std::ops::Range;

use ktrdr_domain::trading::Account;

pub use entries::Entries;
pub use rank::PValue;
pub use shifts::Shifts;
pub use trials::{Deflation, near_copy};

use crate::Bars;
use crate::data::calendar::Calendar;
use crate::metrics::returns::Days;
use crate::simulate::{self, Run, SimulateError, Target};
use crate::statistics::{ActiveReturns, Undefined, ratios};

/// What is examined: targets on a stretch of bars, traded with an account.
#[derive(Debug, Clone)]
pub struct Exam<'a> {
    /// The bars; those before the range are known, too.
    pub bars: &'a Bars,
    /// What of them is traded.
    pub range: Range<usize>,
    /// One for each bar of the range.
    pub targets: &'a [Target],
    /// Capital, size, exits, costs.
    pub account: &'a Account,
    /// That of the whole series.
    pub calendar: Option<&'a Calendar>,
}

/// What the instrument itself returned, day by day.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    days: Days,
    returns: Vec<f64>,
}

impl Market {
    /// Day by day.
    #[must_use]
    pub fn returns(&self) -> &[f64] {
        &self.returns
    }
}

impl Exam<'_> {
    /// Daily returns of the instrument itself over the range; the first one from the range's first open.
    #[must_use]
    pub fn market(&self) -> Market {
        let bars = self.bars;
        let time = bars.time.get(self.range.clone()).unwrap_or_default();
        let close = bars.close.get(self.range.clone()).unwrap_or_default();
        let start = bars.open.get(self.range.start).copied().unwrap_or_default();
        let days = Days::of(time, self.calendar);
        Market { returns: days.returns(start, close), days }
    }

    /// A run's daily returns without the market's part.
    ///
    /// # Errors
    /// No day, or a return that is not finite.
    pub fn active(&self, run: &Run, market: &Market) -> Result<ActiveReturns, Undefined> {
        let daily = market.days.returns(self.account.initial_capital, &run.equity);
        ActiveReturns::of(&daily, &market.returns)
    }

    /// Trades other targets and scores them: the daily Sharpe ratio of their active return, 0 where there is none (nothing
    /// was traded).
    ///
    /// # Errors
    /// As [`simulate::run`].
    pub fn score(&self, targets: &[Target], market: &Market) -> Result<f64, SimulateError> {
        let run = simulate::run(self.bars, self.range.clone(), targets, self.account)?;
        let active = self.active(&run, market);
        Ok(active.and_then(|active| ratios::sharpe(&active.returns)).unwrap_or(0.0))
    }
}
