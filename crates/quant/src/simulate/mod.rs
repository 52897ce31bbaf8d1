//! One account trades one series of bars. What a position was wanted at each close becomes fills, costs and equity.
//!
//! | what | file |
//! |---|---|
//! | the loop over bars | [`simulation`] |
//! | cash, the open position, fills and their costs | `broker.rs` |
//! | how many units | `sizing.rs` |
//! | stops and targets inside a bar | `exits.rs` |
//! | what comes out | [`outcome`] |
//! | the hash by which two trade lists are compared | [`hash`] |
//!
//! # The rules
//!
//! - **No look-ahead.** A target is decided at a bar's close and filled at the **next bar's open**. What is decided
//!   at the last close is not filled.
//! - **An order is a change of target.** The same target again asks for nothing; a position that was stopped out is
//!   entered again only after the target has changed. A reversal closes and opens at the same open.
//! - **Prices of bars are mid prices.** Entries, exits by signal or time, stops and the forced close are market orders:
//!   a buy fills at `price × (1 + slippage) + spread/2`, a sell at `price × (1 − slippage) − spread/2`. A target is a
//!   limit order: it fills at its price or better and pays neither. Commission is paid on each side of every fill. The
//!   broker's numbers are in [`Costs`](ktrdr_domain::trading::Costs).
//! - **Size** is decided at the fill, from the equity of that moment. A position of a fraction of equity is never
//!   larger than what equity pays for, entry costs included. Where only whole units trade, they are rounded down; an
//!   order for none is left out and counted.
//! - **Stops and targets** lie a fraction of the entry's fill price away and act from the entry bar on. Within one bar
//!   the order is: first the orders at the open (signals, then the longest holding time); then the open itself, which
//!   fills a stop or a target that it has reached or passed, at the open; then the rest of the bar, in which the stop
//!   comes first if both are in range. A position that is entered at an open whose costs already carry it past its
//!   stop is stopped at that open.
//! - **Financing** is paid at each open, by the position carried into that bar: rate × UTC calendar days since the
//!   previous bar's open × the position's value at the previous close.
//! - **The end.** What is open at the last bar is closed at its close, with costs, before the last point of equity.
//! - **Ruin.** Equity of zero or less at a close ends the account: the position is closed there, nothing is traded
//!   any more and equity stays where it is, below zero if more than everything was lost.
//!
//! # Five bars
//!
//! 10 units, 0.1 % commission, a spread of 0.2, 10 000 at the start. Long is wanted at the first two closes, short
//! at the next two.
//!
//! | bar | open | close | wanted at close | what happens | cash | equity at close |
//! |---|---|---|---|---|---|---|
//! | 0 | 100 | 100 | long | nothing was wanted before | 10 000 | 10 000 |
//! | 1 | 101 | 102 | long | buys at 101.1, commission 1.011 | 8 987.989 | 10 007.989 |
//! | 2 | 103 | 103 | short | holds | 8 987.989 | 10 017.989 |
//! | 3 | 104 | 102 | short | sells 10 at 103.9 and 10 more | 11 063.911 | 10 043.911 |
//! | 4 | 101 | 100 | – | the data ends: buys back at 100.1 | 10 061.91 | 10 061.91 |
//!
//! ```
//! use ktrdr_domain::trading::{Account, Costs, Sizing};
//! use ktrdr_quant::{Bars, simulate};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut bars = Bars::with_capacity("TEST".parse()?, "1h".parse()?, 5);
//! for (i, (open, close)) in [(100.0, 100.0), (101.0, 102.0), (103.0, 103.0), (104.0, 102.0), (101.0, 100.0)]
//!     .into_iter()
//!     .enumerate()
//! {
//!     bars.time.push(i as i64 * 3_600);
//!     bars.open.push(open);
//!     bars.high.push(f64::max(open, close));
//!     bars.low.push(f64::min(open, close));
//!     bars.close.push(close);
//!     bars.volume.push(0.0);
//! }
//! let costs = Costs { commission_rate: 0.001, spread: 0.2, slippage_rate: 0.0, ..Costs::default() };
//! let account = Account {
//!     initial_capital: 10_000.0,
//!     sizing: Sizing::FixedUnits(10.0),
//!     costs,
//!     ..Account::default()
//! };
//!
//! let run = simulate::run(&bars, 0..5, &[1, 1, -1, -1, 1], &account)?;
//!
//! let expected = [10_000.0, 10_007.989, 10_017.989, 10_043.911, 10_061.91];
//! assert!(run.equity.iter().zip(expected).all(|(found, wanted)| (found - wanted).abs() < 1e-9));
//! let net: Vec<f64> = run.trades.iter().map(|t| t.net_pnl).collect();
//! assert!((net[0] - 25.95).abs() < 1e-9 && (net[1] - 35.96).abs() < 1e-9);
//! # Ok(())
//! # }
//! ```

mod broker;
mod error;
mod exits;
pub mod hash;
pub mod outcome;
pub mod simulation;
mod sizing;

use std::ops::Range;

use ktrdr_domain::trading::Account;

pub use error::SimulateError;
pub use hash::trades_sha256;
pub use outcome::Run;
pub use simulation::Simulation;

use crate::Bars;

/// The position wanted at a bar's close: 1 long, 0 none, −1 short.
pub type Target = i8;

/// Trades `targets`, one for each bar of `range`, with `account`. See the [module](self) for the rules and
/// [`Simulation`] to do it step by step.
///
/// # Errors
/// See [`SimulateError`].
pub fn run(
    bars: &Bars,
    range: Range<usize>,
    targets: &[Target],
    account: &Account,
) -> Result<Run, SimulateError> {
    Simulation::new(bars, range, targets, account)?.finish()
}
