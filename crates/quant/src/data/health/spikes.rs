//! Moves out of all proportion to those before them: often bad ticks, sometimes history.

use std::collections::VecDeque;

use ktrdr_domain::{Timestamp, number};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Bars;

/// How many moves before a bar its move is measured against.
const WINDOW: usize = 500;
/// With fewer moves than this there is nothing to measure against.
const WINDOW_MIN: usize = 100;
/// A move this many times the median of those before is a spike.
const TIMES_MEDIAN: f64 = 20.0;
/// How many spikes are listed; all are counted.
const LISTED_MAX: usize = 20;

/// Bars whose `|ln(close / close before)|` exceeds 20 × the median of the 500 such moves before. Only the past is
/// used, and steps over a closed market are left out of both sides, except with bars of a day or longer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Spikes {
    /// How many.
    pub count: u64,
    /// The largest, in multiples of the median before, at most 20.
    pub largest: Vec<Spike>,
}

/// One spike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Spike {
    /// When the bar opens.
    pub at: Timestamp,
    /// The move, as the natural logarithm of the ratio of the closes.
    pub log_return: f64,
    /// Its size in multiples of the median before.
    pub times_median: f64,
    /// Whether the next bar took back at least half of it, as a bad tick does.
    pub reverted: bool,
}

impl Spikes {
    pub(super) fn of(bars: &Bars) -> Self {
        let mut spikes = Self::default();
        let mut past = RollingMedian::default();
        let reach_s =
            if bars.timeframe.is_daily_or_longer() { i64::MAX } else { bars.timeframe.seconds() * 3 / 2 };
        for i in 1..bars.len() {
            if bars.time[i] - bars.time[i - 1] > reach_s {
                continue;
            }
            // A ratio of prices tells nothing where one of them is not above zero.
            if bars.close[i] <= 0.0 || bars.close[i - 1] <= 0.0 {
                continue;
            }
            let log_return = (bars.close[i] / bars.close[i - 1]).ln();
            // A median of zero, in a series that hardly ever moves, measures nothing.
            if let Some(median) = past.median().filter(|m| *m > 0.0 && log_return.abs() > TIMES_MEDIAN * m) {
                let taken_back = bars
                    .close
                    .get(i + 1)
                    .filter(|next| **next > 0.0)
                    .map_or(0.0, |next| -(next / bars.close[i]).ln() / log_return);
                spikes.add(Spike {
                    at: Timestamp(bars.time[i]),
                    log_return,
                    times_median: log_return.abs() / median,
                    reverted: taken_back >= 0.5,
                });
            }
            past.push(log_return.abs());
        }
        spikes
    }

    fn add(&mut self, spike: Spike) {
        self.count += 1;
        let place = self.largest.partition_point(|other| other.times_median >= spike.times_median);
        self.largest.insert(place, spike);
        self.largest.truncate(LISTED_MAX);
    }
}

/// The median of the last [`WINDOW`] values: a queue in order of arrival and the same values sorted.
#[derive(Default)]
struct RollingMedian {
    arrived: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl RollingMedian {
    fn push(&mut self, value: f64) {
        if self.arrived.len() == WINDOW
            && let Some(oldest) = self.arrived.pop_front()
        {
            let place = self.sorted.partition_point(|v| v.total_cmp(&oldest).is_lt());
            self.sorted.remove(place);
        }
        self.arrived.push_back(value);
        let place = self.sorted.partition_point(|v| v.total_cmp(&value).is_lt());
        self.sorted.insert(place, value);
    }

    fn median(&self) -> Option<f64> {
        number::median(&self.sorted).filter(|_| self.sorted.len() >= WINDOW_MIN)
    }
}
