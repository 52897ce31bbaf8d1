//! The project's own layout: `timestamp,open,high,low,close,volume`, UTC, timestamp = the bar's open.
//!
//! Strict: whatever is wrong is refused with its line, nothing is repaired. Marks may stand above the header:
//! `# synthetic`, so that generated bars can not pass for observed ones, and `# negative prices`, which allows them
//! because whoever imported the bars did.

use std::io::Write;

use fast_float2::{parse, parse_partial};
use ktrdr_domain::{Symbol, Timeframe, Timestamp};

use super::date::{date_of, day_of};
use super::fault::{BadBars, Problem, shown};
pub use super::intake::ReadOptions;
use super::intake::{COLUMNS, Intake, Marks, Row};
use super::lines::{Lines, is_whole};
use crate::Bars;

const HEADER: &str = "timestamp,open,high,low,close,volume";
const DAY_S: i64 = 86_400;

/// Reads bars in the project's own layout.
///
/// # Errors
/// [`BadBars`] with the first 20 faults, each with its line, and the count of all. The file's name is for the caller
/// to add.
pub fn read(
    bytes: &[u8],
    symbol: Symbol,
    timeframe: Timeframe,
    options: &ReadOptions,
) -> Result<Bars, BadBars> {
    let mut intake = Intake::new(bytes, symbol, timeframe, *options)?;
    let mut lines = Lines::new(bytes).peekable();
    let mut marks = Marks::default();
    while lines.next_if(|(_, line)| marks.take(line)).is_some() {}
    intake.mark(marks);
    let (number, header) = lines.next().ok_or_else(|| BadBars::whole(Problem::Empty))?;
    check_header(header).map_err(|problem| BadBars::at(number, problem))?;
    let mut last = number;
    for (number, line) in lines {
        last = number;
        if !intake.push(number, plain_row(line).map_or_else(|| any_row(line), Ok)) {
            break;
        }
    }
    if !is_whole(bytes) {
        intake.fault(Some(last), Problem::CutOff);
    }
    intake.finish()
}

/// Writes bars in the project's own layout. Numbers take the fewest digits that read back as the same bits.
#[must_use]
pub fn write(bars: &Bars) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 * (bars.len() + 1));
    out.extend_from_slice(Marks::of(bars).text().as_bytes());
    out.extend_from_slice(HEADER.as_bytes());
    out.push(b'\n');
    for i in 0..bars.len() {
        let (year, month, day) = date_of(bars.time[i].div_euclid(DAY_S));
        let second = bars.time[i].rem_euclid(DAY_S);
        let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
        let [open, high, low, close] = [bars.open[i], bars.high[i], bars.low[i], bars.close[i]];
        // Writing to a vector can not fail.
        let _ = writeln!(
            out,
            "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z,{open},{high},{low},{close},{}",
            bars.volume[i]
        );
    }
    out
}

/// Whether a line is the header of this layout.
pub(super) fn is_header(line: &[u8]) -> bool {
    line == HEADER.as_bytes()
}

/// The columns of this layout.
pub(super) fn header_names() -> impl Iterator<Item = &'static str> {
    HEADER.split(',')
}

/// Tells apart columns that are missing from columns that are merely elsewhere.
fn check_header(header: &[u8]) -> Result<(), Problem> {
    if is_header(header) {
        return Ok(());
    }
    let found = shown(header);
    let names: Vec<&[u8]> = header.split(|b| *b == b',').collect();
    let missing: Vec<&str> = header_names().filter(|name| !names.contains(&name.as_bytes())).collect();
    match missing.len() {
        1..=5 => Err(Problem::MissingColumns { found, missing: missing.join(", ") }),
        _ => Err(Problem::Header { found }),
    }
}

/// The fast path: `YYYY-MM-DDTHH:MM:SSZ` and five plain numbers. `None` sends the row down the slow path, which
/// reads more spellings and says what is wrong.
pub(super) fn plain_row(line: &[u8]) -> Option<Row> {
    let (stamp, mut rest) = line.split_at_checked(20)?;
    let time = plain_time(stamp)?;
    let mut values = [0.0; 5];
    for value in &mut values {
        rest = rest.strip_prefix(b",")?;
        let (number, length) = parse_partial::<f64, _>(rest).ok()?;
        *value = number;
        rest = rest.get(length..)?;
    }
    rest.is_empty().then_some(Row { time, values })
}

fn plain_time(b: &[u8]) -> Option<i64> {
    let shape =
        b[4] == b'-' && b[7] == b'-' && b[10] == b'T' && b[13] == b':' && b[16] == b':' && b[19] == b'Z';
    if !shape {
        return None;
    }
    let two = |at: usize| -> Option<i64> {
        let (tens, ones) = (b[at].wrapping_sub(b'0'), b[at + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
    };
    let day = day_of(two(0)? * 100 + two(2)?, two(5)?, two(8)?)?;
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    (hour < 24 && minute < 60 && second < 60).then_some(day * DAY_S + hour * 3_600 + minute * 60 + second)
}

/// The slow path.
fn any_row(line: &[u8]) -> Result<Row, Problem> {
    let found = line.split(|b| *b == b',').count();
    if found != 1 + COLUMNS.len() {
        return Err(Problem::Fields {
            found: if line.is_empty() { 0 } else { found },
            expected: 1 + COLUMNS.len(),
        });
    }
    let mut fields = line.split(|b| *b == b',');
    let time = any_time(fields.next().unwrap_or_default())?;
    let mut values = [0.0; 5];
    for ((value, column), text) in values.iter_mut().zip(COLUMNS).zip(fields) {
        *value = parse(text).map_err(|_| Problem::Number { column, text: shown(text) })?;
    }
    Ok(Row { time, values })
}

/// Any RFC 3339 time: whole seconds and an offset.
fn any_time(text: &[u8]) -> Result<i64, Problem> {
    let bad = || Problem::Time { text: shown(text) };
    let word = std::str::from_utf8(text).map_err(|_| bad())?;
    match chrono::DateTime::parse_from_rfc3339(word) {
        Ok(time) if time.timestamp_subsec_nanos() == 0 => Ok(time.timestamp()),
        Err(_) if word.parse::<Timestamp>().is_ok() => Err(Problem::NoZone { text: shown(text) }),
        _ => Err(bad()),
    }
}
