//! A table as CSV: a header, RFC 3339 times, numbers with every digit they have. No word of ours needs quotes.

use std::fmt::Write;

use super::{Column, Table};

impl Table {
    /// As CSV.
    #[must_use]
    pub fn csv(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let mut csv = names.join(",") + "\n";
        for row in 0..self.rows {
            for (at, (_, column)) in self.columns.iter().enumerate() {
                csv.push_str(if at == 0 { "" } else { "," });
                column.write_cell(row, &mut csv);
            }
            csv.push('\n');
        }
        csv
    }
}

impl Column {
    fn write_cell(&self, row: usize, csv: &mut String) {
        // Writing to text never fails.
        let _ = match self {
            Self::Times(times) => write!(csv, "{}", times[row]),
            Self::Numbers(numbers) => write!(csv, "{}", numbers[row]),
            Self::Counts(counts) => write!(csv, "{}", counts[row]),
            Self::Words(words) => write!(csv, "{}", words[row]),
        };
    }
}
