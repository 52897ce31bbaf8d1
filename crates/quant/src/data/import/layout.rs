//! Which column holds what: from the header, or by position where there is none.

use super::Note;
use super::moment::Moment;
use crate::data::fault::{Problem, shown};

/// Wider tables are no price files.
const COLUMNS_MAX: usize = 64;

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
    pub(super) delimiter: u8,
    pub(super) has_header: bool,
    /// Fields per row.
    pub(super) width: usize,
    pub(super) time: TimeColumns,
    /// Whether the header says that times are UTC.
    pub(super) is_utc: bool,
    /// Open, high, low, close.
    prices: [usize; 4],
    volume: Option<usize>,
    tick_volume: bool,
    adjusted_close: bool,
    ignored: Vec<String>,
}

const TIMES: &[&str] = &[
    "timestamp",
    "timestamp(utc)",
    "unix",
    "unixtime",
    "unixtimestamp",
    "epoch",
    "datetime",
    "datetime(utc)",
    "gmttime",
    "utctime",
    "time(utc)",
    "date(utc)",
    "opentime",
    "",
];
const TIMES_IN_UTC: &[&str] =
    &["timestamp(utc)", "datetime(utc)", "gmttime", "utctime", "time(utc)", "date(utc)"];
/// Our word for each price and the spellings of it, best first.
const PRICES: [(&str, &[&str]); 4] = [
    ("open", &["open", "o"]),
    ("high", &["high", "h"]),
    ("low", &["low", "l"]),
    ("close", &["close", "c", "last"]),
];
const VOLUMES: &[&str] = &["volume", "vol", "v"];
const TICK_VOLUMES: &[&str] = &["tickvolume", "tickvol", "ticks"];
const ADJUSTED_CLOSES: &[&str] = &["adjclose", "adjustedclose"];

impl Layout {
    /// Recognises the layout from the first line.
    pub(super) fn of(first: &[u8]) -> Result<Self, Problem> {
        let unknown = || Problem::UnknownLayout { found: shown(first) };
        let count = |delimiter: &u8| first.iter().filter(|b| *b == delimiter).count();
        let delimiter = *b",;\t".iter().max_by_key(|d| count(d)).ok_or_else(unknown)?;
        let fields: Vec<&[u8]> = first.split(|b| *b == delimiter).map(unquoted).collect();
        if !(5..=COLUMNS_MAX).contains(&fields.len()) {
            return Err(unknown());
        }
        let is_data = fields[0].first().is_some_and(u8::is_ascii_digit);
        if is_data {
            Self::by_position(delimiter, &fields).ok_or_else(unknown)
        } else {
            Self::by_name(delimiter, &fields)
        }
    }

    fn by_name(delimiter: u8, fields: &[&[u8]]) -> Result<Self, Problem> {
        let names: Vec<String> = fields.iter().map(|field| plain_name(field)).collect();
        let header = Header { found: shown(&fields.join(&b',')), names: &names };
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
        let traded = header.find("volume", VOLUMES)?;
        let ticks = header.find("volume", TICK_VOLUMES)?;
        let mut layout = Self {
            delimiter,
            has_header: true,
            width: fields.len(),
            time,
            is_utc: matches!(time, TimeColumns::One(at) if TIMES_IN_UTC.contains(&names[at].as_str())),
            prices,
            volume: traded.or(ticks),
            tick_volume: traded.is_none() && ticks.is_some(),
            adjusted_close: header.find("adjusted close", ADJUSTED_CLOSES)?.is_some(),
            ignored: Vec::new(),
        };
        layout.ignored = layout.unused(&names, fields);
        Ok(layout)
    }

    /// Without a header: time and four prices, perhaps volume; or date, time of day and the same.
    fn by_position(delimiter: u8, fields: &[&[u8]]) -> Option<Self> {
        let has_clock = fields[1].contains(&b':');
        let (time, first_price) = match (fields.len(), has_clock) {
            (6, false) => (TimeColumns::One(0), 1),
            (6 | 7, true) => (TimeColumns::DateAndTime(0, 1), 2),
            _ => return None,
        };
        // Any order of day and month will do to see that this is a time.
        Moment::read(fields[0], Some(super::DateOrder::DayFirst))
            .or_else(|_| Moment::read(fields[0], Some(super::DateOrder::MonthFirst)))
            .ok()?;
        let volume = first_price + 4;
        Some(Self {
            delimiter,
            has_header: false,
            width: fields.len(),
            time,
            is_utc: false,
            prices: std::array::from_fn(|i| first_price + i),
            volume: (volume < fields.len()).then_some(volume),
            tick_volume: false,
            adjusted_close: false,
            ignored: Vec::new(),
        })
    }

    /// The columns of open, high, low, close and, if there is one, volume.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.prices.into_iter().chain(self.volume)
    }

    pub(super) fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut note = |holds: bool, note: Note| notes.extend(holds.then_some(note));
        note(!self.has_header, Note::NoHeader);
        note(self.volume.is_none(), Note::NoVolume);
        note(self.tick_volume, Note::TickVolume);
        note(self.adjusted_close, Note::AdjustedCloseIgnored);
        note(!self.ignored.is_empty(), Note::ColumnsIgnored(self.ignored.clone()));
        notes
    }

    fn unused(&self, names: &[String], fields: &[&[u8]]) -> Vec<String> {
        let used = |at: usize| match self.time {
            TimeColumns::One(time) => at == time,
            TimeColumns::DateAndTime(date, time) => at == date || at == time,
        };
        (0..fields.len())
            .filter(|at| !used(*at) && !self.columns().any(|c| c == *at))
            .filter(|at| !ADJUSTED_CLOSES.contains(&names[*at].as_str()))
            .map(|at| shown(fields[at]))
            .collect()
    }
}

/// A header's names, made plain.
struct Header<'a> {
    found: String,
    names: &'a [String],
}

impl Header<'_> {
    /// Where the first of the spellings that occurs is.
    fn find(&self, column: &'static str, spellings: &[&str]) -> Result<Option<usize>, Problem> {
        for spelling in spellings {
            let mut places = (0..self.names.len()).filter(|at| self.names[*at] == *spelling);
            match (places.next(), places.next()) {
                (Some(at), None) => return Ok(Some(at)),
                (Some(_), Some(_)) => return Err(Problem::ColumnTwice { found: self.found.clone(), column }),
                (None, _) => {}
            }
        }
        Ok(None)
    }

    fn time(&self) -> Result<Option<TimeColumns>, Problem> {
        if let Some(at) = self.find("time", TIMES)? {
            return Ok(Some(TimeColumns::One(at)));
        }
        let (date, time) = (self.find("date", &["date"])?, self.find("time", &["time"])?);
        Ok(match (date, time) {
            (Some(date), Some(time)) => Some(TimeColumns::DateAndTime(date, time)),
            (date, time) => date.or(time).map(TimeColumns::One),
        })
    }
}

/// A field without the space and quotes around it.
pub(super) fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")).unwrap_or(field).trim_ascii()
}

/// `<TICK_VOL>` and `1. Open` as `tickvol` and `open`.
fn plain_name(field: &[u8]) -> String {
    let name = String::from_utf8_lossy(field).to_lowercase();
    let name = name.trim_matches(['<', '>']);
    let numbered = name.split_once(". ").filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
    let name = numbered.map_or(name, |(_, rest)| rest);
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect()
}
