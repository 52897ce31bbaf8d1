//! How much comes to a queue and goes from it, by the store's counters at two moments. Whoever shows rates looks now and then, and
//! remembers its looks here.

use std::collections::VecDeque;

use crate::queues::QueueStatus;

/// For how long looks are remembered.
const KEPT_MS: i64 = 5 * 60_000;

/// Looks that are closer together count as one.
const APART_MS: i64 = 1_000;

/// Over how long rates are told.
const RATE_MS: i64 = 60_000;

/// One look at one queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// What waits and runs.
    pub open: u64,
    /// What has ended, ever.
    pub ended: u64,
}

impl Look {
    /// A look at a queue.
    #[must_use]
    pub fn at(queue: &QueueStatus, at_ms: i64) -> Self {
        Self { at_ms, open: queue.pending + queue.running, ended: queue.ended }
    }
}

/// Jobs per minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Submitted.
    pub comes: f64,
    /// Ended.
    pub goes: f64,
}

/// The looks at one queue, the latest last: those of the last five minutes.
#[derive(Debug, Clone, Default)]
pub struct Flow(VecDeque<Look>);

impl Flow {
    /// Remembers a look.
    pub fn saw(&mut self, look: Look) {
        let looks = &mut self.0;
        // The first of a second stays, and what was seen last is always there.
        if looks.len() > 1 && look.at_ms - looks[looks.len() - 2].at_ms < APART_MS {
            looks.pop_back();
        }
        looks.push_back(look);
        while looks.front().is_some_and(|first| look.at_ms - first.at_ms > KEPT_MS) {
            looks.pop_front();
        }
    }

    /// How much was open at each look.
    pub fn open(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.0.iter().map(|look| look.open)
    }

    /// What came and went in the last minute; `None` before there was one look to compare with another.
    #[must_use]
    pub fn rates(&self) -> Option<Rates> {
        let last = self.0.back()?;
        let first = self.0.iter().find(|look| last.at_ms - look.at_ms <= RATE_MS)?;
        let minutes = (last.at_ms - first.at_ms) as f64 / 60_000.0;
        // What is pruned is no longer counted among what has ended.
        let goes = last.ended.saturating_sub(first.ended) as f64;
        let comes = (last.open as f64 - first.open as f64 + goes).max(0.0);
        (minutes > 0.0).then(|| Rates { comes: comes / minutes, goes: goes / minutes })
    }
}

/// A rate in as many digits as are worth reading.
#[must_use]
pub fn per_minute(rate: f64) -> String {
    match rate {
        0.0 => "0".into(),
        ..10.0 => format!("{rate:.1}"),
        _ => format!("{rate:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(looks: &[(i64, u64, u64)]) -> Flow {
        let mut flow = Flow::default();
        looks.iter().for_each(|&(at_ms, open, ended)| flow.saw(Look { at_ms, open, ended }));
        flow
    }

    #[test]
    fn rates_are_those_of_the_last_minute() {
        let looks = [(0, 0, 0), (40_000, 10, 5), (100_000, 4, 17)];
        assert_eq!(flow(&looks).rates(), Some(Rates { comes: 6.0, goes: 12.0 }));
        assert_eq!(flow(&looks[..1]).rates(), None);
        let pruned = flow(&[(0, 3, 100), (60_000, 3, 10)]);
        assert_eq!(pruned.rates(), Some(Rates { comes: 0.0, goes: 0.0 }), "some were pruned");
    }

    #[test]
    fn whoever_looks_often_remembers_no_more_than_one_look_a_second_and_five_minutes() {
        let often: Vec<(i64, u64, u64)> = (0..10_000).map(|n| (n * 100, 1, n as u64)).collect();
        let flow = flow(&often);
        assert!(flow.open().len() <= 340, "{}", flow.open().len());
        let goes = flow.rates().unwrap().goes;
        assert!((goes - 600.0).abs() < 1.0, "{goes}");
    }
}
