//! When a synthetic market is open.

use ktrdr_domain::{Timeframe, Timestamp};

use crate::data::calendar::{SUNDAY, weekday};
use crate::data::holiday::is_weekend;

const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;

/// The hours of a synthetic market, UTC, without holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// Currencies: Sunday 22:00 to Friday 22:00. Bars of a day or longer: their date is Monday to Friday.
    Currency,
    /// Crypto: always.
    Always,
    /// Shares: 14:00 to 21:00, Monday to Friday. Bars of a day or longer: their date is Monday to Friday.
    Shares,
}

impl Sessions {
    /// Whether at least two whole bars fit into a session, wherever they begin.
    pub(super) fn fit(self, timeframe: Timeframe) -> bool {
        self != Self::Shares || timeframe.is_daily_or_longer() || timeframe.seconds() <= 2 * HOUR_S
    }

    /// The opens of all bars from `start` on, endless. Bars lie on whole multiples of the timeframe, and within a session.
    pub(super) fn opens(self, start: Timestamp, timeframe: Timeframe) -> impl Iterator<Item = i64> {
        let bar_s = timeframe.seconds();
        let first = start.0.div_euclid(bar_s) * bar_s + if start.0 % bar_s == 0 { 0 } else { bar_s };
        (0..).map(move |i| first + i * bar_s).filter(move |open| self.holds(*open, bar_s))
    }

    /// Whether the market is open during the whole of a bar.
    fn holds(self, open: i64, bar_s: i64) -> bool {
        let day = open.div_euclid(DAY_S);
        if self == Self::Always {
            return true;
        }
        if bar_s >= DAY_S {
            return !is_weekend(day);
        }
        let second = open.rem_euclid(DAY_S);
        match self {
            Self::Always => true,
            Self::Currency => {
                // Seconds since Sunday 22:00.
                let days = (weekday(day) - SUNDAY).rem_euclid(7) * DAY_S;
                let into_week = (days + second - 22 * HOUR_S).rem_euclid(7 * DAY_S);
                into_week + bar_s <= 5 * DAY_S
            }
            Self::Shares => !is_weekend(day) && second >= 14 * HOUR_S && second + bar_s <= 21 * HOUR_S,
        }
    }
}
