//! What is wrong with a file of bars, line by line.

use std::fmt;

use ktrdr_domain::{Timeframe, Timestamp};

/// How many faults are kept to be shown; the rest is only counted.
const FAULTS_SHOWN_MAX: usize = 20;
/// How much of a refused text an error repeats.
const TEXT_SHOWN_MAX: usize = 60;

/// A file that was refused: its first faults and how many there are. Nothing of it is used.
#[derive(Debug, Clone, PartialEq)]
pub struct BadBars {
    /// The first faults, at most 20, in the order of the file.
    pub faults: Vec<Fault>,
    /// How many faults there are in all.
    pub count: u64,
}

/// One fault and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Line in the file, counted from 1; `None` where the file as a whole is at fault.
    pub line: Option<u64>,
    /// What is wrong and what to do.
    pub problem: Problem,
}

/// What can be wrong with bars that arrive as text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No bytes.
    #[error(
        "the file is empty; it needs the header `timestamp,open,high,low,close,volume` and one row per bar"
    )]
    Empty,
    /// A header, but no row.
    #[error("no bar follows the header; fetch the file again")]
    NoRows,
    /// More bytes than allowed.
    #[error("{bytes} bytes are more than the limit of {bytes_max}; split the file by time")]
    TooManyBytes {
        /// Size of the file.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// More rows than allowed.
    #[error("more than {rows_max} rows; split the file by time")]
    TooManyRows {
        /// The limit.
        rows_max: usize,
    },
    /// Bytes of another encoding.
    #[error("the file is encoded as UTF-16; save it as UTF-8")]
    Utf16,
    /// The last line has no line end.
    #[error(
        "the last line has no line end, so the file may be cut off; fetch it again, or end the line if it is whole"
    )]
    CutOff,
    /// Bars that lie further apart than the timeframe they are said to have.
    #[error(
        "no two bars are closer than {step_s} s, but {timeframe} bars are expected; name the timeframe they have"
    )]
    WrongTimeframe {
        /// Smallest step between two bars, seconds.
        step_s: i64,
        /// The timeframe asked for.
        timeframe: Timeframe,
    },
    /// A header that lacks columns.
    #[error("header `{found}` has no column {missing}; the columns are timestamp,open,high,low,close,volume")]
    MissingColumns {
        /// The header.
        found: String,
        /// The missing names, separated by commas.
        missing: String,
    },
    /// A header with other columns or another order.
    #[error(
        "header `{found}` is not `timestamp,open,high,low,close,volume`; reorder the columns, or import the file"
    )]
    Header {
        /// The header.
        found: String,
    },
    /// A column named twice.
    #[error("header `{found}` names the column {column} more than once; remove all but one")]
    ColumnTwice {
        /// The header.
        found: String,
        /// The column in our words.
        column: &'static str,
    },
    /// A first line that tells nothing about the columns.
    #[error(
        "`{found}` is neither a known header nor a row of time and prices; put a header line first, such as timestamp,open,high,low,close,volume"
    )]
    UnknownLayout {
        /// The line.
        found: String,
    },
    /// Too few or too many fields.
    #[error("{found} fields instead of {expected}; fix the row or remove it")]
    Fields {
        /// How many the row has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// No time.
    #[error("{text:?} is no time; write 2020-01-31T13:00:00Z")]
    Time {
        /// The field.
        text: String,
    },
    /// A time that could be anywhere on earth.
    #[error(
        "{text:?} has no time zone; write UTC as 2020-01-31T13:00:00Z, or import the file with its offset from UTC"
    )]
    NoZone {
        /// The field.
        text: String,
    },
    /// A date that can be read two ways.
    #[error("{text:?} may start with the day or the month; say which when importing")]
    DateOrder {
        /// The field.
        text: String,
    },
    /// A time before 1800 or after 2199, often milliseconds taken for seconds.
    #[error("time {0} lies outside the years 1800 to 2199; fix the row or remove it")]
    Year(Timestamp),
    /// A time between the ticks on which bars can open.
    #[error(
        "time {time} is not on a whole step of {raster_s} s; write when the bar opens, not when it was recorded"
    )]
    Raster {
        /// The stamp.
        time: Timestamp,
        /// The step on which bars of this timeframe can open, seconds.
        raster_s: i64,
    },
    /// The time of the row before.
    #[error("time {0} is the same as in the row before; remove one of the two")]
    Duplicate(Timestamp),
    /// A time before that of the row before.
    #[error("time {time} is before {previous} in the row before; sort the rows by time")]
    Disorder {
        /// The stamp.
        time: Timestamp,
        /// The stamp of the row before.
        previous: Timestamp,
    },
    /// A bar that opens before the one before has closed.
    #[error(
        "time {time} is only {step_s} s after the row before, less than the {timeframe} of a bar; one of the two is wrong"
    )]
    Overlap {
        /// The stamp.
        time: Timestamp,
        /// Seconds since the row before.
        step_s: i64,
        /// The length of a bar.
        timeframe: Timeframe,
    },
    /// Rows from newest to oldest.
    #[error("the rows run from newest to oldest; ask for sorting when importing")]
    Descending,
    /// No number.
    #[error("{column} {text:?} is no number; fix the row or remove it")]
    Number {
        /// Which column.
        column: &'static str,
        /// The field.
        text: String,
    },
    /// NaN or infinity.
    #[error("{column} is {value}; fix the row or remove it")]
    NotFinite {
        /// Which column.
        column: &'static str,
        /// The value.
        value: f64,
    },
    /// A price that no market has.
    #[error(
        "{column} {value:e} is out of range: prices are from 1e-12 to 1e15; scale the file or remove the row"
    )]
    NoPrice {
        /// Which column.
        column: &'static str,
        /// The value.
        value: f64,
    },
    /// A price of zero or less.
    #[error("{column} {value} is not above 0; fix the row or remove it")]
    NotPositive {
        /// Which column.
        column: &'static str,
        /// The value.
        value: f64,
    },
    /// A volume below 0 that is not −1.
    #[error("volume {0} is below 0; write 0, or -1 for no volume")]
    NegativeVolume(f64),
    /// Upside down.
    #[error("high {high} is below low {low}; fix the row or remove it")]
    HighBelowLow {
        /// The high.
        high: f64,
        /// The low.
        low: f64,
    },
    /// A high that is not the highest.
    #[error("high {high} is below {column} {value}; fix the row or remove it")]
    HighTooLow {
        /// The high.
        high: f64,
        /// Which column is higher.
        column: &'static str,
        /// Its value.
        value: f64,
    },
    /// A low that is not the lowest.
    #[error("low {low} is above {column} {value}; fix the row or remove it")]
    LowTooHigh {
        /// The low.
        low: f64,
        /// Which column is lower.
        column: &'static str,
        /// Its value.
        value: f64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.problem),
            None => self.problem.fmt(f),
        }
    }
}

impl fmt::Display for BadBars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault}", if i == 0 { "" } else { "\n" })?;
        }
        match self.count - self.faults.len() as u64 {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for BadBars {}

impl BadBars {
    /// A refusal of the file as a whole.
    pub(super) fn whole(problem: Problem) -> Self {
        Self { faults: vec![Fault { line: None, problem }], count: 1 }
    }

    /// A refusal because of one line.
    pub(super) fn at(line: u64, problem: Problem) -> Self {
        Self { faults: vec![Fault { line: Some(line), problem }], count: 1 }
    }

    /// No fault yet.
    pub(super) fn none() -> Self {
        Self { faults: Vec::new(), count: 0 }
    }

    /// One more fault.
    pub(super) fn add(&mut self, line: Option<u64>, problem: Problem) {
        self.count += 1;
        if self.faults.len() < FAULTS_SHOWN_MAX {
            self.faults.push(Fault { line, problem });
        }
    }
}

/// The start of a refused text, as far as an error repeats it.
pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(TEXT_SHOWN_MAX * 4)])
        .chars()
        .take(TEXT_SHOWN_MAX)
        .collect()
}
