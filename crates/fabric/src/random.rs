//! Numbers nobody else has.

use std::hash::{BuildHasher, RandomState};

/// From the standard library's random keys: each call hashes under another one. To tell things apart, not to keep
/// secrets.
#[must_use]
pub fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
