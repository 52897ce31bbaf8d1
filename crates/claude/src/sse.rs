//! Server-sent events: bytes in any pieces to the data of each event. Whoever sends is not trusted: one event, and all of
//! them together, have a size.

/// Largest event, in bytes.
pub(crate) const EVENT_BYTES_MAX: usize = 1 << 20;

/// Largest stream, in bytes: a hundred times a long answer.
pub(crate) const STREAM_BYTES_MAX: usize = 8 << 20;

/// Splits a stream into the data of its events.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    line: Vec<u8>,
    data: Vec<u8>,
    total: usize,
}

/// The stream, or one event of it, is larger than anything we asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Splitter {
    /// Takes the next bytes, and hands the data of every event that ends in them to `each`.
    pub(crate) fn take<E: From<TooLarge>>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.total = self.total.saturating_add(bytes.len());
        if self.total > STREAM_BYTES_MAX {
            return Err(TooLarge.into());
        }
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.data.len() > EVENT_BYTES_MAX {
                return Err(TooLarge.into());
            }
            if piece.ends_with(b"\n") {
                self.end_line(&mut each)?;
            }
        }
        Ok(())
    }

    /// A field of the event, or the empty line that ends it.
    fn end_line<E>(&mut self, each: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_ascii_end();
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return if data.is_empty() { Ok(()) } else { each(&data) };
        }
        if let Some(data) = line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]]) -> Result<Vec<String>, TooLarge> {
        let (mut splitter, mut found) = (Splitter::default(), Vec::new());
        for piece in pieces {
            splitter.take(piece, |data| {
                found.push(String::from_utf8(data.to_vec()).unwrap());
                Ok::<_, TooLarge>(())
            })?;
        }
        Ok(found)
    }

    #[test]
    fn events_are_the_same_however_the_bytes_arrive() {
        let stream = b"event: a\r\ndata: {\"x\": 1}\r\n\r\n: comment\ndata: two\ndata: lines\n\nevent: none\n\ndata:last\n\n";
        let whole = split(&[stream]).unwrap();
        assert_eq!(whole, ["{\"x\": 1}", "two\nlines", "last"]);
        for cut in 0..stream.len() {
            assert_eq!(split(&[&stream[..cut], &stream[cut..]]).unwrap(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn an_event_without_end_and_a_stream_without_end_are_given_up() {
        let line = vec![b'x'; 64 << 10];
        assert_eq!(split(&[line.as_slice(); 20]), Err(TooLarge));
        let event = [b"data: ".as_slice(), &line, b"\n\n"].concat();
        assert_eq!(split(&vec![event.as_slice(); 200]), Err(TooLarge));
    }
}
