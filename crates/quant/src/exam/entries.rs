//! The same holding times and sides, entered at random bars.
//!
//! An entry is drawn from the bars of the same hour of the day and the same fifth of volatility as the original one, so
//! that a strategy that only knows *when it is lively* does not stand out. What is destroyed is the direction's
//! and the entry's connection with what comes next.

use std::ops::Range;

use super::Exam;
use crate::simulate::Target;
use crate::{Bars, SeededRng};

/// Bars over which volatility is measured, the bar of the decision included.
const VOLATILITY_BARS: usize = 20;

/// Classes of volatility, equally many bars in each.
const VOLATILITY_CLASSES: usize = 5;

const HOURS: usize = 24;

/// Tries to find room for a position before it is cut to what room there is.
const TRIES_MAX: usize = 32;

/// A position of the original: a run of equal targets that are not 0.
#[derive(Debug, Clone, Copy)]
struct Episode {
    side: Target,
    bars: usize,
    stratum: usize,
}

/// An endless series of draws; none where nothing is held. The same seed gives the same draws.
#[derive(Debug, Clone)]
pub struct Entries {
    bars: usize,
    /// The longest first: they need the most room.
    episodes: Vec<Episode>,
    /// Bars of the exam by stratum.
    strata: Vec<Vec<usize>>,
    rng: SeededRng,
}

impl Entries {
    /// Those of an exam.
    #[must_use]
    pub fn new(exam: &Exam<'_>, seed: u64) -> Self {
        let stratum_of = strata_of(exam.bars, exam.range.clone());
        let mut strata = vec![Vec::new(); HOURS * VOLATILITY_CLASSES];
        stratum_of.iter().enumerate().for_each(|(bar, &stratum)| strata[stratum].push(bar));
        let mut episodes = episodes(exam.targets, &stratum_of);
        episodes.sort_by_key(|episode| std::cmp::Reverse(episode.bars));
        Self { bars: exam.targets.len(), episodes, strata, rng: SeededRng::new(seed) }
    }

    /// A random bar of a stratum. The remainder favours the first ones by less than one part in 10¹².
    fn pick(&mut self, stratum: usize) -> usize {
        let bars = &self.strata[stratum];
        bars[(self.rng.bits() % bars.len() as u64) as usize]
    }

    /// Puts an episode where there is room for it; where none is found, as much of it as fits best. What would go on beyond
    /// the last bar goes on at the first, as in a shift.
    fn place(&mut self, episode: Episode, drawn: &mut [Target]) {
        let (mut start, mut room) = (0, 0);
        for _ in 0..TRIES_MAX {
            let tried = self.pick(episode.stratum);
            let free =
                around(tried, drawn.len()).take(episode.bars).take_while(|bar| drawn[*bar] == 0).count();
            if free > room {
                (start, room) = (tried, free);
            }
            if free == episode.bars {
                break;
            }
        }
        around(start, drawn.len()).take(room).for_each(|bar| drawn[bar] = episode.side);
    }
}

impl Iterator for Entries {
    type Item = Vec<Target>;

    fn next(&mut self) -> Option<Vec<Target>> {
        if self.episodes.is_empty() {
            return None;
        }
        let mut drawn = vec![0; self.bars];
        for at in 0..self.episodes.len() {
            self.place(self.episodes[at], &mut drawn);
        }
        Some(drawn)
    }
}

/// Every bar once, from `start` on and around the end.
fn around(start: usize, bars: usize) -> impl Iterator<Item = usize> {
    (start..bars).chain(0..start)
}

fn episodes(targets: &[Target], stratum_of: &[usize]) -> Vec<Episode> {
    let mut found = Vec::new();
    let mut start = 0;
    for run in targets.chunk_by(|a, b| a == b) {
        if run[0] != 0 {
            found.push(Episode { side: run[0], bars: run.len(), stratum: stratum_of[start] });
        }
        start += run.len();
    }
    found
}

/// For each bar of the range its stratum: hour of its open (UTC) and fifth of volatility.
fn strata_of(bars: &Bars, range: Range<usize>) -> Vec<usize> {
    let volatility: Vec<f64> = range.clone().map(|bar| volatility_at(bars, bar)).collect();
    let mut order: Vec<usize> = (0..volatility.len()).collect();
    order.sort_by(|&i, &j| volatility[i].total_cmp(&volatility[j]));
    let mut class = vec![0; order.len()];
    for (rank, &bar) in order.iter().enumerate() {
        class[bar] = rank * VOLATILITY_CLASSES / order.len();
    }
    let hour = |time: i64| (time.rem_euclid(86_400) / 3_600) as usize;
    let times = bars.time[range].iter();
    times.zip(class).map(|(&time, class)| hour(time) * VOLATILITY_CLASSES + class).collect()
}

/// Mean absolute return of the last bars, as known at the close of `bar`.
fn volatility_at(bars: &Bars, bar: usize) -> f64 {
    let first = bar.saturating_sub(VOLATILITY_BARS);
    let closes = &bars.close[first..=bar];
    let moves = closes.windows(2).map(|pair| (pair[1] / pair[0] - 1.0).abs());
    moves.sum::<f64>() / closes.len() as f64
}
