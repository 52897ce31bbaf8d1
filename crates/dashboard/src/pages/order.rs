//! The order of rows on a page, as its address says it: `sort=took`, or `sort=-took` with the greatest first. What a page shows is
//! decided before: sorting all there is would go through all there is.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::rows::Row;

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Status,
    Type,
    About,
    Since,
    Took,
}

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) column: Column,
    pub(crate) is_down: bool,
}

impl Column {
    pub(crate) const ALL: [Self; 5] = [Self::Status, Self::Type, Self::About, Self::Since, Self::Took];

    fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Type => "type",
            Self::About => "about",
            Self::Since => "since",
            Self::Took => "took",
        }
    }
}

impl Order {
    /// Rows that are alike stay as they were: the latest first.
    pub(crate) fn sort(self, rows: &mut [Row]) {
        rows.sort_by(|a, b| if self.is_down { self.compare(b, a) } else { self.compare(a, b) });
    }

    fn compare(self, a: &Row, b: &Row) -> Ordering {
        match self.column {
            Column::Status => a.word().cmp(b.word()),
            Column::Type => a.kind().cmp(&b.kind()),
            Column::About => a.subject().cmp(&b.subject()),
            Column::Since => a.since_ms().cmp(&b.since_ms()),
            Column::Took => a.took_ms().cmp(&b.took_ms()),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_down { "-" } else { "" }, self.column)
    }
}

impl FromStr for Order {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix('-').unwrap_or(text);
        let column = Column::ALL.into_iter().find(|column| column.as_str() == name).ok_or_else(|| {
            let names = Column::ALL.map(Column::as_str).join(", ");
            format!("sort is one of {names}, with a - before it for the greatest first")
        })?;
        Ok(Self { column, is_down: name.len() < text.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_it_is_written() {
        for text in ["took", "-since", "about"] {
            assert_eq!(text.parse::<Order>().unwrap().to_string(), text);
        }
        for bad in ["", "-", "--took", "Took", "id"] {
            assert!(bad.parse::<Order>().unwrap_err().contains("status, type"), "{bad}");
        }
    }
}
