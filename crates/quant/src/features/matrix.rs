//! The rows that a network sees.

use super::plan::{ColumnValues, Plan};

/// Features of consecutive base bars, one row per bar.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMatrix {
    /// Feature names, one per column, in the order that a model stores.
    pub names: Vec<String>,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Row-major values, `rows × columns`, all finite.
    pub values: Vec<f32>,
    /// Index of the base bar that row 0 belongs to.
    pub first_bar: usize,
}

impl FeatureMatrix {
    /// One row; empty beyond the last.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        self.values.chunks_exact(self.columns.max(1)).nth(row).unwrap_or_default()
    }

    /// The row of a base bar, if the bar has one.
    #[must_use]
    pub fn row_of_bar(&self, bar: usize) -> Option<&[f32]> {
        let row = bar.checked_sub(self.first_bar)?;
        (row < self.rows).then(|| self.row(row))
    }
}

/// Rows written together: few enough that their values stay in the nearest cache while column after column is put in.
const BLOCK_ROWS: usize = 256;

/// Lays columns side by side, shifted by their lags, from base bar `first_bar` on.
pub(super) fn assemble(plan: &Plan<'_>, columns: &[ColumnValues], first_bar: usize) -> FeatureMatrix {
    let (width, rows) = (plan.cells.len(), plan.bar_count() - first_bar);
    let mut values = vec![0.0; rows * width];
    for (block, chunk) in values.chunks_mut(BLOCK_ROWS * width).enumerate() {
        for (at, cell) in plan.cells.iter().enumerate() {
            let column = &columns[cell.column];
            let slots = chunk[at..].iter_mut().step_by(width);
            let bar = first_bar + block * BLOCK_ROWS - cell.lag;
            match &plan.series[column.series].join {
                None => slots.zip(&column.values[bar..]).for_each(|(slot, x)| *slot = *x),
                Some(join) => slots
                    .zip(&join.partner[bar..])
                    .for_each(|(slot, partner)| *slot = column.values[*partner as usize]),
            }
        }
    }
    let names = plan.cells.iter().map(|cell| cell.name.clone()).collect();
    FeatureMatrix { names, rows, columns: width, values, first_bar }
}
