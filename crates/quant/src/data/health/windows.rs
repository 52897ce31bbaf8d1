//! Whether bars reach the windows of their instrument, which stay where its first bars put them.

use std::cmp::Reverse;

use ktrdr_domain::{Finding, Severity, WindowKind, Windows};

use super::{FindingCode, HealthReport};
use crate::Bars;

/// Fewest bars of a window that anything can be said about.
pub const WINDOW_BARS_MIN: usize = 50;

/// What to do about both.
const FIX: &str = "windows stay where the instrument's first bars put them: import bars that reach all three, or these under another name";

impl HealthReport {
    /// The same with what is to be said of the windows that these bars are cut into.
    #[must_use]
    pub fn beside(mut self, windows: &Windows, bars: &Bars) -> Self {
        let all = [WindowKind::Dev, WindowKind::Gate, WindowKind::Vault];
        self.findings.extend(all.into_iter().filter_map(|kind| short(kind, windows, bars)));
        self.findings.sort_by_key(|finding| Reverse(finding.severity));
        self
    }
}

fn short(kind: WindowKind, windows: &Windows, bars: &Bars) -> Option<Finding<FindingCode>> {
    let span = windows.span(kind);
    let (severity, code, what) = match bars.window(&span).len() {
        0 => (Severity::Error, FindingCode::WindowEmpty, "has no bar".to_owned()),
        bars @ 1..WINDOW_BARS_MIN => {
            let what = format!("has {bars} of the {WINDOW_BARS_MIN} bars that a backtest needs");
            (Severity::Warning, FindingCode::WindowShort, what)
        }
        _ => return None,
    };
    Some(Finding::new(severity, code, format!("the {kind} window, {}, {what}", reach(kind, windows)), FIX))
}

/// Where a window is; one without a bar has no end of its own.
fn reach(kind: WindowKind, windows: &Windows) -> String {
    match kind {
        WindowKind::Dev => format!("up to {}", windows.dev.end),
        WindowKind::Gate => windows.gate.to_string(),
        WindowKind::Vault => format!("from {}", windows.vault.start),
    }
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::{Span, Timestamp};

    use super::super::check;
    use super::*;

    fn hours(count: i64) -> Bars {
        let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), 0);
        for hour in 0..count {
            bars.time.push(hour * 3_600);
            let close = 1.0 + hour as f64;
            for prices in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
                prices.push(close);
            }
            bars.volume.push(1.0);
        }
        bars
    }

    #[test]
    fn windows_that_bars_do_not_reach_are_named() {
        let span = |from: i64, to: i64| Span { start: Timestamp(from * 3_600), end: Timestamp(to * 3_600) };
        let found = |count: i64| {
            let windows = Windows { dev: span(0, 60), gate: span(60, 120), vault: span(120, count.max(120)) };
            let bars = hours(count);
            let of_windows = [FindingCode::WindowEmpty, FindingCode::WindowShort];
            let findings = check(&bars).beside(&windows, &bars).findings.into_iter();
            findings.filter(|f| of_windows.contains(&f.code)).map(|f| f.message).collect::<Vec<_>>()
        };
        assert_eq!(found(180), Vec::<String>::new());
        let [vault] = <[String; 1]>::try_from(found(130)).unwrap();
        assert!(
            vault.starts_with("the vault window, from ") && vault.contains("has 10 of the 50 bars"),
            "{vault}"
        );
        let cut_off = found(60);
        assert_eq!(cut_off.len(), 2, "{cut_off:?}");
        assert!(cut_off.iter().all(|message| message.ends_with("has no bar")), "{cut_off:?}");
    }
}
