//! Which readings have said anything so far: the rank correlation of each with what came after, on the training
//! rows alone. A screen is where to look first, never evidence: the network, its test rows and the gate judge.

use ktrdr_domain::Timeframe;

use super::block::{self, Block, Hours};
use super::candidate::Reading;
use super::search_space::{Family, HOUR, IndicatorChoice, SEARCH_SPACE};
use crate::AgentError;
use crate::market::{Market, TypicalMove};

/// Periods tried for each choice of the search space.
const PERIODS: usize = 4;

/// Rows looked at: enough for a correlation of 0.03 to stand out, few enough to rank in milliseconds.
const ROWS_MAX: usize = 6_000;

/// A reading may take one part in so many of the training rows to warm up.
const WARM_UP_SHARE: usize = 8;

/// What a reading without a direction counts for at least: as much as a faint trace.
const REGIME_STRENGTH: f64 = 1.0;

/// Parts of equal size into which a reading without a direction cuts the rows, to see where another one speaks.
const SLICES: usize = 6;

/// Rows looked at are so far apart that they meet every hour of the day and every day of the week alike: by a number of
/// bars that has no divisor in common with this one, five days of hours.
const CYCLE_BARS: usize = 120;

/// Stretches of a horizon from which a small network learns without trouble.
const INDEPENDENT_ENOUGH: f64 = 1_000.0;

/// A reading with what it said about each horizon.
#[derive(Debug, Clone)]
pub(crate) struct Screened {
    pub(crate) choice: &'static IndicatorChoice,
    pub(crate) period: f64,
    pub(crate) timeframe: Timeframe,
    /// The hours in which it speaks, where it can be heard in them alone.
    pub(crate) block: Option<Block>,
    /// Rank correlation with the return over each horizon of the screen.
    correlations: Vec<f64>,
    /// On each row looked at, from −1 to 1.
    ranks: Vec<f64>,
}

/// Every reading of the search space on every timeframe, against every horizon.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) moves: Vec<TypicalMove>,
    pub(crate) readings: Vec<Screened>,
    /// Ranks of the return over each horizon, on each row looked at.
    outcomes: Vec<Vec<f64>>,
    rows: usize,
}

impl Screen {
    /// Screens the search space.
    ///
    /// # Errors
    /// When `stop` says so, and when no reading varies.
    pub(crate) fn of(market: &Market<'_>, stop: &dyn Fn() -> bool) -> Result<Self, AgentError> {
        let moves = market.horizons();
        let stride = stride(market.train_rows);
        let outcomes: Vec<Vec<f64>> =
            moves.iter().map(|m| ranks(&strided(&market.train_returns(m.horizon), stride))).collect();
        let after = market.train_returns(1);
        let mut readings = Vec::new();
        for timeframe in market.timeframes() {
            for choice in SEARCH_SPACE.iter().filter(|i| market.has_volume() || !i.needs_volume()) {
                if stop() {
                    return Err(AgentError::Stopped);
                }
                let hour = hours_of_day(market, choice, timeframe);
                let columns = choice.ladder(PERIODS).filter_map(|period| {
                    let column =
                        market.column(choice.words, &choice.spec(period), choice.output, timeframe).ok()?;
                    let first = column.iter().position(|x| x.is_finite())?;
                    if first > market.train_rows / WARM_UP_SHARE {
                        return None;
                    }
                    let seen = ranks(&strided(&column[..market.train_rows], stride));
                    let block = choice
                        .neutral
                        .zip(hour.as_ref())
                        .and_then(|(neutral, hour)| block::clearest(&column, neutral, &after, hour));
                    // A constant column has one rank, and nothing to say.
                    seen.iter().any(|r| *r != 0.0).then_some((period, seen, block))
                });
                readings.extend(columns.map(|(period, seen, block)| Screened {
                    choice,
                    period,
                    timeframe,
                    block,
                    correlations: outcomes.iter().map(|after| correlation(&seen, after)).collect(),
                    ranks: seen,
                }));
            }
        }
        if readings.is_empty() || moves.is_empty() {
            return Err(AgentError::NothingToRead(market.base().timeframe));
        }
        Ok(Self { moves, readings, outcomes, rows: market.train_rows / stride })
    }

    /// The rank correlation of a reading with the return over the horizon at `horizon_index`.
    pub(crate) fn correlation(&self, reading: &Screened, horizon_index: usize) -> f64 {
        reading.correlations.get(horizon_index).copied().unwrap_or(0.0)
    }

    /// One standard error of a correlation when there is none: overlapping returns count once.
    pub(crate) fn standard_error(&self, horizon_index: usize) -> f64 {
        let independent = self.moves.get(horizon_index).map_or(1, |m| m.independent.min(self.rows));
        1.0 / (independent.max(2) as f64).sqrt()
    }

    /// How clearly a reading speaks, in standard errors, all day or in its block of hours.
    pub(crate) fn strength(&self, reading: &Screened, horizon_index: usize) -> f64 {
        if matches!(reading.choice.family, Family::Regime | Family::Clock) {
            return REGIME_STRENGTH;
        }
        let in_block = reading.block.map_or(0.0, |block| block.strength);
        self.strength_all_day(reading, horizon_index).max(in_block)
    }

    fn strength_all_day(&self, reading: &Screened, horizon_index: usize) -> f64 {
        self.correlation(reading, horizon_index).abs() / self.standard_error(horizon_index)
    }

    /// The block of a reading that speaks more clearly there than all day.
    pub(crate) fn block(&self, reading: &Screened, horizon_index: usize) -> Option<Block> {
        reading.block.filter(|block| block.strength > self.strength_all_day(reading, horizon_index))
    }

    /// The correlation of what a candidate reads with the return over a horizon, at the hours when it is heard.
    pub(crate) fn correlation_heard(&self, reading: &Reading, horizon_index: usize) -> f64 {
        let Some(screened) = self.nearest(reading) else { return 0.0 };
        match (screened.block, self.moves.get(horizon_index)) {
            (Some(block), Some(typical)) if Hours::of(&reading.spec).is_some() => {
                block.correlation_over(typical.horizon)
            }
            _ => self.correlation(screened, horizon_index),
        }
    }

    /// How clearly a reading tells when another one speaks, in standard errors: the square root of Cochran's `Q`, beyond
    /// its mean, of the other's correlations with the return in each part of the rows that this one tells apart.
    pub(crate) fn modulation(&self, when: &Screened, what: &Screened, horizon_index: usize) -> f64 {
        let Some(after) = self.outcomes.get(horizon_index) else { return 0.0 };
        let mut slices = [Products::default(); SLICES];
        for ((when, what), after) in when.ranks.iter().zip(&what.ranks).zip(after) {
            let slice = ((when + 1.0) / 2.0 * SLICES as f64) as usize;
            slices[slice.min(SLICES - 1)].add(*what, *after);
        }
        let independent = self.standard_error(horizon_index).powi(-2) / self.rows.max(1) as f64;
        let told: Vec<(f64, f64)> = slices
            .iter()
            .filter_map(|slice| Some((slice.correlation()?, slice.rows as f64 * independent)))
            .collect();
        heterogeneity(&told)
    }

    /// How promising a horizon is: the clearest reading's strength, cut down when what it foretells on a clear
    /// signal, `|correlation| × deviation`, would not pay for two round trips, and when a network has few stretches
    /// of that length to learn from. What speaks in a block of hours is held through it, and speaks of no longer.
    pub(crate) fn merit(&self, horizon_index: usize, round_trip_cost: f64) -> f64 {
        let Some(typical) = self.moves.get(horizon_index) else { return 0.0 };
        let learnable = (typical.independent as f64 / INDEPENDENT_ENOUGH).sqrt().min(1.0);
        let pays = |foretold: f64| (foretold / (2.0 * round_trip_cost).max(f64::MIN_POSITIVE)).min(1.0);
        let of_a_bar = typical.deviation / f64::from(typical.horizon.max(1)).sqrt();
        let merit = |r: &Screened| match self.block(r, horizon_index) {
            Some(block) => block.strength * block.covers(typical.horizon) * pays(block.foretold(of_a_bar)),
            None => {
                let foretold = self.correlation(r, horizon_index).abs() * typical.deviation;
                self.strength(r, horizon_index) * pays(foretold)
            }
        };
        learnable * self.readings.iter().map(merit).fold(0.0, f64::max)
    }

    /// The screened reading of the same output whose period is nearest.
    pub(crate) fn nearest(&self, reading: &Reading) -> Option<&Screened> {
        let apart = |s: &&Screened| (s.period / reading.period()).ln().abs();
        let same = |s: &&Screened| s.choice == reading.choice && s.timeframe == reading.timeframe;
        self.readings.iter().filter(same).min_by(|a, b| apart(a).total_cmp(&apart(b)))
    }

    /// The period near a reading's at which its kind speaks most clearly: the top of the parabola through what it and its
    /// neighbours on the ladder say, at most as far away as they are; its own at the ladder's ends.
    pub(crate) fn clearest_period(&self, reading: &Screened, horizon_index: usize) -> f64 {
        let same = |s: &&Screened| s.choice == reading.choice && s.timeframe == reading.timeframe;
        let kind: Vec<&Screened> = self.readings.iter().filter(same).collect();
        let place = kind.iter().position(|s| s.period.total_cmp(&reading.period).is_eq());
        let around = place.and_then(|i| Some((kind.get(i.checked_sub(1)?)?, kind.get(i + 1)?)));
        let Some((shorter, longer)) = around else { return reading.period };
        let sign = self.correlation(reading, horizon_index).signum();
        let [before, here, after] =
            [*shorter, reading, *longer].map(|s| sign * self.correlation(s, horizon_index));
        let steps = top_of_parabola(before, here, after);
        let step = (longer.period / shorter.period).sqrt();
        reading.period * step.powf(steps)
    }

    /// The horizon_index of the horizon nearest to `horizon`.
    pub(crate) fn index_of(&self, horizon: u32) -> usize {
        let apart = |m: &TypicalMove| (f64::from(m.horizon) / f64::from(horizon.max(1))).ln().abs();
        (0..self.moves.len())
            .min_by(|a, b| apart(&self.moves[*a]).total_cmp(&apart(&self.moves[*b])))
            .unwrap_or(0)
    }
}

/// The hour of the trading day at each of the traded bars, where a choice can be heard in some of them alone: of a day that ends
/// where the choice's does.
fn hours_of_day(market: &Market<'_>, choice: &IndicatorChoice, timeframe: Timeframe) -> Option<Vec<f64>> {
    let spec = choice.spec(choice.range.0);
    let may = choice.has_direction() && timeframe == market.base().timeframe && Hours::apply_to(&spec);
    may.then(|| market.column(HOUR.words, &spec, HOUR.output, timeframe).ok()).flatten()
}

/// Where the parabola through three points a step apart is highest, in steps from the one in the middle and at most one away; 0 where
/// it has no top.
fn top_of_parabola(before: f64, here: f64, after: f64) -> f64 {
    let curvature = before - 2.0 * here + after;
    if curvature < 0.0 { (0.5 * (before - after) / curvature).clamp(-1.0, 1.0) } else { 0.0 }
}

/// The smallest step that looks at no more than [`ROWS_MAX`] rows and has no divisor in common with [`CYCLE_BARS`].
fn stride(rows: usize) -> usize {
    let least = rows.div_ceil(ROWS_MAX).max(1);
    (least..).find(|step| greatest_common_divisor(*step, CYCLE_BARS) == 1).unwrap_or(least)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn strided(values: &[f64], stride: usize) -> Vec<f64> {
    values.iter().copied().step_by(stride).collect()
}

/// Ranks spread over −1 to 1, equal values sharing the middle of theirs; what is not a number ranks in the middle.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).filter(|i| values[*i].is_finite()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let last = order.len().saturating_sub(1).max(1) as f64;
    let mut start = 0;
    for ties in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let middle = start as f64 + (ties.len() - 1) as f64 / 2.0;
        let rank = if ties.len() == order.len() { 0.0 } else { 2.0 * middle / last - 1.0 };
        ties.iter().for_each(|i| ranks[*i] = rank);
        start += ties.len();
    }
    ranks
}

/// Correlation of two columns whose middle is 0, over the rows that both have.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mut products = Products::default();
    a.iter().zip(b).for_each(|(a, b)| products.add(*a, *b));
    products.correlation().unwrap_or(0.0)
}

/// Sums of products of two columns whose middle is 0.
#[derive(Debug, Clone, Copy, Default)]
struct Products {
    both: f64,
    of_a: f64,
    of_b: f64,
    rows: usize,
}

impl Products {
    fn add(&mut self, a: f64, b: f64) {
        self.both += a * b;
        self.of_a += a * a;
        self.of_b += b * b;
        self.rows += 1;
    }

    /// `None` when one of the columns is constant.
    fn correlation(&self) -> Option<f64> {
        (self.of_a > 0.0 && self.of_b > 0.0).then(|| self.both / (self.of_a * self.of_b).sqrt())
    }
}

/// By how many deviations correlations of parts, each with the number of its independent rows, differ more than chance
/// makes them differ: `√(Q − degrees of freedom)`, Cochran's (1954) `Q = Σ wr² − (Σ wr)² / Σ w`; 0 when they do not.
fn heterogeneity(parts: &[(f64, f64)]) -> f64 {
    let sum = |term: &dyn Fn(f64, f64) -> f64| parts.iter().map(|(r, weight)| term(*r, *weight)).sum::<f64>();
    let weights = sum(&|_, weight| weight);
    if weights <= 0.0 {
        return 0.0;
    }
    let q = sum(&|r, weight| weight * r * r) - sum(&|r, weight| weight * r).powi(2) / weights;
    (q - parts.len().saturating_sub(1) as f64).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ranks_are_even_and_ties_share_theirs() {
        assert_eq!(ranks(&[30.0, 10.0, f64::NAN, 20.0]), [1.0, -1.0, 0.0, 0.0]);
        assert_eq!(ranks(&[1.0, 1.0, 2.0, 3.0, 4.0]), [-0.75, -0.75, 0.0, 0.5, 1.0]);
        assert_eq!(ranks(&[5.0, 5.0]), [0.0, 0.0]);
        assert!(ranks(&[]).is_empty());
    }

    #[test]
    fn parts_that_agree_differ_by_nothing_and_one_that_speaks_alone_stands_out() {
        assert_eq!(heterogeneity(&[(0.1, 500.0), (0.1, 500.0)]), 0.0);
        // Q = 500 × 0.2² × (1 − 1/2) for two parts, one of them silent, and one degree of freedom.
        assert!((heterogeneity(&[(0.2, 500.0), (0.0, 500.0)]) - 3.0).abs() < 1e-12);
        assert_eq!(heterogeneity(&[]), 0.0);
    }

    #[test]
    fn a_parabola_is_highest_between_its_two_highest_points() {
        assert_eq!(top_of_parabola(1.0, 2.0, 1.0), 0.0);
        assert_eq!(top_of_parabola(1.0, 2.0, 2.0), 0.5);
        assert_eq!(top_of_parabola(2.0, 2.0, 1.0), -0.5);
        assert_eq!((top_of_parabola(1.0, 2.0, 2.9), top_of_parabola(1.0, 1.0, 1.0)), (1.0, 0.0));
    }

    #[test]
    fn rows_looked_at_meet_every_hour() {
        for rows in [1, 6_000, 6_001, 31_000, 200_000] {
            let step = stride(rows);
            let met: BTreeSet<usize> = (0..CYCLE_BARS).map(|i| i * step % CYCLE_BARS).collect();
            assert!(rows.div_ceil(step) <= ROWS_MAX && met.len() == CYCLE_BARS, "{rows}");
        }
    }

    #[test]
    fn correlation_knows_direction_and_constants() {
        let up = ranks(&[1.0, 2.0, 3.0, 4.0]);
        let down = ranks(&[4.0, 3.0, 2.0, 1.0]);
        assert!((correlation(&up, &down) + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&up, &ranks(&[7.0; 4])), 0.0);
    }
}
