//! How much of a text from outside an error repeats.

/// Enough to know it by, and no more than stands on a line.
const CHARACTERS_MAX: usize = 80;

/// The beginning of a text that could not be understood.
#[must_use]
pub fn excerpt(text: &str) -> String {
    text.chars().take(CHARACTERS_MAX).collect()
}
