//! What stands above the rows: marks, a declared separator, names.

use super::cells::Splitter;
use super::layout::{COLUMNS_MAX, Layout, Wanted};
use super::names::{Name, PRICES, TIMES};
use super::note::Note;
use super::written_date::Date;
use crate::data::csv;
use crate::data::fault::{BadBars, Problem, shown};
use crate::data::intake::Marks;
use crate::data::lines::Filled;

const DELIMITERS: &[u8] = b",;\t";
/// A spreadsheet's way to name the separator.
const DECLARATION: &[u8] = b"sep=";
/// How many lines of title, such as a vendor's address, may stand above the names.
const TITLE_LINES_MAX: usize = 8;

/// What the top of a file says, and the lines behind it.
pub(super) struct Head<'a> {
    pub(super) marks: Marks,
    pub(super) delimiter: u8,
    pub(super) layout: Layout,
    /// Whether this is the project's own layout, which has a faster reader.
    pub(super) is_own: bool,
    pub(super) rows: Filled<'a>,
}

impl<'a> Head<'a> {
    /// Reads the top of a file.
    pub(super) fn of(bytes: &'a [u8], wanted: Wanted<'_>) -> Result<Self, BadBars> {
        let mut lines = Filled::new(bytes);
        let mut marks = Marks::default();
        while lines.next_if(|line| marks.take(line)).is_some() {}
        let declared = lines.next_if(is_declaration).map(|line| line[DECLARATION.len()]);
        let title = skip_title(&mut lines, declared);
        let mut rows = lines.clone();
        let (number, first) = rows.next().ok_or_else(|| BadBars::whole(Problem::Empty))?;
        let delimiter = declared.unwrap_or_else(|| most_frequent_delimiter(first));
        let at = |problem| BadBars::at(number, problem);
        let first_cells = cells(first, delimiter).map_err(at)?;
        let is_data = is_time(&first_cells[0]);
        let layout = if let Some(frame) = DataFrame::of(&first_cells, rows.clone(), delimiter) {
            // The other two lines of names.
            rows.nth(1);
            frame.layout(wanted)
        } else if is_data {
            rows = lines;
            without_header(first, &first_cells, delimiter, wanted)
        } else if !(1 + PRICES.len()..=COLUMNS_MAX).contains(&first_cells.len()) {
            Err(unknown(first, &first_cells, delimiter))
        } else {
            as_slices(&first_cells, |names| Layout::by_name(names, wanted))
        };
        let mut layout = layout.map_err(at)?;
        layout.notes.splice(..0, title);
        Ok(Self { marks, delimiter, layout, is_own: csv::is_header(first), rows })
    }
}

/// Skips the lines above the names, if all of them are too short to be a row and what follows them is no row either.
fn skip_title(lines: &mut Filled<'_>, declared: Option<u8>) -> Option<Note> {
    let (mut ahead, mut title) = (lines.clone(), None);
    for count in 0..=TITLE_LINES_MAX {
        let before = ahead.clone();
        let (_, line) = ahead.next()?;
        let cells = cells(line, declared.unwrap_or_else(|| most_frequent_delimiter(line))).ok()?;
        if cells.len() > PRICES.len() {
            let title = title.filter(|_| !is_time(&cells[0]))?;
            *lines = before;
            return Some(Note::TitleSkipped { lines: count, title });
        }
        title.get_or_insert_with(|| shown(line));
    }
    None
}

/// Whether a cell begins as a time does; names of columns do not.
fn is_time(cell: &[u8]) -> bool {
    cell.first().is_some_and(u8::is_ascii_digit) || Date::of(Date::split_off(cell).0).is_some()
}

fn without_header(
    first: &[u8],
    cells: &[Vec<u8>],
    delimiter: u8,
    wanted: Wanted<'_>,
) -> Result<Layout, Problem> {
    if let Some(name) = wanted.volume_column {
        return Err(Problem::NoSuchColumn { name: shown(name.as_bytes()), found: shown(first) });
    }
    as_slices(cells, Layout::by_position).ok_or_else(|| unknown(first, cells, delimiter))
}

fn is_declaration(line: &[u8]) -> bool {
    let named = line.get(..DECLARATION.len()).is_some_and(|start| start.eq_ignore_ascii_case(DECLARATION));
    named && line.len() == DECLARATION.len() + 1
}

/// The separator that occurs most outside quotes. Where two do equally often, commas are decimal signs.
fn most_frequent_delimiter(line: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in line {
        quoted ^= *byte == b'"';
        if let Some(at) = DELIMITERS.iter().position(|d| d == byte).filter(|_| !quoted) {
            counts[at] += 1;
        }
    }
    (0..counts.len()).max_by_key(|at| counts[*at]).map_or(b',', |at| DELIMITERS[at])
}

/// The cells of a line up to the last that is filled, at least one.
fn cells(line: &[u8], delimiter: u8) -> Result<Vec<Vec<u8>>, Problem> {
    let mut splitter = Splitter::new(delimiter);
    let cells = splitter.split(line)?;
    Ok((0..cells.filled().max(1)).map(|at| cells.get(at).to_vec()).collect())
}

fn as_slices<T>(cells: &[Vec<u8>], read: impl FnOnce(&[&[u8]]) -> T) -> T {
    read(&cells.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn unknown(line: &[u8], cells: &[Vec<u8>], delimiter: u8) -> Problem {
    let separator = char::from(delimiter);
    let names = csv::header_names().map(str::to_owned).chain((7..).map(|n| format!("column{n}")));
    let header: Vec<String> = names.take(cells.len().clamp(1 + PRICES.len(), COLUMNS_MAX)).collect();
    Problem::UnknownLayout { found: shown(line), header: header.join(&separator.to_string()) }
}

/// The three lines of names that a data frame with columns of two levels writes: names and instruments in either
/// order, then the name of the time alone.
struct DataFrame {
    names: Vec<Vec<u8>>,
    instruments: Vec<Vec<u8>>,
}

impl DataFrame {
    fn of(first: &[Vec<u8>], mut below: Filled<'_>, delimiter: u8) -> Option<Self> {
        let mut next = || below.next().and_then(|(_, line)| cells(line, delimiter).ok());
        let (second, third) = (next()?, next()?);
        let named = |cells: &[Vec<u8>]| {
            let words: Vec<String> = cells.iter().skip(1).map(|cell| Name::of(cell).word).collect();
            PRICES.iter().all(|(_, spellings)| words.iter().any(|word| spellings.contains(&word.as_str())))
        };
        // One row and a footer have the same shape, but a footer is no name of a time.
        let time = Name::of(&third[0]).word;
        let is_time_alone = third.len() == 1 && (time == "date" || TIMES.contains(&time.as_str()));
        let (names, instruments) = match (named(first), named(&second)) {
            (true, false) => (first.to_vec(), second),
            (false, true) => (second, first.to_vec()),
            _ => return None,
        };
        let mut frame = Self { names, instruments };
        frame.names[0] = third.into_iter().next()?;
        (is_time_alone && frame.instruments.len() == frame.names.len()).then_some(frame)
    }

    fn layout(self, wanted: Wanted<'_>) -> Result<Layout, Problem> {
        let mut instruments = self.instruments[1..].to_vec();
        instruments.sort();
        instruments.dedup();
        let shown = instruments.iter().map(|name| shown(name)).collect::<Vec<_>>();
        if shown.len() > 1 {
            return Err(Problem::SeveralInstruments { names: shown[..shown.len().min(5)].join(", ") });
        }
        let mut layout = as_slices(&self.names, |names| Layout::by_name(names, wanted))?;
        layout.notes.insert(0, Note::DataFrame(shown.concat()));
        Ok(layout)
    }
}
