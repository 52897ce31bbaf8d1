//! Numbers nobody else has.

/// 64 bits from the system's source of randomness.
///
/// # Panics
/// Where the system has none: what is told apart by such numbers could be mixed up.
#[must_use]
pub fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|why| panic!("this system has no random numbers: {why}"))
}
