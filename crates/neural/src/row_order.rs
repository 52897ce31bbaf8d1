//! The order in which an epoch goes through the training rows.

use crate::random::{Purpose, Stream};

/// Row numbers, and what shuffles them.
pub(crate) struct RowOrder {
    /// First to last.
    pub(crate) rows: Vec<u32>,
    shuffling: Stream,
}

impl RowOrder {
    pub(crate) fn new(rows: usize, seed: u64) -> Self {
        Self { rows: (0..rows as u32).collect(), shuffling: Stream::new(seed, Purpose::RowOrder) }
    }

    /// To be called before each epoch: its order is that of the epoch before, shuffled further.
    pub(crate) fn shuffle(&mut self) {
        self.shuffling.shuffle(&mut self.rows);
    }
}
