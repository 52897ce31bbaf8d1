//! Limits on how many roots go on at a time: a key that they share, and how many may.
//!
//! The limit is checked and the root created in one step, so that of two who ask for the last place one gets it. A root frees
//! its places by ending, however it ends: there is nothing to give back, and nothing to leak.

use ktrdr_domain::OperationId;

/// At most so many roots of one key are pending or running at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConcurrencyLimit {
    /// What they share, such as an instrument.
    pub key: String,
    /// How many may go on, at least 1.
    pub most: u32,
}

/// What a submit within limits did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// The root exists now, and counts under each of its keys until it ends.
    Created,
    /// Its id was taken.
    Duplicate(OperationId),
    /// As many go on under this key as may; nothing was created.
    Full {
        /// The first key without a place.
        key: String,
        /// Who goes on under it, oldest first.
        holders: Vec<OperationId>,
    },
}
