//! The server's errors in our words: what it said, and what to do.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::epochs::RESTORE_FIRST;
use ktrdr_fabric::store::StoreError;

/// What a server says of itself when it was emptied; the scripts say it.
const EMPTIED: &str = "EMPTIED";

/// Whether the same call may succeed soon, or may have succeeded already.
pub(super) fn is_transient(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, MasterDown, TryAgain};
    error.is_io_error()
        || matches!(error.kind(), ErrorKind::Server(BusyLoading | TryAgain | MasterDown))
        || error.code() == Some("BUSY")
}

/// Whether the connection is worth nothing any more. One that does not answer in time is.
pub(super) fn is_broken(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}

/// What to tell the caller.
pub(super) fn failure(place: &str, error: RedisError) -> StoreError {
    let said = words(&error);
    let told = |next: &str| format!("Redis at {place}: {said}{next}");
    match error.code() {
        // A script that fails has met something in the keys that should not be there.
        Some("WRONGTYPE") => StoreError::Corrupt(Cause::meaning(told(""), error)),
        Some("ERR") if said.contains("script") => StoreError::Corrupt(Cause::meaning(told(""), error)),
        Some(EMPTIED) => StoreError::Replaced(Cause::meaning(told(advice(&error)), error)),
        Some("OOM") => StoreError::Full(Cause::meaning(told(advice(&error)), error)),
        _ => StoreError::Unavailable(Cause::meaning(told(advice(&error)), error)),
    }
}

/// What the server or the system said. Neither repeats a password.
pub(super) fn words(error: &RedisError) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    }
}

fn advice(error: &RedisError) -> &'static str {
    if matches!(error.kind(), ErrorKind::AuthenticationFailed) {
        return "; correct user and password in KTRDR_REDIS_URL";
    }
    match error.code() {
        Some(EMPTIED) => RESTORE_FIRST,
        Some("NOAUTH" | "WRONGPASS") => "; correct user and password in KTRDR_REDIS_URL",
        Some("NOPERM") => "; this user lacks rights: load the fleet's ACL file on the server",
        Some("OOM") => {
            "; raise maxmemory there (`redis-cli CONFIG SET maxmemory …`, and in its redis.conf): what waits goes on by \
             itself, and nothing was lost"
        }
        Some("MISCONF") => "; it can not write to its disk: free some space there",
        Some("READONLY") => "; it is a replica: name the primary in KTRDR_REDIS_URL",
        _ if error.is_connection_refusal() => "; is it running, and is KTRDR_REDIS_URL right?",
        _ => "",
    }
}
