//! The rows that a network sees.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};

use super::plan::{ColumnValues, Plan};

/// Features of consecutive base bars, one row per bar.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMatrix {
    /// Feature names, one per column, in the order that a model stores.
    pub names: Vec<String>,
    /// `[bars × features]`, row after row in memory, all finite.
    pub values: Array2<f32>,
    /// Index of the base bar that row 0 belongs to.
    pub first_bar: usize,
}

impl FeatureMatrix {
    /// The base bars that have a row.
    #[must_use]
    pub fn bars(&self) -> Range<usize> {
        self.first_bar..self.first_bar + self.values.nrows()
    }

    /// The row of a base bar, if the bar has one.
    #[must_use]
    pub fn row_of_bar(&self, bar: usize) -> Option<ArrayView1<'_, f32>> {
        self.bars().contains(&bar).then(|| self.values.row(bar - self.first_bar))
    }

    /// The rows of consecutive base bars, if each of them has one.
    #[must_use]
    pub fn rows_of_bars(&self, bars: Range<usize>) -> Option<ArrayView2<'_, f32>> {
        let rows = bars.start.checked_sub(self.first_bar)?..bars.end.checked_sub(self.first_bar)?;
        (rows.start <= rows.end && rows.end <= self.values.nrows()).then(|| self.values.slice(s![rows, ..]))
    }
}

/// Rows written together: few enough that their values stay in the nearest cache while column after column is put in.
const BLOCK_ROWS: usize = 256;

/// Lays columns side by side, shifted by their lags, for these base bars.
pub(super) fn assemble(plan: &Plan<'_>, columns: &[ColumnValues], bars: Range<usize>) -> FeatureMatrix {
    let mut values = Array2::zeros((bars.len(), plan.cells.len()));
    for (block, mut rows) in values.axis_chunks_iter_mut(Axis(0), BLOCK_ROWS).enumerate() {
        let (height, width) = rows.dim();
        let rows = rows.as_slice_mut().unwrap_or_default(); // of a matrix just made, so contiguous
        for (at, cell) in plan.cells.iter().enumerate() {
            let column = &columns[cell.column];
            let first_bar = bars.start + block * BLOCK_ROWS - cell.lag;
            let read = first_bar..first_bar + height;
            let slots = rows[at..].iter_mut().step_by(width);
            match &plan.series[column.series].join {
                None => slots.zip(column.of_bars(read)).for_each(|(slot, value)| *slot = *value),
                Some(join) => slots
                    .zip(&join.partner[read])
                    .for_each(|(slot, partner)| *slot = column.of_bar(*partner as usize)),
            }
        }
    }
    let names = plan.cells.iter().map(|cell| cell.name.clone()).collect();
    FeatureMatrix { names, values, first_bar: bars.start }
}
