//! This machine's clock, as files, messages and records have it. A clock before 1970 was never set, and shows the beginning.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ktrdr_domain::Timestamp;

/// How long it is since 1970.
#[must_use]
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Unix milliseconds.
#[must_use]
pub fn unix_ms() -> i64 {
    i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX)
}

/// The second that it is.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp(i64::try_from(since_1970().as_secs()).unwrap_or(i64::MAX))
}
