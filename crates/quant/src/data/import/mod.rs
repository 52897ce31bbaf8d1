//! Bars as other programs write them: MetaTrader, Dukascopy, HistData, Yahoo, Alpha Vantage, exchange dumps.
//!
//! What is recognised is said in notes; what could be read two ways is refused until an option says which.

mod layout;
mod moment;

use std::fmt;

use fast_float2::parse;
use ktrdr_domain::{Symbol, Timeframe};
use serde::Serialize;

use self::layout::{Layout, TimeColumns, unquoted};
pub use self::moment::DateOrder;
use self::moment::{Clock, Moment};
use super::csv::ReadOptions;
use super::fault::{BadBars, Problem, shown};
use super::intake::{COLUMNS, Intake, Row, SYNTHETIC_MARK};
use super::lines::{Lines, is_whole};
use crate::Bars;

/// What the file itself may not say.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions {
    /// Seconds the file's clock is ahead of UTC, for times without a zone. Times with a zone keep theirs.
    pub utc_offset_s: Option<i32>,
    /// Whether 01/02/2020 is in January or February.
    pub date_order: Option<DateOrder>,
    /// Whether rows may be put in order of time. Duplicates are refused either way.
    pub sort: bool,
    /// Limits on size.
    pub limits: ReadOptions,
}

/// Bars and what was done to get them.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The bars, which obey the same rules as those of [`super::csv::read`].
    pub bars: Bars,
    /// What a user should know about the file.
    pub notes: Vec<Note>,
}

/// Something about an imported file that is no fault, but should be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// No header: the columns were recognised by position.
    NoHeader,
    /// An adjusted close was left aside.
    AdjustedCloseIgnored,
    /// Columns that were left aside.
    ColumnsIgnored(Vec<String>),
    /// There is no volume; it is 0 everywhere.
    NoVolume,
    /// Volume counts ticks, not traded units.
    TickVolume,
    /// Seconds that were taken off times without a zone.
    OffsetApplied(i32),
    /// Midnights in a zone of their own were taken as trading days.
    DatesAreTradingDays,
    /// Empty lines that were skipped.
    EmptyLines(u64),
    /// The rows were sorted by time.
    Sorted,
    /// The last line has no line end: the file may be cut off.
    NoLastLineEnd,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => f.write_str("no header: columns taken as time, open, high, low, close, volume"),
            Self::AdjustedCloseIgnored => {
                f.write_str("the adjusted close is ignored: splits and dividends show as price moves")
            }
            Self::ColumnsIgnored(names) => write!(f, "columns ignored: {}", names.join(", ")),
            Self::NoVolume => f.write_str("no volume column: volume is 0"),
            Self::TickVolume => f.write_str("volume counts ticks, not traded units"),
            Self::OffsetApplied(s) => write!(f, "times without a zone taken as {s} s ahead of UTC"),
            Self::DatesAreTradingDays => f.write_str("midnights kept as dates of trading days"),
            Self::EmptyLines(count) => write!(f, "{count} empty lines skipped"),
            Self::Sorted => f.write_str("rows sorted by time"),
            Self::NoLastLineEnd => f.write_str("the last line has no line end: see that the file is whole"),
        }
    }
}

/// Reads bars in any of the common layouts.
///
/// # Errors
/// [`BadBars`] with the first 20 faults, each with its line, and the count of all.
pub fn import(
    bytes: &[u8],
    symbol: Symbol,
    timeframe: Timeframe,
    options: &ImportOptions,
) -> Result<Imported, BadBars> {
    let mut intake = Intake::new(bytes, symbol, timeframe, options.limits)?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(BadBars::whole(Problem::Utf16));
    }
    let mut filled = Lines::new(bytes).filter(|(_, line)| !line.trim_ascii().is_empty()).peekable();
    if filled.next_if(|(_, line)| line.starts_with(SYNTHETIC_MARK.as_bytes())).is_some() {
        intake.mark_synthetic();
    }
    let (number, first) = filled.clone().next().ok_or_else(|| BadBars::whole(Problem::Empty))?;
    let layout = Layout::of(first).map_err(|problem| BadBars::at(number, problem))?;
    let mut reader = RowReader { layout: &layout, timeframe, options, days: false, offset: false };
    let rows = filled.skip(usize::from(layout.has_header)).map(|(number, line)| (number, reader.row(line)));
    if options.sort {
        take_sorted(&mut intake, rows, options);
    } else {
        take_in_order(&mut intake, rows)?;
    }
    let (days, offset) = (reader.days, reader.offset);
    let bars = intake.finish()?;
    let mut notes = layout.notes();
    let mut note = |holds: bool, note: Note| notes.extend(holds.then_some(note));
    note(offset, Note::OffsetApplied(options.utc_offset_s.unwrap_or(0)));
    note(days, Note::DatesAreTradingDays);
    let empty_lines = Lines::new(bytes).filter(|(_, line)| line.trim_ascii().is_empty()).count() as u64;
    note(empty_lines > 0, Note::EmptyLines(empty_lines));
    note(options.sort, Note::Sorted);
    note(!is_whole(bytes), Note::NoLastLineEnd);
    Ok(Imported { bars, notes })
}

type Numbered = (u64, Result<Row, Problem>);

/// Passes rows on as they come. A file that runs backwards throughout gets one fault, not one per row.
fn take_in_order(intake: &mut Intake, rows: impl Iterator<Item = Numbered>) -> Result<(), BadBars> {
    let (mut count, mut steps_back, mut previous) = (0_u64, 0_u64, i64::MIN);
    for (number, row) in rows {
        if let Ok(row) = &row {
            steps_back += u64::from(count > 0 && row.time < previous);
            previous = row.time;
        }
        count += 1;
        if !intake.push(number, row) {
            return Ok(());
        }
    }
    if count > 1 && steps_back == count - 1 { Err(BadBars::whole(Problem::Descending)) } else { Ok(()) }
}

fn take_sorted(intake: &mut Intake, rows: impl Iterator<Item = Numbered>, options: &ImportOptions) {
    let mut sound = Vec::new();
    // One row more than allowed, so that the intake says what is wrong.
    for (number, row) in rows.take(options.limits.rows_max.saturating_add(1)) {
        match row {
            Ok(row) => sound.push((number, row)),
            Err(problem) => intake.fault(Some(number), problem),
        }
    }
    sound.sort_by_key(|(_, row)| row.time);
    for (number, row) in sound {
        intake.push(number, Ok(row));
    }
}

/// Turns lines into rows, and remembers what it had to assume.
struct RowReader<'a> {
    layout: &'a Layout,
    timeframe: Timeframe,
    options: &'a ImportOptions,
    days: bool,
    offset: bool,
}

impl RowReader<'_> {
    fn row(&mut self, line: &[u8]) -> Result<Row, Problem> {
        let fields: Vec<&[u8]> = line.split(|b| *b == self.layout.delimiter).map(unquoted).collect();
        if fields.len() != self.layout.width {
            return Err(Problem::Fields { found: fields.len(), expected: self.layout.width });
        }
        let time = match self.layout.time {
            TimeColumns::One(at) => self.time(fields[at])?,
            TimeColumns::DateAndTime(date, time) => self.time(&[fields[date], fields[time]].join(&b' '))?,
        };
        let mut values = [0.0; 5];
        for ((value, column), at) in values.iter_mut().zip(COLUMNS).zip(self.layout.columns()) {
            *value = parse(fields[at]).map_err(|_| Problem::Number { column, text: shown(fields[at]) })?;
        }
        Ok(Row { time, values })
    }

    /// The instant a bar opens. Midnights of daily bars are dates: they stay midnight UTC of their trading day.
    fn time(&mut self, text: &[u8]) -> Result<i64, Problem> {
        let moment = Moment::read(text, self.options.date_order)?;
        let is_date = self.timeframe.is_daily_or_longer() && moment.wall_s % 86_400 == 0;
        match moment.clock {
            Clock::Zone(0) => Ok(moment.wall_s),
            _ if is_date => {
                self.days |= matches!(moment.clock, Clock::Zone(_));
                Ok(moment.wall_s)
            }
            Clock::Zone(ahead_s) => Ok(moment.wall_s - ahead_s),
            Clock::Unknown if self.layout.is_utc => Ok(moment.wall_s),
            Clock::Unknown => match self.options.utc_offset_s {
                Some(ahead_s) => {
                    self.offset = true;
                    Ok(moment.wall_s - i64::from(ahead_s))
                }
                None => Err(Problem::NoZone { text: shown(text) }),
            },
        }
    }
}
