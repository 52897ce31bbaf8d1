//! PBO: does picking the best trial of a batch pick a good one? Judges the selection, not a strategy.
//!
//! Combinatorially symmetric cross-validation, Bailey, Borwein, López de Prado & Zhu (2015): the days are cut into
//! an even number of blocks; for every choice of half of them, the trial with the best Sharpe ratio there is ranked
//! among all trials on the other half.

use super::{Undefined, all_finite};

/// More blocks than this are refused: 20 blocks are already 184,756 choices.
pub const BLOCKS_MAX: usize = 20;

/// What cross-validation says of a selection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overfitting {
    /// Choices of half the blocks.
    pub combinations: usize,
    /// PBO: share of choices whose winner is in the lower half, or just in the middle, out of sample.
    pub probability: f64,
    /// Share of choices whose winner loses money out of sample.
    pub probability_of_loss: f64,
    /// Mean of `ln(ω / (1 − ω))`, ω being the winner's relative rank out of sample.
    pub mean_logit: f64,
    /// Slope of the winner's Sharpe ratio out of sample on the one in sample; `None` if the latter never varies.
    pub degradation_slope: Option<f64>,
}

/// Why a batch can not be judged.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum OverfittingError {
    /// Blocks must come in halves.
    #[error("{0} blocks: use an even number from 2 to {BLOCKS_MAX}")]
    Blocks(usize),
    /// There is nothing to choose from.
    #[error("{0} trials: at least 2 are needed to choose from")]
    Trials(usize),
    /// The matrix is not rows of trials.
    #[error("{values} returns are no whole rows of {trials} trials")]
    Shape {
        /// Numbers given.
        values: usize,
        /// Columns.
        trials: usize,
    },
    /// Half the blocks must hold at least two days.
    #[error("{days} days in {blocks} blocks: at least 2 days per block are needed")]
    Days {
        /// Rows.
        days: usize,
        /// Blocks asked for.
        blocks: usize,
    },
    /// A return is NaN or infinite.
    #[error(transparent)]
    Return(#[from] Undefined),
}

/// Judges a batch by `returns`, one row per day and one column per trial, row by row. Days that do not fill the
/// blocks are dropped at the start. A trial whose returns do not vary on a half (it did not trade) scores 0 there.
///
/// # Errors
/// See [`OverfittingError`].
pub fn overfitting(returns: &[f64], trials: usize, blocks: usize) -> Result<Overfitting, OverfittingError> {
    let halves = Blocks::cut(returns, trials, blocks)?;
    let (mut inside, mut outside) = (vec![0.0; trials], vec![0.0; trials]);
    let mut winners = Vec::new();
    let all_blocks = (1_u32 << blocks) - 1;
    for choice in (0..=all_blocks).filter(|c| c.count_ones() as usize * 2 == blocks) {
        halves.sharpe_ratios(choice, &mut inside);
        halves.sharpe_ratios(all_blocks ^ choice, &mut outside);
        winners.push(Winner::of(&inside, &outside));
    }
    Ok(verdict(&winners))
}

/// Sums of returns and of their squares per block and trial: the Sharpe ratio of any union of blocks costs one
/// addition per block.
struct Blocks {
    trials: usize,
    days_per_half: f64,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Blocks {
    fn cut(returns: &[f64], trials: usize, blocks: usize) -> Result<Self, OverfittingError> {
        if !(2..=BLOCKS_MAX).contains(&blocks) || !blocks.is_multiple_of(2) {
            return Err(OverfittingError::Blocks(blocks));
        }
        if trials < 2 {
            return Err(OverfittingError::Trials(trials));
        }
        if !returns.len().is_multiple_of(trials) {
            return Err(OverfittingError::Shape { values: returns.len(), trials });
        }
        all_finite(returns)?;
        let days = returns.len() / trials;
        let days_per_block = days / blocks;
        if days_per_block < 2 {
            return Err(OverfittingError::Days { days, blocks });
        }
        let (mut sums, mut squares) = (vec![0.0; blocks * trials], vec![0.0; blocks * trials]);
        let kept = &returns[(days % blocks) * trials..];
        for (day, row) in kept.chunks_exact(trials).enumerate() {
            let first = day / days_per_block * trials;
            for (trial, r) in row.iter().enumerate() {
                sums[first + trial] += r;
                squares[first + trial] += r * r;
            }
        }
        Ok(Self { trials, days_per_half: (days_per_block * blocks / 2) as f64, sums, squares })
    }

    /// Writes the Sharpe ratio of each trial on the blocks whose bits are set in `choice`.
    fn sharpe_ratios(&self, choice: u32, ratios: &mut [f64]) {
        let mut squares = vec![0.0; self.trials];
        ratios.fill(0.0);
        let blocks = self.sums.chunks_exact(self.trials).zip(self.squares.chunks_exact(self.trials));
        for (_, (sums, block_squares)) in blocks.enumerate().filter(|(block, _)| choice >> block & 1 == 1) {
            ratios.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
            squares.iter_mut().zip(block_squares).for_each(|(total, square)| *total += square);
        }
        let n = self.days_per_half;
        for (ratio, square) in ratios.iter_mut().zip(squares) {
            let sum = *ratio;
            let variance = (square - sum * sum / n) / (n - 1.0);
            *ratio = if variance > 0.0 { sum / n / variance.sqrt() } else { 0.0 };
        }
    }
}

/// How the best trial of one half did on both.
struct Winner {
    inside: f64,
    outside: f64,
    logit: f64,
}

impl Winner {
    fn of(inside: &[f64], outside: &[f64]) -> Self {
        let best = (0..inside.len()).fold(0, |best, j| if inside[j] > inside[best] { j } else { best });
        let won = outside[best];
        let below = outside.iter().filter(|other| **other < won).count() as f64;
        let level = outside.iter().filter(|other| **other == won).count() as f64;
        let rank = below + (level + 1.0) / 2.0;
        let omega = rank / (outside.len() as f64 + 1.0);
        Self { inside: inside[best], outside: won, logit: (omega / (1.0 - omega)).ln() }
    }
}

fn verdict(winners: &[Winner]) -> Overfitting {
    let count = winners.len() as f64;
    let share = |such: fn(&&Winner) -> bool| winners.iter().filter(such).count() as f64 / count;
    let mean = |part: fn(&Winner) -> f64| winners.iter().map(part).sum::<f64>() / count;
    let (x_mean, y_mean) = (mean(|w| w.inside), mean(|w| w.outside));
    let (mut xy, mut xx) = (0.0, 0.0);
    for Winner { inside, outside, .. } in winners {
        xy += (inside - x_mean) * (outside - y_mean);
        xx += (inside - x_mean) * (inside - x_mean);
    }
    Overfitting {
        combinations: winners.len(),
        probability: share(|w| w.logit <= 0.0),
        probability_of_loss: share(|w| w.outside < 0.0),
        mean_logit: mean(|w| w.logit),
        degradation_slope: (xx > 0.0).then(|| xy / xx),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_can_not_be_judged_is_refused_with_the_reason() {
        assert_eq!(overfitting(&[0.0; 60], 3, 3), Err(OverfittingError::Blocks(3)));
        assert_eq!(overfitting(&[0.0; 60], 3, 22), Err(OverfittingError::Blocks(22)));
        assert_eq!(overfitting(&[0.0; 60], 1, 4), Err(OverfittingError::Trials(1)));
        assert_eq!(overfitting(&[0.0; 61], 3, 4), Err(OverfittingError::Shape { values: 61, trials: 3 }));
        assert_eq!(overfitting(&[0.0; 15], 3, 4), Err(OverfittingError::Days { days: 5, blocks: 4 }));
        assert!(overfitting(&[f64::NAN; 60], 3, 4).is_err());
    }

    #[test]
    fn trials_that_never_traded_are_all_the_same_and_choosing_among_them_is_luck() {
        let verdict = overfitting(&[0.0; 60], 3, 4).unwrap();
        assert_eq!((verdict.combinations, verdict.probability, verdict.degradation_slope), (6, 1.0, None));
    }

    #[test]
    fn a_trial_that_earns_in_every_block_is_no_overfitting() {
        let returns: Vec<f64> = (0..400)
            .flat_map(|day| {
                let wiggle = f64::from(day % 7) - 3.0;
                [0.001 * wiggle + 0.01, 0.001 * wiggle, -0.001 * wiggle]
            })
            .collect();
        assert_eq!(overfitting(&returns, 3, 8).unwrap().probability, 0.0);
    }
}
