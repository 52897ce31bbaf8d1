//! Numbers that are configured or asked for, and what they may be.

/// A number that can not be meant.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field} is {value:?}: it must be {rule}")]
pub struct OutOfRange {
    /// Which number.
    pub field: &'static str,
    /// What it was.
    pub value: f64,
    /// What it may be.
    pub rule: &'static str,
}

/// Refuses a number outside these bounds, themselves allowed, and what is none; `rule` says them in words.
///
/// # Errors
/// Names it, with its value and what it may be.
pub fn within(
    field: &'static str,
    value: f64,
    (low, high): (f64, f64),
    rule: &'static str,
) -> Result<(), OutOfRange> {
    // Every comparison with NaN is false.
    if value >= low && value <= high { Ok(()) } else { Err(OutOfRange { field, value, rule }) }
}
