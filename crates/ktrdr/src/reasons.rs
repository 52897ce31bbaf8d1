//! What stands in the way of work, as people read it: below every list and answer that it concerns.

use ktrdr_app::diagnosis::Reason;

use crate::screen::Screen;

/// A line for what it is, and one for what to run.
pub(crate) fn print(screen: &Screen, reason: &Reason) {
    let at = |word: &str, ms: Option<i64>| ms.map(|ms| format!(" · {word} {}", screen.at_exactly(ms)));
    let since = at("since", reason.since_ms).unwrap_or_default();
    let until = at("until", reason.until_ms).unwrap_or_default();
    screen.line(format!("  {}: {}{since}{until}\n    → {}", reason.why, reason.message, reason.run));
}
