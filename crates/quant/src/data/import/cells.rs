//! A line in its cells: quotes first, then separators.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use memchr::{memchr, memchr_iter};

use super::layout::COLUMNS_MAX;
use crate::data::fault::Problem;

/// No row of prices comes near it; a longer line is another kind of file.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Splits lines, with the same memory for all of them.
pub(super) struct Splitter {
    delimiter: u8,
    /// Made at the first line that has quotes: few files have one.
    quoted: Option<Reader>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// The cells of one line, without quotes and the blanks around them.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    text: &'a [u8],
    ends: &'a [usize],
    /// What stands between two cells in `text`: the separator, or nothing once it was taken out.
    gap: usize,
}

impl Splitter {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, quoted: None, text: Vec::new(), ends: Vec::with_capacity(COLUMNS_MAX + 1) }
    }

    /// The cells of a line; of one that is too wide, as many as are needed to see that.
    pub(super) fn split<'a>(&'a mut self, line: &'a [u8]) -> Result<Cells<'a>, Problem> {
        if line.len() > LINE_BYTES_MAX {
            return Err(Problem::LongLine { bytes: line.len(), bytes_max: LINE_BYTES_MAX });
        }
        self.ends.clear();
        if memchr(b'"', line).is_some() {
            self.split_quoted(line);
            return Ok(Cells { text: &self.text, ends: &self.ends, gap: 0 });
        }
        self.ends.extend(memchr_iter(self.delimiter, line).take(COLUMNS_MAX));
        self.ends.push(line.len());
        Ok(Cells { text: line, ends: &self.ends, gap: 1 })
    }

    fn split_quoted(&mut self, line: &[u8]) {
        let reader = self.quoted.get_or_insert_with(|| quoted(self.delimiter));
        reader.reset();
        self.text.resize(line.len(), 0);
        self.ends.resize(COLUMNS_MAX + 1, 0);
        let (result, read, mut written, mut count) = reader.read_record(line, &mut self.text, &mut self.ends);
        if result == ReadRecordResult::InputEmpty && read == line.len() {
            // Nothing more follows: that ends the last cell.
            let (.., more, last) =
                reader.read_record(&[], &mut self.text[written..], &mut self.ends[count..]);
            (written, count) = (written + more, count + last);
        }
        self.text.truncate(written);
        self.ends.truncate(count);
    }
}

/// Reads one line with quotes.
fn quoted(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build()
}

impl<'a> Cells<'a> {
    pub(super) fn len(self) -> usize {
        self.ends.len()
    }

    /// The cell at `at`; nothing beyond the last.
    pub(super) fn get(self, at: usize) -> &'a [u8] {
        let start = at
            .checked_sub(1)
            .map_or(0, |before| self.ends.get(before).map_or(usize::MAX, |end| end + self.gap));
        let end = self.ends.get(at).copied().unwrap_or_default();
        unquoted(self.text.get(start..end).unwrap_or_default())
    }

    /// How many cells there are up to the last that is filled: a comma at the end of a line says nothing.
    pub(super) fn filled(self) -> usize {
        (0..self.len()).rev().find(|at| !self.get(*at).is_empty()).map_or(0, |last| last + 1)
    }
}

/// A cell without the blanks and quotes around it.
fn unquoted(cell: &[u8]) -> &[u8] {
    let cell = cell.trim_ascii();
    cell.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")).unwrap_or(cell).trim_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(delimiter: u8, line: &[u8]) -> Vec<String> {
        let mut splitter = Splitter::new(delimiter);
        let cells = splitter.split(line).unwrap();
        (0..cells.len()).map(|at| String::from_utf8_lossy(cells.get(at)).into_owned()).collect()
    }

    #[test]
    fn separators_inside_quotes_separate_nothing() {
        assert_eq!(split(b',', b"a, b ,,c"), ["a", "b", "", "c"]);
        assert_eq!(split(b',', b"\"Apr 16, 2024\",\"1,890.00\",5"), ["Apr 16, 2024", "1,890.00", "5"]);
        assert_eq!(split(b';', b"\"a\"; \"b\";\"c\"\"d\""), ["a", "b", "c\"d"]);
        assert_eq!(split(b',', b"\"open"), ["open"]);
        assert_eq!(split(b',', b""), [""]);
    }

    #[test]
    fn wide_lines_are_cut_and_long_ones_refused() {
        assert_eq!(split(b',', &[b','; 5_000]).len(), COLUMNS_MAX + 1);
        assert_eq!(split(b',', &b"\"a\",".repeat(5_000)).len(), COLUMNS_MAX + 1);
        let long = Splitter::new(b',').split(&vec![b'"'; LINE_BYTES_MAX + 1]).err();
        assert!(matches!(long, Some(Problem::LongLine { .. })));
    }

    #[test]
    fn cells_at_the_end_that_are_empty_are_not_counted() {
        let mut splitter = Splitter::new(b',');
        assert_eq!(splitter.split(b"a,,b,,").unwrap().filled(), 3);
        assert_eq!(splitter.split(b",,").unwrap().filled(), 0);
        assert_eq!(splitter.split(b"a").unwrap().get(7), b"");
    }

    proptest! {
        #[test]
        fn any_bytes_split_without_a_panic_and_stay_within_the_line(
            line in prop::collection::vec(prop::sample::select(b"a1,;\t\"\r .\xff".to_vec()), 0..400),
            delimiter in prop::sample::select(b",;\t".to_vec()),
        ) {
            let mut splitter = Splitter::new(delimiter);
            let cells = splitter.split(&line).unwrap();
            prop_assert!(cells.len() >= 1 && cells.len() <= COLUMNS_MAX + 1);
            prop_assert!((0..cells.len()).map(|at| cells.get(at).len()).sum::<usize>() <= line.len());
            prop_assert!(cells.filled() <= cells.len());
        }

        #[test]
        fn without_quotes_it_is_a_plain_split(line in "[a-z0-9.,;]{0,60}") {
            let plain: Vec<String> = line.split(',').map(str::to_owned).collect();
            prop_assert_eq!(split(b',', line.as_bytes()), plain);
        }
    }
}
