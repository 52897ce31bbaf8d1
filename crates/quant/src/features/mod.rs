//! From indicators to the rows that a network sees.
//!
//! One row per base bar, one column per feature in the order of [`Strategy::features`]. Training and backtesting call
//! the same [`build`], so that both see the same numbers. Rows before every feature has warmed up are dropped, never
//! filled. Row `r` belongs to base bar `first_bar + r` and knows nothing that was not known at that bar's close.
//!
//! | file | what |
//! |---|---|
//! | `align` | higher timeframes, joined on bar close |
//! | `plan` | which indicators and columns a strategy needs, each once |
//! | `matrix` | the rows |
//! | `scaling` | scales of raw inputs, fitted on training rows |
//! | [`volume`] | indicators of volume on bars that have none |
//! | [`proof`] | the leakage proof of a run |

mod align;
mod error;
mod matrix;
mod plan;
pub mod proof;
mod scaling;
pub mod volume;

use ktrdr_domain::{Strategy, Timeframe};
use ndarray::Array2;

use crate::Bars;
use crate::indicator::IndicatorOutput;

pub use align::Join;
pub use error::FeatureError;
pub use matrix::FeatureMatrix;
pub use scaling::{Scale, Scaling, TrainingBars, fit_scaling};

use plan::Plan;

/// The bars of one symbol that a strategy's features are computed on.
#[derive(Debug, Clone, Copy)]
pub struct FeatureBars<'a> {
    /// Bars of the base timeframe: decisions are taken at their closes.
    pub base: &'a Bars,
    /// Bars of the other timeframes the strategy names, in any order.
    pub others: &'a [Bars],
}

impl<'a> FeatureBars<'a> {
    /// The bars of a timeframe, if they are there.
    fn of(&self, timeframe: Timeframe) -> Option<&'a Bars> {
        std::iter::once(self.base).chain(self.others).find(|bars| bars.timeframe == timeframe)
    }
}

/// The index of the first base bar at which every feature of a strategy has warmed up, lags included.
///
/// # Errors
/// When bars of a timeframe are missing, stale or too few.
pub fn warm_up(strategy: &Strategy, bars: &FeatureBars<'_>) -> Result<usize, FeatureError> {
    Plan::new(strategy, bars, strategy.features())?.first_bar()
}

/// Computes every feature of a strategy on the bars of one symbol, for each base bar at which all have warmed up.
///
/// `scaling` must hold the scale of each raw input that is normalised; fuzzy inputs need none.
///
/// # Errors
/// When bars of a timeframe are missing, stale or too few, when an indicator has no finite value at some bar after
/// its warm-up, or when a scale is missing.
pub fn build(
    strategy: &Strategy,
    bars: &FeatureBars<'_>,
    scaling: &Scaling,
) -> Result<FeatureMatrix, FeatureError> {
    build_from(strategy, bars, scaling, 0)
}

/// The rows of [`build`] from base bar `from` on, bit for bit. Indicators read everything before it all the same.
///
/// # Errors
/// As [`build`].
pub fn build_from(
    strategy: &Strategy,
    bars: &FeatureBars<'_>,
    scaling: &Scaling,
    from: usize,
) -> Result<FeatureMatrix, FeatureError> {
    Indicators::compute(strategy, bars)?.rows_from(from, scaling)
}

/// The indicators of a strategy on the bars of one symbol, computed once: rows are laid out from them as often as needed.
pub struct Indicators<'a> {
    plan: Plan<'a>,
    outputs: Vec<IndicatorOutput>,
}

impl<'a> Indicators<'a> {
    /// Computes them on all bars.
    ///
    /// # Errors
    /// When bars of a timeframe are missing, stale or too few.
    pub fn compute(strategy: &'a Strategy, bars: &FeatureBars<'a>) -> Result<Self, FeatureError> {
        let plan = Plan::new(strategy, bars, strategy.features())?;
        plan.first_bar()?;
        let outputs = plan.compute();
        Ok(Self { plan, outputs })
    }

    /// The rows of [`build_from`].
    ///
    /// # Errors
    /// As [`build`].
    pub fn rows_from(&self, from: usize, scaling: &Scaling) -> Result<FeatureMatrix, FeatureError> {
        let rows = self.plan.first_bar()?.max(from.min(self.plan.bar_count()))..self.plan.bar_count();
        let columns = self.plan.columns(&self.outputs, scaling, rows.start)?;
        Ok(matrix::assemble(&self.plan, &columns, rows))
    }

    /// The rows of these base bars alone, bit for bit those of [`build`]; bars at which not every feature has warmed up
    /// are left out. Gives the bars that have a row, and `[bars × features]`.
    ///
    /// # Errors
    /// As [`build`].
    pub fn rows_at(
        &self,
        bars: &[usize],
        scaling: &Scaling,
    ) -> Result<(Vec<usize>, Array2<f32>), FeatureError> {
        let warm = self.plan.first_bar()?..self.plan.bar_count();
        let bars: Vec<usize> = bars.iter().copied().filter(|bar| warm.contains(bar)).collect();
        let mut values = Array2::zeros((bars.len(), self.plan.cells.len()));
        for (cell, column) in self.plan.cells.iter().zip(values.columns_mut()) {
            self.plan
                .cell_at(&self.outputs, cell, &bars, scaling)?
                .into_iter()
                .zip(column)
                .for_each(|(value, slot)| *slot = value);
        }
        Ok((bars, values))
    }

    /// What the indicator beneath a feature said at these base bars, before it was made into a network's input; bars at which it
    /// has not warmed up are left out.
    ///
    /// # Errors
    /// As [`build`].
    pub fn readings(&self, feature: usize, bars: &[usize]) -> Result<Vec<f64>, FeatureError> {
        let warm = self.plan.first_bar()?..self.plan.bar_count();
        let Some(cell) = self.plan.cells.get(feature) else { return Ok(Vec::new()) };
        let bars: Vec<usize> = bars.iter().copied().filter(|bar| warm.contains(bar)).collect();
        self.plan.readings(&self.outputs, cell, &bars)
    }
}
