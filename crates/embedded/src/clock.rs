//! The engine's clock, so that tests can own time.

use std::time::{Duration, Instant};

use ktrdr_fabric::clock::unix_ms;

/// One reading of the clock, in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall time: what people read in a row. It may jump when someone sets the clock.
    pub wall_ms: i64,
    /// Steady time: wall time when the engine was opened, and from then on as much as really passed. Leases,
    /// due times and ages count in it, so that a jump of the wall clock or a night's sleep ends no lease.
    pub steady_ms: i64,
}

impl Now {
    /// Steady time `after` from now; saturates.
    pub(super) fn plus(self, after: Duration) -> i64 {
        self.steady_ms.saturating_add(whole_ms(after))
    }

    /// Wall time `after` from now; saturates.
    pub(super) fn wall_plus(self, after: Duration) -> i64 {
        self.wall_ms.saturating_add(whole_ms(after))
    }

    /// Steady time `ago` before now; saturates.
    pub(super) fn minus(self, ago: Duration) -> i64 {
        self.steady_ms.saturating_sub(whole_ms(ago))
    }
}

/// Where the engine gets its time from.
pub trait Clock: Send + Sync {
    /// Reads the clock.
    fn now(&self) -> Now;
}

/// The computer's clocks.
#[derive(Debug)]
pub struct SystemClock {
    opened: Instant,
    opened_wall_ms: i64,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { opened: Instant::now(), opened_wall_ms: unix_ms() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let steady_ms = self.opened_wall_ms.saturating_add(whole_ms(self.opened.elapsed()));
        Now { wall_ms: unix_ms(), steady_ms }
    }
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
