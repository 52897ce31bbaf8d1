//! Why a simulation can not be run.

use ktrdr_domain::Timestamp;
use ktrdr_domain::range::OutOfRange;

/// Why a simulation can not be run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SimulateError {
    /// A number of the account is impossible.
    #[error("account: {0}")]
    Account(#[from] OutOfRange),
    /// No bars, or bars that are not there.
    #[error(
        "bars {start}..{end} can not be traded: there are {bars} bars; choose a window with at least one"
    )]
    Range {
        /// First bar asked for.
        start: usize,
        /// First bar after.
        end: usize,
        /// Bars there are.
        bars: usize,
    },
    /// Not one target for each bar.
    #[error("{targets} targets for {bars} bars: give one for each bar of the range")]
    TargetCount {
        /// Targets given.
        targets: usize,
        /// Bars to trade.
        bars: usize,
    },
    /// A target that is not a position.
    #[error("target {value} of bar {bar}: use 1 for long, 0 for none, -1 for short")]
    Target {
        /// Its place in the range, from 0.
        bar: usize,
        /// What it was.
        value: i8,
    },
    /// A price that sizes, stops and costs can not be shares of.
    #[error(
        "the price was {price} in the bar of {time}, and sizes, stops and costs are shares of the price: trade a stretch without prices of zero and below, with `--start-date` or `--end-date`"
    )]
    NotAboveZero {
        /// Open time of the bar.
        time: Timestamp,
        /// Its low.
        price: f64,
    },
    /// The spread leaves nothing of the price.
    #[error(
        "at {time} a sale at {price} with a spread of {spread} would fetch nothing: give the spread in price units"
    )]
    Spread {
        /// Open time of the bar.
        time: Timestamp,
        /// Price before costs.
        price: f64,
        /// The account's spread.
        spread: f64,
    },
    /// Prices or sizes beyond what a 64-bit float can hold.
    #[error("equity at {time} is not a number: check the prices of that bar and the size of the position")]
    NotFinite {
        /// Open time of the bar.
        time: Timestamp,
    },
}
