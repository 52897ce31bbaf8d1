//! Real bars in another order: what they look like stays, what one could learn from their order goes.
//!
//! A piece (a trading day or a trading week) is kept as it is, each of its prices as a multiple of the close before it; pieces
//! change places only with those whose bars open at the same hours (of the week), so that every bar keeps its own stamp.

use std::collections::BTreeMap;
use std::path::Path;

use super::calendar;
use super::dice::Dice;
use super::series::Series;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Resampled {
    pub(super) name: &'static str,
    /// `EURUSD_1h`: the bars are in `EURUSD_1h.csv` of the folder of real bars.
    pub(super) source: &'static str,
    pub(super) how: How,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum How {
    /// Each week is drawn from all weeks of its shape, again and again: a block bootstrap.
    WeeksDrawn,
    /// Each day stands once, at a place of its shape: a permutation.
    DaysPermuted,
}

impl Resampled {
    pub(super) fn timeframe(&self) -> &'static str {
        if self.source.ends_with("_1d") { "1d" } else { "1h" }
    }

    pub(super) fn series(&self, folder: &Path, seed: u64) -> Series {
        let file = folder.join(format!("{}.csv", self.source));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.how.apply(&Series::read(&text), seed)
    }
}

impl How {
    fn apply(self, real: &Series, seed: u64) -> Series {
        let piece_of = |time: i64| match self {
            Self::DaysPermuted => calendar::trading_day(time),
            // Weeks begin on Monday, and Sunday evening belongs to it.
            Self::WeeksDrawn => (calendar::trading_day(time) + 3).div_euclid(7),
        };
        let bars: Vec<usize> = (1..real.len()).collect();
        let pieces: Vec<&[usize]> =
            bars.chunk_by(|a, b| piece_of(real.time[*a]) == piece_of(real.time[*b])).collect();
        let mut dice = Dice::new(seed);
        let sources = self.sources(real, &pieces, &mut dice);
        let mut series = Series::default();
        let mut price = real.close[0];
        for (places, source) in pieces.iter().zip(sources) {
            for (place, bar) in places.iter().zip(pieces[source]) {
                let times = |prices: &[f64]| price * prices[*bar] / real.close[bar - 1];
                let prices = [times(&real.open), times(&real.high), times(&real.low), times(&real.close)];
                series.push(real.time[*place], prices);
                price = prices[3];
            }
        }
        series
    }

    /// Which piece goes to each place.
    fn sources(self, real: &Series, pieces: &[&[usize]], dice: &mut Dice) -> Vec<usize> {
        let mut by_shape: BTreeMap<Vec<i64>, Vec<usize>> = BTreeMap::new();
        for (number, piece) in pieces.iter().enumerate() {
            let hours = |bar: &usize| match self {
                Self::DaysPermuted => calendar::hour(real.time[*bar]),
                Self::WeeksDrawn => calendar::weekday(real.time[*bar]) * 24 + calendar::hour(real.time[*bar]),
            };
            by_shape.entry(piece.iter().map(hours).collect()).or_default().push(number);
        }
        let mut sources = vec![0; pieces.len()];
        for places in by_shape.values() {
            let mut drawn = places.clone();
            match self {
                Self::DaysPermuted => dice.shuffle(&mut drawn),
                Self::WeeksDrawn => drawn.iter_mut().for_each(|d| *d = places[dice.below(places.len())]),
            }
            places.iter().zip(drawn).for_each(|(place, source)| sources[*place] = source);
        }
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::calendar::{Session, Step};
    use crate::evidence::processes::Process;

    fn original() -> Series {
        Process::walk("test", (Session::Currency, Step::Hour), 0.1, 0.2).series(2.0, 8)
    }

    #[test]
    fn permuted_days_are_the_same_days_in_another_order() {
        let original = original();
        let permuted = How::DaysPermuted.apply(&original, 1);
        assert_eq!(permuted.time, original.time[1..]);
        let (mut before, mut after) = (original.log_returns(), permuted.log_returns());
        let total = |returns: &[f64]| returns.iter().sum::<f64>();
        assert!(
            (total(&before) - (permuted.close[permuted.len() - 1] / original.close[0]).ln()).abs() < 1e-4
        );
        assert_ne!(before[1..], after[..]);
        before.sort_by(f64::total_cmp);
        after.sort_by(f64::total_cmp);
        let spread = |returns: &[f64]| returns[returns.len() - 1] - returns[0];
        assert!((spread(&before) - spread(&after)).abs() < 1e-6);
    }

    #[test]
    fn drawn_weeks_differ_by_seed_and_keep_their_stamps() {
        let original = original();
        let drawn = |seed| How::WeeksDrawn.apply(&original, seed);
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1).close, drawn(2).close);
        assert_eq!(drawn(1).time, original.time[1..]);
    }
}
