//! Which column holds what: from the header, or by position where there is none.

use ktrdr_domain::job::DateOrder;

use super::cells::Cells;
use super::moment::{Clock, Moment, TimeStyle};
use super::names::{ADJUSTED_CLOSES, INDEXES, Name, PRICES, TICK_VOLUMES, TIMES, VOLUMES};
use super::note::Note;
use super::volume_column::AssetVolumes;
use crate::data::fault::{Problem, shown};

/// Wider tables are no price files.
pub(super) const COLUMNS_MAX: usize = 64;

/// Where to find the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeColumns {
    /// One column with the whole of it.
    One(usize),
    /// A date and a time of day.
    DateAndTime(usize, usize),
}

/// Where each field of a bar is in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Columns per row.
    pub(super) width: usize,
    pub(super) time: TimeColumns,
    /// The clock that the header names.
    pub(super) clock: Clock,
    /// Open, high, low, close.
    pub(super) prices: [usize; 4],
    pub(super) volume: Option<usize>,
    pub(super) ticks: Option<usize>,
    /// What the header alone tells.
    pub(super) notes: Vec<Note>,
}

/// What is known of a file before it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The instrument's name tells its volume from its money's.
    pub(super) instrument: &'a str,
    /// The name of the column that holds the volume, where its user knows better.
    pub(super) volume_column: Option<&'a str>,
}

impl Layout {
    /// Recognises the layout by the names in a header.
    pub(super) fn by_name(cells: &[&[u8]], wanted: Wanted<'_>) -> Result<Self, Problem> {
        let names: Vec<Name> = cells.iter().map(|cell| Name::of(cell)).collect();
        let header = Header { found: shown(&cells.join(&b',')), names: &names };
        let mut missing = Vec::new();
        let time = header.time()?;
        if time.is_none() {
            missing.push("time");
        }
        let mut prices = [0; 4];
        for (at, (column, spellings)) in prices.iter_mut().zip(PRICES) {
            match header.find(column, spellings)? {
                Some(found) => *at = found,
                None => missing.push(column),
            }
        }
        let Some(time) = time.filter(|_| missing.is_empty()) else {
            return Err(Problem::MissingColumns { found: header.found, missing: missing.join(", ") });
        };
        let clock_column = match time {
            TimeColumns::One(at) | TimeColumns::DateAndTime(_, at) => at,
        };
        let named = wanted.volume_column.map(|name| header.called(name, cells)).transpose()?;
        let traded = if named.is_some() { named } else { header.find("volume", VOLUMES)? };
        let of_asset = match traded {
            Some(_) => None,
            None => AssetVolumes::among(&names).of_base(wanted.instrument)?,
        };
        let mut layout = Self {
            width: cells.len(),
            time,
            clock: names[clock_column].clock(),
            prices,
            volume: traded.or(of_asset.as_ref().map(|(at, _)| *at)),
            ticks: if named.is_some() { None } else { header.find("volume", TICK_VOLUMES)? },
            notes: Vec::new(),
        };
        layout.note(of_asset.map(|(_, asset)| Note::VolumeOf(asset)));
        layout.note(header.find("adjusted close", ADJUSTED_CLOSES)?.map(|_| Note::AdjustedCloseIgnored));
        layout.note_unused(
            (0..cells.len()).filter(|at| !ADJUSTED_CLOSES.contains(&names[*at].word.as_str())),
            |at| shown(cells[at]),
        );
        Ok(layout)
    }

    /// Without a header: time and four prices, perhaps volume and what exchanges add; or date, time of day and the
    /// same without the addition.
    pub(super) fn by_position(cells: &[&[u8]]) -> Option<Self> {
        let has_clock = cells.get(1)?.contains(&b':');
        let (time, first_price) = match (cells.len(), has_clock) {
            (5 | 6 | 7 | 12, false) => (TimeColumns::One(0), 1),
            (6 | 7, true) => (TimeColumns::DateAndTime(0, 1), 2),
            _ => return None,
        };
        // Any order of day and month will do to see that this is a time.
        let reads = |order| Moment::read(cells[0], TimeStyle { order: Some(order), ..TimeStyle::default() });
        DateOrder::ALL.into_iter().find_map(|order| reads(order).ok())?;
        let volume = first_price + 4;
        let mut layout = Self {
            width: cells.len(),
            time,
            clock: Clock::Unknown,
            prices: std::array::from_fn(|i| first_price + i),
            volume: (volume < cells.len()).then_some(volume),
            ticks: None,
            notes: vec![Note::NoHeader],
        };
        layout.note_unused(0..cells.len(), |at| format!("number {}", at + 1));
        Some(layout)
    }

    /// Whether a row has the cells that the header promises; empty ones may follow.
    pub(super) fn fits(&self, cells: Cells<'_>) -> bool {
        cells.len() >= self.width && (cells.len() == self.width || cells.filled() <= self.width)
    }

    fn note(&mut self, note: Option<Note>) {
        self.notes.extend(note);
    }

    fn note_unused(&mut self, columns: impl Iterator<Item = usize>, name: impl Fn(usize) -> String) {
        let used = |at: usize| match self.time {
            TimeColumns::One(time) => at == time,
            TimeColumns::DateAndTime(date, time) => at == date || at == time,
        };
        let bars = |at: &usize| {
            used(*at) || self.prices.contains(at) || [self.volume, self.ticks].contains(&Some(*at))
        };
        let unused: Vec<String> = columns.filter(|at| !bars(at)).map(name).collect();
        self.note((!unused.is_empty()).then_some(Note::ColumnsIgnored(unused)));
    }
}

/// A header's names, made plain.
struct Header<'a> {
    found: String,
    names: &'a [Name],
}

impl Header<'_> {
    /// Where the first of the spellings that occurs is.
    fn find(&self, column: &'static str, spellings: &[&str]) -> Result<Option<usize>, Problem> {
        for spelling in spellings {
            let mut places = (0..self.names.len())
                .filter(|at| self.names[*at].word == *spelling && !self.is_asset_volume(*at));
            match (places.next(), places.next()) {
                (Some(at), None) => return Ok(Some(at)),
                (Some(_), Some(_)) => return Err(Problem::ColumnTwice { found: self.found.clone(), column }),
                (None, _) => {}
            }
        }
        Ok(None)
    }

    /// The number of a row is no time while another column is one.
    fn time(&self) -> Result<Option<TimeColumns>, Problem> {
        if let Some(at) = self.find("time", TIMES)? {
            return Ok(Some(TimeColumns::One(at)));
        }
        let (date, time) = (self.find("date", &["date"])?, self.find("time", &["time"])?);
        match (date, time) {
            (Some(date), Some(time)) => Ok(Some(TimeColumns::DateAndTime(date, time))),
            (Some(at), None) | (None, Some(at)) => Ok(Some(TimeColumns::One(at))),
            (None, None) => Ok(self.find("time", INDEXES)?.map(TimeColumns::One)),
        }
    }

    fn is_asset_volume(&self, at: usize) -> bool {
        self.names[at].volume_asset().is_some()
    }

    /// Where the column is that the user named. Case, blanks and underscores count for nothing.
    fn called(&self, name: &str, cells: &[&[u8]]) -> Result<usize, Problem> {
        let plain = |text: &str| text.to_lowercase().replace([' ', '_'], "");
        let wanted = plain(name);
        let is_it = |cell: &&[u8]| plain(&String::from_utf8_lossy(cell)) == wanted;
        cells
            .iter()
            .position(is_it)
            .ok_or_else(|| Problem::NoSuchColumn { name: shown(name.as_bytes()), found: self.found.clone() })
    }
}
