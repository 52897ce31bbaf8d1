//! Train, validation and test rows in time order, purged by label ends.
//!
//! A label that ends inside the next part has seen it. Such rows are dropped (López de Prado 2018, chapter 7), and an
//! embargo drops those nearest to the boundary as well, since neighbouring bars resemble each other.

use std::ops::Range;

use ktrdr_domain::strategy::DataSplit;

/// The rows of each part, as indices of bars, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Fit the network.
    pub train: Vec<usize>,
    /// Stop it.
    pub validation: Vec<usize>,
    /// Judge it.
    pub test: Vec<usize>,
    /// Rows dropped at the two boundaries.
    pub purged: usize,
}

/// Why rows can not be split.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// Shares below 0, or of more than the whole.
    #[error(
        "data_split is train {train}, validation {validation}, test {test}: each must be 0 or more, their sum at most 1"
    )]
    Shares {
        /// Share of the training rows.
        train: f64,
        /// Share of the validation rows.
        validation: f64,
        /// Share of the test rows.
        test: f64,
    },
    /// Rows and label ends do not belong together.
    #[error("{rows} rows have {ends} label ends: pass the end of each row's label")]
    Unequal {
        /// How many rows.
        rows: usize,
        /// How many label ends.
        ends: usize,
    },
    /// A part that should have rows has none.
    #[error(
        "no {part} rows are left of {rows} after purging {purged}: load more history or shorten the labels"
    )]
    Empty {
        /// Which part.
        part: &'static str,
        /// How many rows.
        rows: usize,
        /// Rows dropped.
        purged: usize,
    },
}

/// Splits consecutive bars of one symbol by `shares`.
///
/// `label_end[i]` is the last bar that the label of bar `rows.start + i` depends on. A training row is kept if its
/// label ends before validation starts and the row lies more than `embargo` bars before that start; validation rows
/// likewise before test.
///
/// # Errors
/// When a share is below 0 or their sum over 1, and when a part with a share comes out empty.
pub fn purged(
    rows: Range<usize>,
    label_end: &[usize],
    shares: &DataSplit,
    embargo: usize,
) -> Result<Split, SplitError> {
    let DataSplit { train, validation, test } = *shares;
    let sum = train + validation + test;
    if ![train, validation, test].iter().all(|s| *s >= 0.0) || sum > 1.0 + 1e-9 {
        return Err(SplitError::Shares { train, validation, test });
    }
    if label_end.len() != rows.len() {
        return Err(SplitError::Unequal { rows: rows.len(), ends: label_end.len() });
    }
    let boundary = |share: f64| rows.start + (share.min(1.0) * rows.len() as f64).round() as usize;
    let (validation_from, test_from, test_to) =
        (boundary(train), boundary(train + validation), boundary(sum));
    let kept = |part: Range<usize>, next: usize| -> Vec<usize> {
        let clear = |bar: &usize| label_end[bar - rows.start] < next && bar.saturating_add(embargo) < next;
        part.filter(clear).collect()
    };
    let mut split = Split {
        train: kept(rows.start..validation_from, validation_from),
        validation: kept(validation_from..test_from, test_from),
        test: (test_from..test_to).collect(),
        purged: 0,
    };
    split.purged = (test_to - rows.start) - split.train.len() - split.validation.len() - split.test.len();
    let parts = [("training", train, split.train.len()), ("validation", validation, split.validation.len())];
    let parts = parts.into_iter().chain([("test", test, split.test.len())]);
    match parts.filter(|(_, share, kept)| *share > 0.0 && *kept == 0).map(|(part, ..)| part).next() {
        Some(part) => Err(SplitError::Empty { part, rows: rows.len(), purged: split.purged }),
        None => Ok(split),
    }
}
