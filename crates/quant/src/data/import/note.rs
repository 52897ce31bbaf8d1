//! What an import decided for its user.

use std::fmt;

use super::FileClock;

/// Something about an imported file that is no fault, but should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// No header: the columns were recognised by position.
    NoHeader,
    /// Three lines of names stand above the rows, as a data frame of this instrument writes them.
    DataFrame(String),
    /// Lines above the names of the columns were left aside.
    TitleSkipped {
        /// How many.
        lines: usize,
        /// The first of them.
        title: String,
    },
    /// An adjusted close was left aside.
    AdjustedCloseIgnored,
    /// Columns that were left aside.
    ColumnsIgnored(Vec<String>),
    /// There is no volume; it is 0 everywhere.
    NoVolume,
    /// Rows whose volume is empty; it is 0 there.
    VolumeMissing(u64),
    /// The volume counts this asset.
    VolumeOf(String),
    /// Volume counts ticks, not traded units.
    TickVolume,
    /// The order of day and month, found in the date of this line.
    DateOrderFound {
        /// The word of `--date-order` for it.
        order: &'static str,
        /// The first line whose date has no other order.
        line: u64,
    },
    /// Commas were read as decimal signs.
    DecimalCommas,
    /// Commas were read as decimal signs by the habit of files with semicolons: no number tells.
    DecimalCommasAssumed,
    /// The clock at which times without a zone were read.
    ClockApplied(FileClock),
    /// The zone that the header names for its times.
    ClockOfHeader(String),
    /// Bars in an hour that the clock showed twice.
    RepeatedHours {
        /// How many there are.
        bars: u64,
        /// How many of them have no second one to tell summer time from winter time.
        alone: u64,
    },
    /// Midnights in a zone of their own were taken as trading days.
    DatesAreTradingDays,
    /// Highs and lows that rounding had put inside their bar.
    RoundingMended(u64),
    /// First bars of a session that open late within their bar.
    LateOpens(u64),
    /// Empty lines that were skipped.
    EmptyLines(u64),
    /// The rows were sorted by time.
    Sorted,
    /// Bars with a price of zero or below.
    NegativePrices(u64),
    /// The last line has no line end: the file may be cut off.
    NoLastLineEnd,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => f.write_str("no header: columns taken as time, open, high, low, close, volume"),
            Self::DataFrame(instrument) => {
                write!(f, "three header lines, as a data frame of {instrument} writes them")
            }
            Self::TitleSkipped { lines, title } => {
                write!(f, "lines above the header skipped: {lines}, from {title:?} on")
            }
            Self::AdjustedCloseIgnored => {
                f.write_str("the adjusted close is ignored: splits and dividends show as price moves")
            }
            Self::ColumnsIgnored(names) => write!(f, "columns ignored: {}", names.join(", ")),
            Self::NoVolume => f.write_str("no volume column: volume is 0"),
            Self::VolumeMissing(rows) => write!(f, "no volume in {rows} rows: it is 0 there"),
            Self::VolumeOf(asset) => write!(f, "volume is that of {asset}"),
            Self::TickVolume => f.write_str("volume counts ticks, not traded units"),
            Self::DateOrderFound { order, line } => write!(f, "dates read {order}, as line {line} must be"),
            Self::DecimalCommas => f.write_str("commas in numbers read as decimal signs"),
            Self::DecimalCommasAssumed => f.write_str(
                "commas in numbers read as decimal signs, as files with semicolons have them, though no number tells; if they group thousands, import again with `--decimal point`",
            ),
            Self::ClockApplied(FileClock::Ahead(0)) => f.write_str(
                "times without a zone taken as UTC; if they are not, import again with `--time-zone` or `--utc-offset`",
            ),
            Self::ClockApplied(FileClock::Ahead(s)) => {
                write!(f, "times without a zone taken as {s} s ahead of UTC")
            }
            Self::ClockApplied(FileClock::Zone(zone)) => write!(f, "times without a zone taken as {zone}"),
            Self::ClockOfHeader(zone) => write!(f, "times taken as {zone}, as the header says"),
            Self::RepeatedHours { bars, alone } => write!(
                f,
                "{bars} bars in hours that the clock showed twice: the first is summer time, the second winter time; {alone} of them are alone and taken as summer time"
            ),
            Self::DatesAreTradingDays => f.write_str("midnights kept as dates of trading days"),
            Self::RoundingMended(rows) => write!(
                f,
                "{rows} rows whose high or low rounding had put inside their open and close: widened to hold them"
            ),
            Self::LateOpens(bars) => write!(
                f,
                "{bars} first bars of sessions open late within their bar: stamped where that bar begins"
            ),
            Self::EmptyLines(count) => write!(f, "{count} empty lines skipped"),
            Self::Sorted => f.write_str("rows sorted by time"),
            Self::NegativePrices(bars) => write!(
                f,
                "{bars} bars with a price of zero or below, as allowed: what divides by the price can not use them"
            ),
            Self::NoLastLineEnd => f.write_str("the last line has no line end: see that the file is whole"),
        }
    }
}
