//! Everything that can be wrong with bars, and what to do about each: the option or command that mends it.

use ktrdr_domain::{Timeframe, Timestamp};

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
    #[error("the file is encoded as UTF-16; turn it into UTF-8 with `iconv -f UTF-16 -t UTF-8 FILE > NEW`")]
    Utf16,
    /// The last line has no line end.
    #[error(
        "the last line has no line end, so the file may be cut off; fetch it again, or end the line if it is whole"
    )]
    CutOff,
    /// Bars that lie further apart than the timeframe they are said to have.
    #[error(
        "these look like {} bars, not {timeframe}: no two are closer{}", length(*step_s), named_timeframe(*step_s)
    )]
    WrongTimeframe {
        /// Smallest step between two bars, seconds.
        step_s: i64,
        /// The timeframe asked for.
        timeframe: Timeframe,
    },
    /// Bars that lie closer together than the timeframe they are said to have.
    #[error("these look like {} bars, not {timeframe}{}", length(*step_s), named_timeframe(*step_s))]
    TooFine {
        /// The step between most of them, seconds.
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
        "header `{found}` is not `timestamp,open,high,low,close,volume`; reorder the columns, or import the file with `ktrdr data import`"
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
    /// Volumes of several assets, and a name that does not tell which is traded.
    #[error(
        "the header has volumes in {assets}, and {instrument} begins with none of them alone; name the column that counts what is traded with `--volume-column`, or the pair with `--symbol`"
    )]
    VolumeOfWhat {
        /// The assets.
        assets: String,
        /// The instrument.
        instrument: String,
    },
    /// A column that was asked for.
    #[error("`{found}` has no column {name:?}; give `--volume-column` a name as it stands in the header")]
    NoSuchColumn {
        /// What was asked for.
        name: String,
        /// The header, or the first row where there is none.
        found: String,
    },
    /// A first line that tells nothing about the columns.
    #[error(
        "`{found}` is neither a known header nor a row of time and prices; put a header line first that names each column, such as `{header}`"
    )]
    UnknownLayout {
        /// The line.
        found: String,
        /// A header of that many columns.
        header: String,
    },
    /// A line that no table of prices has.
    #[error(
        "a line of {bytes} bytes is neither a header nor a row of prices: those have {bytes_max} at most; see that this is a CSV file"
    )]
    LongLine {
        /// Its length.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// An export with the columns of more than one instrument.
    #[error("the file holds several instruments ({names}); write one file for each")]
    SeveralInstruments {
        /// Their names, as far as shown.
        names: String,
    },
    /// Too few or too many fields.
    #[error("{found} fields instead of {expected}; fix the row or remove it")]
    Fields {
        /// How many the row has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A line of text among the rows.
    #[error("`{text}` is text, not a row of prices; remove the line if it is a footer or a second header")]
    Words {
        /// The line.
        text: String,
    },
    /// No time.
    #[error("{text:?} is no time; write 2020-01-31T13:00:00Z")]
    Time {
        /// The field.
        text: String,
    },
    /// A time that could be anywhere on earth.
    #[error(
        "{text:?} has no time zone; write UTC as 2020-01-31T13:00:00Z, or import the file with `--time-zone` or `--utc-offset`"
    )]
    NoZone {
        /// The field.
        text: String,
    },
    /// A zone that is none.
    #[error(
        "{text:?}: {zone:?} is the name of no time zone, or of several; write a name such as America/New_York or an offset such as +02:00, or leave it out and import with `--time-zone`"
    )]
    UnknownZone {
        /// The field.
        text: String,
        /// The zone in it.
        zone: String,
    },
    /// A time that a clock never showed.
    #[error(
        "{wall} never was in {zone}: clocks were set forward over it; name the zone the file has with `--time-zone`, or its hours ahead of UTC with `--utc-offset`"
    )]
    SkippedHour {
        /// What the clock would have shown.
        wall: String,
        /// The zone.
        zone: String,
    },
    /// A time that a clock showed twice, among rows that do not tell which.
    #[error(
        "{wall} was twice in {zone}, and the rows around it are in no order that tells which is which; put them in order of time"
    )]
    RepeatedHour {
        /// What the clock showed.
        wall: String,
        /// The zone.
        zone: String,
    },
    /// Dates that all can be read in several ways.
    #[error(
        "{text:?} is a date in several orders, and so is every date of the file; say which with {}",
        options("--date-order", orders)
    )]
    DateOrder {
        /// The field.
        text: String,
        /// The orders, by their names.
        orders: Vec<&'static str>,
    },
    /// Dates of two forms.
    #[error(
        "{text:?} is not written as {other_text:?} in line {other_line} is; a file has one form of dates: mend the row that is wrong, or import the rows of each form by themselves"
    )]
    MixedDateForms {
        /// The field.
        text: String,
        /// The first date of the file.
        other_text: String,
        /// Where it is.
        other_line: u64,
    },
    /// Prices that all may be whole numbers with groups, or fractions.
    #[error(
        "{text:?} has a comma that may group thousands or stand before a fraction, and no number of the file tells; say which with `--decimal point` (thousands) or `--decimal comma` (fraction)"
    )]
    DecimalSign {
        /// The field.
        text: String,
    },
    /// A date that is none in the order of the file.
    #[error(
        "{text:?} is no date when read {order}; import the file with `--date-order {other}`, or mend the row"
    )]
    AgainstDateOrder {
        /// The field.
        text: String,
        /// The order that was asked for or found.
        order: &'static str,
        /// The other one.
        other: &'static str,
    },
    /// Dates that can not all have the same order.
    #[error(
        "{text:?} is no date when read {order}, and {other_text:?} in line {other_line} is one only then; a file has one order of dates: mend the row that is wrong"
    )]
    MixedDateOrders {
        /// The field.
        text: String,
        /// The order that the other date needs.
        order: String,
        /// The other date.
        other_text: String,
        /// Where it is.
        other_line: u64,
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
    #[error(
        "time {0} is the same as in the row before; remove one of the two, or import with `--time-zone` if the file's clock was set back there"
    )]
    Duplicate(Timestamp),
    /// A time before that of the row before.
    #[error(
        "time {time} is before {previous} in the row before; sort the rows by time, or import with `--sort`"
    )]
    Disorder {
        /// The stamp.
        time: Timestamp,
        /// The stamp of the row before.
        previous: Timestamp,
    },
    /// A bar that opens before the one before has closed.
    #[error(
        "time {time} is only {step_s} s after the row before, less than the {timeframe} of a bar; one of the two is wrong, or the timeframe is{}",
        named_timeframe(*step_s)
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
    #[error("the rows run from newest to oldest; import the file with `--sort`")]
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
    #[error(
        "{column} {value} is not above 0; fix the row or remove it, or import with `--allow-negative-prices` if the market traded there"
    )]
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

/// An option with each of its values, as advice.
fn options(name: &str, values: &[&str]) -> String {
    let each: Vec<String> = values.iter().map(|value| format!("`{name} {value}`")).collect();
    each.join(" or ")
}

/// The timeframe of bars of this length, where there is one.
fn timeframe(step_s: i64) -> Option<Timeframe> {
    let units = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let (unit_s, unit) = units.iter().find(|(unit_s, _)| step_s > 0 && step_s % unit_s == 0)?;
    format!("{}{unit}", step_s / unit_s).parse().ok()
}

/// What bars of this length are called.
fn length(step_s: i64) -> String {
    timeframe(step_s).map_or_else(|| format!("{step_s} s"), |timeframe| timeframe.to_string())
}

/// The option for bars of this length, where a timeframe has it.
fn named_timeframe(step_s: i64) -> String {
    timeframe(step_s).map_or_else(String::new, |timeframe| format!(": `--timeframe {timeframe}`"))
}
