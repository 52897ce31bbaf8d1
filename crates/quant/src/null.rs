//! What chance gives: the same positions, held at other times of the same window.
//!
//! A null draw shifts the run's targets in time, circularly and by the same number of bars, and trades them with the
//! same account. It keeps how often and how long the strategy trades, its share of long and short, its costs and the
//! market's own drift; what it destroys is the timing. A strategy whose net return is not better than most of its own
//! draws has shown no timing.

use std::ops::Range;

use ktrdr_domain::trading::Account;

use crate::simulate::{self, Run, SimulateError, Target};
use crate::{Bars, SeededRng};

/// Shifts are at least this share of the window, and at most one minus it: a shift by a few bars is hardly another
/// strategy.
const SHIFT_MIN: f64 = 0.05;

/// The rank of a run among its null draws.
#[derive(Debug, Clone, PartialEq)]
pub struct NullRank {
    /// Share of draws that earned less, ties counted half; `None` if that means nothing.
    pub percentile: Option<f64>,
    /// Draws made.
    pub draws: u32,
    /// Why there is no percentile.
    pub reason: Option<&'static str>,
}

/// Ranks the net return of `run` among the `null` returns of [`Draws`].
#[must_use]
pub fn rank(run: &Run, initial_capital: f64, null: &[f64]) -> NullRank {
    let net_return = run.net_return(initial_capital);
    let draws = u32::try_from(null.len()).unwrap_or(u32::MAX);
    let without = |reason| NullRank { percentile: None, draws, reason: Some(reason) };
    if run.trades.is_empty() {
        return without("there is no trade to shift");
    }
    if null.is_empty() {
        return without("the window is too short to shift anything, or no draws were asked for");
    }
    let less = null.iter().filter(|drawn| **drawn < net_return).count() as f64;
    let level = null.iter().filter(|drawn| **drawn == net_return).count() as f64;
    NullRank { percentile: Some((less + level / 2.0) / null.len() as f64), draws, reason: None }
}

/// An endless series of null draws, each its net return. Take as many as wanted, and look up in between.
///
/// Ends at once where the window is too short to shift. The same seed gives the same draws.
#[derive(Debug, Clone)]
pub struct Draws<'a> {
    bars: &'a Bars,
    range: Range<usize>,
    targets: &'a [Target],
    account: &'a Account,
    rng: SeededRng,
    shifted: Vec<Target>,
}

impl<'a> Draws<'a> {
    /// Draws from `targets`, one for each bar of `range`.
    #[must_use]
    pub fn new(
        bars: &'a Bars,
        range: Range<usize>,
        targets: &'a [Target],
        account: &'a Account,
        seed: u64,
    ) -> Self {
        let rng = SeededRng::new(seed);
        Self { bars, range, targets, account, rng, shifted: targets.to_vec() }
    }

    /// The next shift in bars; `None` if there is none to choose from.
    fn shift(&mut self) -> Option<usize> {
        let bars = self.targets.len();
        let least = ((bars as f64 * SHIFT_MIN).ceil() as usize).max(1);
        let choices = (bars + 1).checked_sub(2 * least).filter(|choices| *choices > 0)?;
        // The remainder favours small shifts by less than one part in 10¹².
        Some(least + (self.rng.bits() % choices as u64) as usize)
    }
}

impl Iterator for Draws<'_> {
    type Item = Result<f64, SimulateError>;

    fn next(&mut self) -> Option<Self::Item> {
        let shift = self.shift()?;
        let (tail, head) = self.targets.split_at(self.targets.len() - shift);
        self.shifted[..shift].copy_from_slice(head);
        self.shifted[shift..].copy_from_slice(tail);
        let run = simulate::run(self.bars, self.range.clone(), &self.shifted, self.account);
        Some(run.map(|run| run.net_return(self.account.initial_capital)))
    }
}
