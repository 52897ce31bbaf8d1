//! Bars as other programs write them: MetaTrader, Dukascopy, HistData, Yahoo, Alpha Vantage, exchange dumps.
//! `docs/data-formats.md` shows each layout.
//!
//! What is recognised is said in notes; what could be read two ways is refused until an option says which.
//!
//! | step | module |
//! |---|---|
//! | names, marks and separator above the rows | `head`, `layout`, `names`, `volume_column` |
//! | what only all rows together tell | `survey`, `date_orders` |
//! | a line as numbers and a reading of a clock | `rows`, `cells`, `number`, `moment`, `written_date`, `zone_name`, `rounding` |
//! | the instant of that reading | `clock`, `zone` |
//! | where a bar that opens late begins | `late_opens` |
//! | what a user should know | `note` |

mod cells;
mod clock;
mod date_orders;
mod head;
mod late_opens;
mod layout;
mod moment;
mod names;
mod note;
mod number;
mod rounding;
mod rows;
mod survey;
mod volume_column;
mod written_date;
mod zone_name;

pub use ktrdr_domain::job::{DateOrder, DecimalSign};
use ktrdr_domain::{Symbol, Timeframe};

use self::cells::Splitter;
use self::clock::ClockReader;
use self::head::Head;
use self::late_opens::{LateOpens, Numbered, Stamped};
use self::layout::Wanted;
pub use self::note::Note;
use self::rows::{Draft, RowReader};
use self::survey::Style;
use super::csv::ReadOptions;
use super::fault::{BadBars, Problem};
use super::intake::{Intake, Row};
use super::lines::{Lines, is_whole};
pub use super::zone::{TimeZone, UnknownZone};
use crate::Bars;

/// The clock of a file whose times carry no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileClock {
    /// This many seconds ahead of UTC, the whole year.
    Ahead(i32),
    /// As this zone's, which may change in spring and autumn.
    Zone(TimeZone),
}

/// What the file itself may not say.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The clock of times without a zone. Times with a zone keep theirs.
    pub clock: Option<FileClock>,
    /// Whether 01/02/2020 is in January or February. Found in the file where one of its dates tells.
    pub date_order: Option<DateOrder>,
    /// The sign before fractions. Found in the file where one of its numbers tells.
    pub decimal: Option<DecimalSign>,
    /// The name of the column that holds the volume. Found by the usual names.
    pub volume_column: Option<String>,
    /// Whether rows may be put in order of time. Duplicates are refused either way.
    pub sort: bool,
    /// Whether prices of zero and below are real.
    pub allow_negative_prices: bool,
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
    let instrument = symbol.to_string();
    let mut intake = Intake::new(bytes, symbol, timeframe, options.limits)?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(BadBars::whole(Problem::Utf16));
    }
    let wanted = Wanted { instrument: &instrument, volume_column: options.volume_column.as_deref() };
    let head = Head::of(bytes, wanted)?;
    intake.mark(head.marks);
    if options.allow_negative_prices {
        intake.allow_negative_prices();
    }
    let style = Style::of(&head, options)?;
    let mut reader = RowReader::new(&head, &style);
    let mut clock = ClockReader::new(timeframe, head.layout.clock, options.clock);
    let mut opens = LateOpens::new(timeframe);
    let mut splitter = Splitter::new(head.delimiter);
    let drafts = head.rows.clone().map(|(number, line)| (number, reader.read((number, line), &mut splitter)));
    if options.sort {
        take_sorted(&mut intake, drafts, &mut clock, &mut opens, options.limits.rows_max);
    } else {
        take_in_order(&mut intake, drafts, &mut clock, &mut opens)?;
    }
    let mut notes = head.layout.notes.clone();
    notes.extend(style.notes.iter().cloned());
    notes.extend(clock.notes());
    let counted = |count: u64, note: fn(u64) -> Note| (count > 0).then(|| note(count));
    notes.extend(counted(reader.volumes_missing, Note::VolumeMissing));
    notes.extend(counted(reader.mended, Note::RoundingMended));
    notes.extend(counted(opens.count, Note::LateOpens));
    let bars = intake.finish()?;
    let empty_lines = Lines::new(bytes).filter(|(_, line)| line.trim_ascii().is_empty()).count() as u64;
    notes.extend(counted(empty_lines, Note::EmptyLines));
    notes.extend(options.sort.then_some(Note::Sorted));
    notes.extend(counted(bars.low.iter().filter(|low| **low <= 0.0).count() as u64, Note::NegativePrices));
    notes.extend((!is_whole(bytes)).then_some(Note::NoLastLineEnd));
    Ok(Imported { bars, notes })
}

/// Passes rows on as they come. A file that runs backwards throughout gets one fault, not one per row.
fn take_in_order(
    intake: &mut Intake,
    drafts: impl Iterator<Item = Numbered<Draft>>,
    clock: &mut ClockReader,
    opens: &mut LateOpens,
) -> Result<(), BadBars> {
    let (mut count, mut steps_back, mut previous) = (0_u64, 0_u64, i64::MIN);
    for (number, draft) in drafts {
        if let Ok(draft) = &draft {
            steps_back += u64::from(count > 0 && draft.moment.wall_s < previous);
            previous = draft.moment.wall_s;
        }
        count += 1;
        let stamped = (number, draft.and_then(|draft| stamp(draft, clock)));
        if let Some((number, row)) = opens.pass(stamped)
            && !intake.push(number, row)
        {
            return Ok(());
        }
    }
    if let Some((number, row)) = opens.rest() {
        intake.push(number, row);
    }
    if count > 1 && steps_back == count - 1 { Err(BadBars::whole(Problem::Descending)) } else { Ok(()) }
}

/// Puts rows in order of time first. Those of a file that is newest first are turned round before their clock is
/// read, so that summer time comes before winter time.
fn take_sorted(
    intake: &mut Intake,
    drafts: impl Iterator<Item = Numbered<Draft>>,
    clock: &mut ClockReader,
    opens: &mut LateOpens,
    rows_max: usize,
) {
    let mut sound: Vec<(u64, Draft)> = Vec::new();
    // One row more than allowed, so that the intake says what is wrong.
    for (number, draft) in drafts.take(rows_max.saturating_add(1)) {
        match draft {
            Ok(draft) => sound.push((number, draft)),
            Err(problem) => intake.fault(Some(number), problem),
        }
    }
    let wall = |row: Option<&(u64, Draft)>| row.map(|(_, draft)| draft.moment.wall_s);
    if wall(sound.first()) > wall(sound.last()) {
        sound.reverse();
    }
    let mut stamped: Vec<Numbered<Stamped>> =
        sound.into_iter().map(|(number, draft)| (number, stamp(draft, clock))).collect();
    stamped.sort_by_key(|(_, stamped)| stamped.as_ref().map_or(i64::MIN, |stamped| stamped.row.time));
    for stamped in stamped {
        if let Some((number, row)) = opens.pass(stamped) {
            intake.push(number, row);
        }
    }
    if let Some((number, row)) = opens.rest() {
        intake.push(number, row);
    }
}

fn stamp(draft: Draft, clock: &mut ClockReader) -> Result<Stamped, Problem> {
    let time = clock.instant(draft.moment)?;
    Ok(Stamped { row: Row { time, values: draft.values }, wall_s: draft.moment.wall_s })
}
