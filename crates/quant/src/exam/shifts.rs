//! The same positions, whole weeks earlier or later.
//!
//! A shift by whole weeks keeps the hour of the day and the day of the week at which positions are held, so that a market
//! whose volatility has a clock does not make every other shift look worse. It keeps how long and how often positions are
//! held, and how they cluster; what it destroys is which week they belong to.

use ktrdr_domain::Timeframe;

use super::Exam;
use crate::simulate::Target;

const WEEK_S: i64 = 7 * 86_400;

/// Most shifts. A window of 19 years has fewer weeks.
pub const SHIFTS_MAX: usize = 1_000;

/// Fewer shifts than this can not tell one run in twenty from chance with any certainty: the other null decides alone.
pub const SHIFTS_MIN: usize = 100;

/// Every circular shift of an exam's targets by whole weeks, in order; of more than [`SHIFTS_MAX`] an even choice.
#[derive(Debug, Clone)]
pub struct Shifts<'a> {
    time: &'a [i64],
    targets: &'a [Target],
    weeks: i64,
    next: usize,
    count: usize,
}

impl<'a> Shifts<'a> {
    /// Those of an exam.
    #[must_use]
    pub fn new(exam: &Exam<'a>) -> Self {
        let time = exam.bars.time.get(exam.range.clone()).unwrap_or_default();
        let weeks = weeks(time, exam.bars.timeframe);
        Self { time, targets: exam.targets, weeks, next: 0, count: count(time, exam.bars.timeframe) }
    }

    /// The targets, `weeks` later; what leaves at the end comes in at the start. The circle is whole weeks long; in the
    /// part of the last week that has no bars, and wherever a bar has none at its time in another week, the
    /// target last decided stands.
    fn later(&self, weeks: i64) -> Vec<Target> {
        let (start, circle) = (self.time[0], self.weeks * WEEK_S);
        let mut source = 0;
        let mut before = i64::MIN;
        let at = |&time: &i64| {
            let wanted = (time - start - weeks * WEEK_S).rem_euclid(circle) + start;
            if wanted < before {
                source = 0;
            }
            before = wanted;
            while self.time.get(source + 1).is_some_and(|next| *next <= wanted) {
                source += 1;
            }
            self.targets[source]
        };
        self.time.iter().map(at).collect()
    }
}

/// How many shifts there are of bars that open at these times.
#[must_use]
pub fn count(time: &[i64], timeframe: Timeframe) -> usize {
    usize::try_from(weeks(time, timeframe) - 1).unwrap_or(0).min(SHIFTS_MAX)
}

/// Weeks that the bars reach into, from the first one's open.
fn weeks(time: &[i64], timeframe: Timeframe) -> i64 {
    let length_s = match (time.first(), time.last()) {
        (Some(first), Some(last)) => last - first + timeframe.seconds(),
        _ => 0,
    };
    length_s.div_euclid(WEEK_S) + i64::from(length_s.rem_euclid(WEEK_S) > 0)
}

impl Iterator for Shifts<'_> {
    type Item = Vec<Target>;

    fn next(&mut self) -> Option<Vec<Target>> {
        if self.next == self.count {
            return None;
        }
        self.next += 1;
        // With as many shifts as weeks this is every one of them.
        let weeks = self.next as i64 * (self.weeks - 1) / self.count as i64;
        Some(self.later(weeks))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Shifts<'_> {}
