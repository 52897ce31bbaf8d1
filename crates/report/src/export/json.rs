//! A table as JSON: each row by itself, its cells by the names of their columns.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Column, Table};

/// One row of a table.
#[derive(Debug)]
pub struct Row<'a> {
    table: &'a Table,
    at: usize,
}

impl Table {
    /// Its rows, in their order.
    #[must_use]
    pub fn json(&self) -> Vec<Row<'_>> {
        (0..self.rows).map(|at| Row { table: self, at }).collect()
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = &self.table.columns;
        let mut cells = serializer.serialize_map(Some(columns.len()))?;
        for (name, column) in columns {
            match column {
                Column::Times(times) => cells.serialize_entry(name, &times[self.at])?,
                Column::Numbers(numbers) => cells.serialize_entry(name, &numbers[self.at])?,
                Column::Counts(counts) => cells.serialize_entry(name, &counts[self.at])?,
                Column::Words(words) => cells.serialize_entry(name, words[self.at])?,
            }
        }
        cells.end()
    }
}
