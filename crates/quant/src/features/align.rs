//! Higher timeframes, joined on bar close.
//!
//! A bar stamped 00:00 with a length of 4 hours is known at 04:00. A base bar may use it only if it closed at or
//! before the base bar's own close; until the next one closes, the last one is carried forward.

use ktrdr_domain::Timestamp;

use super::FeatureError;
use crate::Bars;

/// For each base bar, the index of the last bar of `other` that had closed when the base bar closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// Base bars that closed before any bar of `other` did; they have no partner.
    pub(super) unmatched: usize,
    /// The partner of each base bar; 0 where there is none.
    pub(super) partner: Vec<u32>,
}

/// How many times over the usual number of base bars may pass without a new bar before that is called a hole. Merged
/// Sunday bars and days cut short stay below it.
const HOLE_FACTOR: usize = 3;

impl Join {
    /// Joins the bars of one symbol.
    ///
    /// # Errors
    /// [`FeatureError::Stale`] when `other` has a hole or ends early: its last value would be carried on for ever.
    pub fn new(base: &Bars, other: &Bars) -> Result<Self, FeatureError> {
        let (base_s, other_s) = (base.timeframe.seconds(), other.timeframe.seconds());
        let patience = HOLE_FACTOR * (other_s / base_s.max(1)).max(1) as usize;
        let mut closed = 0;
        let mut since = 0;
        let mut unmatched = 0;
        let mut partner = Vec::with_capacity(base.len());
        for (i, open) in base.time.iter().enumerate() {
            let now = open.saturating_add(base_s);
            while other.time.get(closed).is_some_and(|t| t.saturating_add(other_s) <= now) {
                closed += 1;
                since = i;
            }
            if closed == 0 {
                unmatched += 1;
            } else if i - since > patience {
                return Err(FeatureError::Stale {
                    symbol: other.symbol.clone(),
                    timeframe: other.timeframe,
                    from: Timestamp(other.time[closed - 1].saturating_add(other_s)),
                    until: Timestamp(now),
                    bars: i - since,
                });
            }
            partner.push(u32::try_from(closed.saturating_sub(1)).unwrap_or(u32::MAX));
        }
        Ok(Self { unmatched, partner })
    }

    /// The value of each base bar's partner, given one for each bar of `other`; NaN where there is no partner.
    #[must_use]
    pub fn carry(&self, values: &[f64]) -> Vec<f64> {
        let of = |(bar, partner): (usize, &u32)| match values.get(*partner as usize) {
            Some(value) if bar >= self.unmatched => *value,
            _ => f64::NAN,
        };
        self.partner.iter().enumerate().map(of).collect()
    }

    /// The first base bar whose partner is at index `at` or later; the number of base bars if there is none.
    pub(super) fn first_at(&self, at: usize) -> usize {
        self.unmatched + self.partner[self.unmatched..].partition_point(|p| (*p as usize) < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(timeframe: &str, opens_h: &[i64]) -> Bars {
        let mut bars = Bars::with_capacity("TEST".parse().unwrap(), timeframe.parse().unwrap(), 0);
        bars.time = opens_h.iter().map(|h| h * 3_600).collect();
        bars
    }

    #[test]
    fn a_four_hour_bar_is_known_from_the_hour_that_closes_with_it() {
        let join = Join::new(&bars("1h", &[0, 1, 2, 3, 4, 5, 6, 7, 8]), &bars("4h", &[0, 4])).unwrap();
        // 00:00–04:00 closes together with the hour stamped 03:00, 04:00–08:00 with the one stamped 07:00.
        assert_eq!(join, Join { unmatched: 3, partner: vec![0, 0, 0, 0, 0, 0, 0, 1, 1] });
        assert_eq!([join.first_at(0), join.first_at(1), join.first_at(2)], [3, 7, 9]);
        let carried = join.carry(&[1.5, 2.5]);
        assert!(carried[..3].iter().all(|x| x.is_nan()));
        assert_eq!(carried[3..], [1.5, 1.5, 1.5, 1.5, 2.5, 2.5]);
    }

    #[test]
    fn the_last_closed_bar_is_carried_over_a_weekend() {
        let join = Join::new(&bars("1h", &[22, 23, 70, 71, 72]), &bars("1d", &[0, 48])).unwrap();
        assert_eq!(join, Join { unmatched: 1, partner: vec![0, 0, 0, 1, 1] });
    }

    #[test]
    fn a_series_that_ends_early_is_refused() {
        let hours: Vec<i64> = (0..200).collect();
        let refused = Join::new(&bars("1h", &hours), &bars("1d", &[0, 24])).unwrap_err();
        assert!(
            refused.to_string().contains("TEST 1d has a hole: no bar closes between 1970-01-03T00"),
            "{refused}"
        );
    }
}
