//! The rows that a network sees.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Zip, s};

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
        for (mut slots, cell) in rows.columns_mut().into_iter().zip(&plan.cells) {
            let column = &columns[cell.column];
            let first_bar = bars.start + block * BLOCK_ROWS - cell.lag;
            let read = first_bar..first_bar + slots.len();
            match &plan.series[column.series].join {
                None => slots.assign(&ArrayView1::from(column.of_bars(read))),
                Some(join) => Zip::from(&mut slots)
                    .and(&ArrayView1::from(&join.partner[read]))
                    .for_each(|slot, partner| *slot = column.of_bar(*partner as usize)),
            }
        }
    }
    let names = plan.cells.iter().map(|cell| cell.name.clone()).collect();
    FeatureMatrix { names, values, first_bar: bars.start }
}
