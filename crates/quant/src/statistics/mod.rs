//! Statistics of returns, and the odds that a result is luck. Pure functions of their arguments.
//!
//! | question | file |
//! |---|---|
//! | mean, spread and shape of a sample | [`moments`] |
//! | reward for risk: Sharpe, Sortino, SQN | [`ratios`] |
//! | how far and how long under a peak | [`drawdown`] |
//! | how sure is a Sharpe ratio: standard error, PSR, MinTRL | [`track_record`] |
//! | what was earned beyond the market | [`active`] |
//! | how good the best of many worthless trials looks | [`luck`] |
//! | how many of them are different | [`clusters`] |
//! | what a test could find at all | [`power`] |
//! | does picking the best trial work at all (PBO by CSCV) | [`overfitting`] |
//! | how small a p-value the next test needs (LOND) | [`discovery`] |
//! | how sure a share of successes is | [`proportion`] |
//! | how much two samples move together | [`correlation`] |
//! | the normal distribution | [`normal`] |
//!
//! Ratios are per period: multiply by `√periods per year` to annualise. A figure that does not exist is an
//! [`Undefined`] with its reason, never 0 or a large number; a NaN is refused, never skipped.

pub mod active;
pub mod clusters;
pub mod correlation;
pub mod discovery;
pub mod drawdown;
pub mod luck;
pub mod moments;
pub mod normal;
pub mod overfitting;
pub mod power;
pub mod proportion;
pub mod ratios;
pub mod track_record;

pub use active::ActiveReturns;
pub use drawdown::Drawdown;
pub use moments::Moments;
pub use track_record::TrackRecord;

/// Why a figure does not exist.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Undefined {
    /// The sample is too small.
    #[error("needs at least {needed} {what}, there are {found}")]
    TooFew {
        /// What is counted.
        what: &'static str,
        /// The smallest number that will do.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A standard deviation of zero can not divide.
    #[error("the {0} do not vary")]
    NoVariation(&'static str),
    /// Nothing to divide by.
    #[error("there is no {0}")]
    Nothing(&'static str),
    /// A number in the sample is NaN or infinite.
    #[error("number {index} of the sample is not finite")]
    NotFinite {
        /// Its place, from 0.
        index: usize,
    },
    /// The Sharpe ratio does not exceed the one to beat, so that no record is long enough to show it.
    #[error("the Sharpe ratio is not over {benchmark}")]
    NotAbove {
        /// The ratio to beat.
        benchmark: f64,
    },
    /// The result leaves what a 64-bit float can hold.
    #[error("the result is too large to write")]
    TooLarge,
    /// The account lost everything.
    #[error("the account was ruined")]
    Ruined,
}

/// Refuses samples with a NaN or an infinity in them.
fn all_finite(sample: &[f64]) -> Result<(), Undefined> {
    match sample.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(Undefined::NotFinite { index }),
        None => Ok(()),
    }
}

/// Passes a finite result on.
pub(crate) fn finite(result: f64) -> Result<f64, Undefined> {
    if result.is_finite() { Ok(result) } else { Err(Undefined::TooLarge) }
}
