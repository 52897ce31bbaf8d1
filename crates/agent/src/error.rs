//! Why there is no design or no assessment.

use std::error::Error;
use std::time::Duration;

use ktrdr_domain::range::OutOfRange;
use ktrdr_domain::{Timeframe, Timestamp};

use crate::purse::BudgetExhausted;

/// What kept a designer or an assessor from answering.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The dev window is missing or too short to learn from.
    #[error(
        "the dev window holds {found} bars, a design needs at least {needed}: load more history or widen dev"
    )]
    TooLittleData {
        /// Bars of the traded timeframe in dev.
        found: usize,
        /// Fewest that make sense.
        needed: usize,
    },
    /// Moves are shares of the price: none can be told where it is zero or below.
    #[error(
        "a design is made from moves as shares of the price, and it was {price} in the bar of {time}: `ktrdr data import --replace` a history without that stretch"
    )]
    NotAboveZero {
        /// When that bar opens.
        time: Timestamp,
        /// Its low.
        price: f64,
    },
    /// Prices that never move teach nothing.
    #[error("no indicator says anything about the {0} bars of dev: check that their prices move")]
    NothingToRead(Timeframe),
    /// Every proposal was a repetition or had a fault that could not be mended.
    #[error(
        "{attempts} proposals were all repetitions or faulty, last: {last}; start another campaign or add data"
    )]
    NothingNew {
        /// Proposals made.
        attempts: u32,
        /// Why the last one was dropped.
        last: String,
    },
    /// The account can not trade.
    #[error(transparent)]
    Account(#[from] OutOfRange),
    /// The provider can not be reached, or has no time: another try may succeed.
    #[error("{provider} can not answer now: {source}")]
    Unavailable {
        /// Who was asked.
        provider: String,
        /// What stood in the way.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The provider refused, or answered with what is of no use, and would do so again.
    #[error("{provider} gave no usable answer: {source}")]
    NoAnswer {
        /// Who was asked.
        provider: String,
        /// What is wrong with the answer.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The answer takes long, and is asked for again later, by another attempt: nobody has to wait for it.
    #[error("waits for {what}")]
    Waiting {
        /// What for.
        what: String,
        /// When to look again.
        delay: Duration,
    },
    /// A limit of money, tokens or time would be passed.
    #[error(transparent)]
    Budget(#[from] BudgetExhausted),
    /// Whoever waited no longer does.
    #[error("stopped before the answer was ready")]
    Stopped,
    /// A strategy could not be written down.
    #[error("the strategy can not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
