//! Times and stretches of time as people say them. Whose clock shows `now` is the caller's business: the store's, for rows.

use ktrdr_app::clock;
use ktrdr_domain::Timestamp;

/// Milliseconds of larger stretches.
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(pub(crate) i64);

impl Instant {
    /// This machine's clock.
    pub(crate) fn now() -> Self {
        Self(clock::unix_ms())
    }

    /// `2026-11-29T18:40:02Z`
    pub(crate) fn iso(self) -> String {
        Timestamp(self.0.div_euclid(SECOND)).to_string()
    }

    /// `2026-11-29 18:40:02 UTC`
    pub(crate) fn utc(self) -> String {
        self.iso().replace('T', " ").replace('Z', " UTC")
    }

    /// `4 min ago`, `in 2 h`
    pub(crate) fn seen_from(self, now_ms: i64) -> String {
        let ago = now_ms.saturating_sub(self.0);
        match ago {
            -999..SECOND => "now".into(),
            SECOND.. => format!("{} ago", lasting(ago)),
            _ => format!("in {}", lasting(-ago)),
        }
    }
}

/// `480 ms`, `12 s`, `4 min`, `3 h 20 min`, `6 d`
pub(crate) fn lasting(ms: i64) -> String {
    match ms {
        ..SECOND => format!("{} ms", ms.max(0)),
        SECOND..MINUTE => format!("{} s", ms / SECOND),
        MINUTE..HOUR => format!("{} min", ms / MINUTE),
        HOUR..DAY => two(ms, HOUR, "h", MINUTE, "min"),
        _ => two(ms, DAY, "d", HOUR, "h"),
    }
}

fn two(ms: i64, large: i64, of_large: &str, small: i64, of_small: &str) -> String {
    match (ms / large, ms % large / small) {
        (n, 0) => format!("{n} {of_large}"),
        (n, _) if n >= 10 => format!("{n} {of_large}"),
        (n, rest) => format!("{n} {of_large} {rest} {of_small}"),
    }
}

/// Exactly, for what was measured: `10.6 s`.
pub(crate) fn took(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1e3),
        _ => lasting(i64::try_from(ms).unwrap_or(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let seen = |ago: i64| Instant(0).seen_from(ago);
        assert_eq!(seen(0), "now");
        assert_eq!(seen(12_400), "12 s ago");
        assert_eq!(seen(-3 * HOUR - 20 * MINUTE), "in 3 h 20 min");
        assert_eq!(seen(6 * DAY), "6 d ago");
        assert_eq!(seen(12 * DAY + 5 * HOUR), "12 d ago");
        assert_eq!(Instant(1_764_440_402_500).utc(), "2025-11-29 18:20:02 UTC");
        assert_eq!(took(10_640), "10.6 s");
    }
}
