//! What series come from: processes, real bars in another order, planted edges.

use super::calendar::{Session, Step};
use super::edges::Mechanism;
use super::processes::{Kind, Process};
use super::resampled::{How, Resampled};

/// What a series comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Subject {
    Noise(Process),
    Real(Resampled),
    Edge {
        mechanism: Mechanism,
        /// Of the oracle trader, a year, net.
        sharpe: f64,
    },
}

impl Subject {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Noise(process) => process.name,
            Self::Real(resampled) => resampled.name,
            Self::Edge { mechanism, .. } => mechanism.name(),
        }
    }

    pub(super) fn timeframe(&self) -> &'static str {
        match self {
            Self::Noise(process) => process.step.timeframe(),
            Self::Real(resampled) => resampled.timeframe(),
            Self::Edge { .. } => Step::Hour.timeframe(),
        }
    }
}

const HOURLY_FX: (Session, Step) = (Session::Currency, Step::Hour);
const HOURLY_SHARES: (Session, Step) = (Session::Shares, Step::Hour);
const DAILY_SHARES: (Session, Step) = (Session::Shares, Step::Day);

pub(super) const PROCESSES: [Process; 14] = [
    Process::walk("walk", HOURLY_FX, 0.0, 0.10),
    Process::walk("up-8", HOURLY_FX, 0.08, 0.16),
    Process::walk("down-8", HOURLY_FX, -0.08, 0.16),
    Process::walk("up-15", HOURLY_SHARES, 0.15, 0.15),
    Process::walk("down-15", HOURLY_SHARES, -0.15, 0.15),
    Process::walk("up-25", HOURLY_SHARES, 0.25, 0.20),
    Process::walk("down-25", HOURLY_SHARES, -0.25, 0.20),
    Process::walk("daily-up-15", DAILY_SHARES, 0.15, 0.15),
    Process::walk("daily-down-8", DAILY_SHARES, -0.08, 0.16),
    Process::hourly("garch-t", Session::Currency, 0.10, Kind::Garch),
    Process::hourly("daily-clock", Session::Currency, 0.10, Kind::Clock),
    Process::hourly("bid-ask-bounce", Session::Currency, 0.10, Kind::Bounce),
    Process::hourly("jumps", Session::Shares, 0.20, Kind::Jumps),
    Process::hourly("regimes", Session::Currency, 0.10, Kind::Regimes),
];

pub(super) const REAL: [Resampled; 3] = [
    Resampled { name: "eurusd-weeks-drawn", source: "EURUSD_1h", how: How::WeeksDrawn },
    Resampled { name: "eurusd-days-permuted", source: "EURUSD_1h", how: How::DaysPermuted },
    Resampled { name: "aapl-days-permuted", source: "AAPL_1h", how: How::DaysPermuted },
];
