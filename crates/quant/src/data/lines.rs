//! The lines of a text, with their numbers.

use memchr::memchr;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Walks over the lines of a text, counting from 1. Line ends (`\n` or `\r\n`) and a byte order mark are left out.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text), number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = match memchr(b'\n', self.rest) {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        self.number += 1;
        Some((self.number, line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

/// The lines that hold more than blanks.
#[derive(Clone)]
pub(super) struct Filled<'a>(Lines<'a>);

impl<'a> Filled<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self(Lines::new(text))
    }

    /// The text that is not walked yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0.rest
    }

    /// The next line, if it is one of these; the walk goes on behind it.
    pub(super) fn next_if(&mut self, mut wanted: impl FnMut(&[u8]) -> bool) -> Option<&'a [u8]> {
        let mut ahead = self.clone();
        let (_, line) = ahead.next().filter(|(_, line)| wanted(line))?;
        *self = ahead;
        Some(line)
    }
}

impl<'a> Iterator for Filled<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.find(|(_, line)| !line.trim_ascii().is_empty())
    }
}

/// Whether the last line of a text has its line end.
pub(super) fn is_whole(text: &[u8]) -> bool {
    text.last() == Some(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one_without_their_ends_and_mark() {
        let lines: Vec<_> = Lines::new(b"\xef\xbb\xbfa\r\n\nb").collect();
        assert_eq!(lines, [(1, &b"a"[..]), (2, &b""[..]), (3, &b"b"[..])]);
        assert_eq!(Lines::new(b"").count(), 0);
    }
}
