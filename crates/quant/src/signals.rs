//! Positions decided elsewhere: `timestamp,target` rows, laid onto bars so that they trade like a strategy's own.
//!
//! Times are written as RFC 3339 has them or as pandas does (`2018-12-31 21:00:00+00:00`); without a zone they are UTC, as bars are.
//! Targets may be `1.0`, and pandas' index may go without a name.
//!
//! A row's timestamp is that of a bar (its open, as in the bar files); its target (1 long, 0 none, −1 short) was
//! decided at that bar's **close** and is filled at the next bar's open. Bars without a row keep the last target.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use ktrdr_domain::{Span, Timestamp};

use crate::Bars;
use crate::simulate::Target;

/// More rows than this are refused: ten years of minutes are 5.3 million.
pub const ROWS_MAX: usize = 10_000_000;

const HEADER: &str = "timestamp,target";

/// The header is on line 1, rows follow without gaps.
const FIRST_ROW_LINE: usize = 2;

/// Why signals are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSignals {
    /// The first line is something else.
    #[error("line 1: {found:?} is not the header: two columns are wanted, {HEADER:?}, and no other")]
    Header {
        /// The line, shortened.
        found: String,
    },
    /// No row within the stretch that is traded.
    #[error(
        "none of the rows lies in the stretch that is traded, {window}: they go from {first} to {last}. Give rows within it \
         (a position held from before needs one at its first bar), or choose other dates"
    )]
    Elsewhere {
        /// The stretch.
        window: Span,
        /// The time of the first row.
        first: Timestamp,
        /// The time of the last one.
        last: Timestamp,
    },
    /// There is no row.
    #[error("there is no signal: give a row for each change of position")]
    Empty,
    /// More than [`ROWS_MAX`].
    #[error("more than {ROWS_MAX} rows: give one for each change of position only")]
    TooMany,
    /// Not two fields.
    #[error(
        "line {line}: {found:?} is not a timestamp and a target with one comma between, and nothing else"
    )]
    Fields {
        /// From 1.
        line: usize,
        /// The line, shortened.
        found: String,
    },
    /// Not a time.
    #[error("line {line}: {found:?} is not a time: use the bar's, such as 2018-12-31T21:00:00Z")]
    Time {
        /// From 1.
        line: usize,
        /// The field, shortened.
        found: String,
    },
    /// Not a position.
    #[error("line {line}: target {found:?}: use 1 for long, 0 for none, -1 for short")]
    Target {
        /// From 1.
        line: usize,
        /// The field, shortened.
        found: String,
    },
    /// Not after the row before.
    #[error("line {line}: {time} is not after the line before: sort the rows and keep one for each bar")]
    Order {
        /// From 1.
        line: usize,
        /// Its time.
        time: Timestamp,
    },
    /// A time at which no bar opens.
    #[error("line {line}: no bar opens at {time}: use the open times of the bars that are traded")]
    NoBar {
        /// From 1.
        line: usize,
        /// Its time.
        time: Timestamp,
    },
}

/// Reads signals. Times ascend; lines end in LF or CRLF.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read(bytes: &[u8]) -> Result<Vec<(i64, Target)>, BadSignals> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let header = lines.next().unwrap_or_default();
    if !is_header(header) {
        return Err(BadSignals::Header { found: shown(header) });
    }
    let mut signals: Vec<(i64, Target)> = Vec::new();
    for (row, text) in lines.enumerate() {
        if row == ROWS_MAX {
            return Err(BadSignals::TooMany);
        }
        let line = row + FIRST_ROW_LINE;
        let signal = signal(line, text)?;
        if signals.last().is_some_and(|(before, _)| *before >= signal.0) {
            return Err(BadSignals::Order { line, time: Timestamp(signal.0) });
        }
        signals.push(signal);
    }
    if signals.is_empty() { Err(BadSignals::Empty) } else { Ok(signals) }
}

/// Refuses signals of which no row lies in the stretch that is to be traded: whoever asks for that has the wrong file or the wrong dates.
///
/// # Errors
/// [`BadSignals::Elsewhere`].
pub fn refuse_elsewhere(signals: &[(i64, Target)], window: Span) -> Result<(), BadSignals> {
    let (Some((first, _)), Some((last, _))) = (signals.first(), signals.last()) else {
        return Err(BadSignals::Empty);
    };
    if signals.iter().any(|(time, _)| window.contains(Timestamp(*time))) {
        return Ok(());
    }
    let (first, last) = (Timestamp(*first), Timestamp(*last));
    Err(BadSignals::Elsewhere { window, first, last })
}

/// The header, also as pandas writes it for an index without a name, or with another.
fn is_header(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).to_ascii_lowercase();
    let index = line.strip_suffix(b",target");
    index
        .is_some_and(|name| [&b"timestamp"[..], b"time", b"datetime", b"date", b"index", b""].contains(&name))
}

/// A whole second: RFC 3339, or the same with a space; UTC without a zone, midnight without a time of day.
fn instant(text: &str) -> Option<i64> {
    let written = text.replacen(' ', "T", 1);
    let with_zone = DateTime::parse_from_rfc3339(&written).map(|time| time.to_utc());
    let naive = || NaiveDateTime::parse_from_str(&written, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc());
    let date =
        || NaiveDate::parse_from_str(&written, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let time = with_zone.or_else(|_| naive()).or_else(|_| date()).ok()?;
    (time.timestamp_subsec_nanos() == 0).then(|| time.timestamp())
}

fn signal(line: usize, text: &[u8]) -> Result<(i64, Target), BadSignals> {
    let mut fields = text.split(|b| *b == b',');
    let (Some(time), Some(target), None) = (fields.next(), fields.next(), fields.next()) else {
        return Err(BadSignals::Fields { line, found: shown(text) });
    };
    let target = match target {
        b"1" | b"1.0" => 1,
        b"0" | b"0.0" | b"-0.0" => 0,
        b"-1" | b"-1.0" => -1,
        _ => return Err(BadSignals::Target { line, found: shown(target) }),
    };
    let time_s = std::str::from_utf8(time).ok().and_then(instant);
    time_s.map(|time_s| (time_s, target)).ok_or_else(|| BadSignals::Time { line, found: shown(time) })
}

/// Text for an error message: readable and short.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(60).collect()
}

/// One target for each bar of `range`. Before the first signal nothing is wanted; what was wanted last before the
/// range is wanted at its start; signals after the range do nothing, but must fit the bars like any other.
///
/// # Errors
/// A time at which no bar opens, or rows out of order; with the line of the file they came from.
pub fn align(bars: &Bars, range: Range<usize>, signals: &[(i64, Target)]) -> Result<Vec<Target>, BadSignals> {
    let mut targets = vec![0; range.len()];
    let (mut wanted, mut filled, mut next_bar) = (0, 0, 0);
    for (row, &(time, target)) in signals.iter().enumerate() {
        let (line, time) = (row + FIRST_ROW_LINE, Timestamp(time));
        let Ok(bar) = bars.time.binary_search(&time.0) else {
            return Err(BadSignals::NoBar { line, time });
        };
        if bar < next_bar {
            return Err(BadSignals::Order { line, time });
        }
        next_bar = bar + 1;
        let place = bar.clamp(range.start, range.end.max(range.start)) - range.start;
        targets[filled..place].fill(wanted);
        (wanted, filled) = (target, place);
    }
    targets[filled..].fill(wanted);
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(count: i64) -> Bars {
        let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), 0);
        bars.time = (0..count).map(|hour| hour * 3_600).collect();
        bars
    }

    #[test]
    fn signals_are_read_with_offsets_and_either_line_end() {
        let csv = b"timestamp,target\r\n1970-01-01T00:00:00Z,1\r\n1970-01-01T02:00:00+01:00,-1\n1970-01-01T05:00:00Z,0";
        assert_eq!(read(csv), Ok(vec![(0, 1), (3_600, -1), (18_000, 0)]));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let refused =
            |rows: &str| read(format!("timestamp,target\n1970-01-01T00:00:00Z,1\n{rows}").as_bytes());
        assert!(matches!(refused("1970-01-01T01:00:00Z,2\n"), Err(BadSignals::Target { line: 3, .. })));
        assert!(matches!(refused("1970-01-01T01:00:00Z, 1\n"), Err(BadSignals::Target { line: 3, .. })));
        assert!(matches!(refused("1970-01-01T01:00:00Z,1,1\n"), Err(BadSignals::Fields { line: 3, .. })));
        assert!(matches!(refused("soon,1\n"), Err(BadSignals::Time { line: 3, .. })));
        assert!(matches!(refused("1970-01-01T00:00:00Z,0\n"), Err(BadSignals::Order { line: 3, .. })));
        assert!(matches!(refused("\n"), Err(BadSignals::Fields { line: 3, .. })));
        assert!(matches!(read(b"when,target\n"), Err(BadSignals::Header { .. })));
        assert!(matches!(read(b"time,target,size\n"), Err(BadSignals::Header { .. })));
        assert!(matches!(read(b""), Err(BadSignals::Header { .. })));
        for header in ["timestamp,target", "Time,Target", ",target"] {
            assert_eq!(read(format!("{header}\n").as_bytes()), Err(BadSignals::Empty), "{header}");
        }
    }

    #[test]
    fn signals_that_all_lie_elsewhere_are_refused() {
        let window = Span { start: Timestamp(7_200), end: Timestamp(14_400) };
        let refused = |signals: &[(i64, Target)]| refuse_elsewhere(signals, window).is_err();
        assert!(refused(&[]) && refused(&[(3_600, 1)]) && refused(&[(3_600, 1), (14_400, 0)]));
        assert!(!refused(&[(3_600, 1), (7_200, 0)]) && !refused(&[(10_800, 1)]));
    }

    #[test]
    fn bars_without_a_signal_keep_the_last_one() {
        let signals = [(3_600, 1), (4 * 3_600, -1), (6 * 3_600, 0)];
        assert_eq!(align(&hours(8), 0..8, &signals).unwrap(), [0, 1, 1, 1, -1, -1, 0, 0]);
        assert_eq!(align(&hours(8), 2..6, &signals).unwrap(), [1, 1, -1, -1]);
        assert_eq!(align(&hours(8), 7..8, &signals).unwrap(), [0]);
        assert!(align(&hours(8), 3..3, &signals).unwrap().is_empty());
    }

    #[test]
    fn a_signal_between_bars_is_refused_even_outside_the_range() {
        let off = [(3_600, 1), (7 * 3_600 + 1, 0)];
        assert!(matches!(align(&hours(8), 0..4, &off), Err(BadSignals::NoBar { line: 3, .. })));
        let disordered = [(3_600, 1), (0, 0)];
        assert!(matches!(align(&hours(8), 0..4, &disordered), Err(BadSignals::Order { line: 3, .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), headed: bool) {
            if headed {
                bytes.splice(0..0, *b"timestamp,target\n");
            }
            let _ = read(&bytes);
        }
    }
}
