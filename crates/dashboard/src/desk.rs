//! What is kept between requests.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::flow::Flow;
use crate::kept::Kept;
use crate::time::Instant;

/// For how long after the last visit queues are still looked at.
const VISITED_FOR_MS: i64 = 10 * 60 * 1_000;

/// What pages share. Nothing of it matters: a process that starts anew begins with an empty one.
#[derive(Default)]
pub(crate) struct Desk {
    /// Pages of this instant.
    pub(crate) kept: Kept,
    /// How queues went lately.
    pub(crate) flow: Flow,
    visited_ms: AtomicI64,
}

impl Desk {
    pub(crate) fn visited(&self) {
        self.visited_ms.store(Instant::now().0, Ordering::Relaxed);
    }

    /// Whether anybody looks.
    pub(crate) fn is_visited(&self) -> bool {
        Instant::now().0 - self.visited_ms.load(Ordering::Relaxed) < VISITED_FOR_MS
    }
}
