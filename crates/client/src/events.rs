//! Server-sent events: bytes in any pieces to events. Whoever sends is not trusted: a line and an event have a size.

/// Largest event, in bytes: a row without specification and result has a few kilobytes.
const EVENT_BYTES_MAX: usize = 1 << 20;

/// Longest id that is said back, in bytes.
const ID_BYTES_MAX: usize = 100;

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// What it is about.
    pub(crate) name: String,
    /// What it says.
    pub(crate) data: String,
}

/// Splits a stream into events.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    line: Vec<u8>,
    event: Event,
    /// The id of the last event that had one.
    last_id: Option<String>,
}

/// An event is larger than any of ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Splitter {
    /// The id of the last event that arrived.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Takes the next bytes; the events that end in them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut ended = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.event.data.len() > EVENT_BYTES_MAX {
                return Err(TooLarge);
            }
            if piece.ends_with(b"\n") {
                ended.extend(self.end_line());
            }
        }
        Ok(ended)
    }

    /// A field of the event, or the empty line that ends it.
    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return Some(std::mem::take(&mut self.event)).filter(|event| !event.data.is_empty());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "id" if value.len() <= ID_BYTES_MAX && value.bytes().all(|b| b.is_ascii_graphic()) => {
                self.last_id = Some(value.to_owned());
            }
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_however_the_bytes_arrive() {
        let stream = b"retry: 1000\n\nid: a-1\nevent: operations\ndata: {\"id\": 1}\r\n\n: alive\n\ndata: two\ndata:lines\nid: evil\r\n\n";
        let event = |name: &str, data: &str| Event { name: name.into(), data: data.into() };
        let whole = [event("operations", "{\"id\": 1}"), event("", "two\nlines")];
        for cut in 0..stream.len() {
            let mut splitter = Splitter::default();
            let mut found = splitter.take(&stream[..cut]).unwrap();
            found.extend(splitter.take(&stream[cut..]).unwrap());
            assert_eq!(found, whole, "cut at {cut}");
            assert_eq!(splitter.last_id(), Some("evil"));
        }
    }

    #[test]
    fn what_could_not_be_said_back_is_no_id() {
        let mut splitter = Splitter::default();
        splitter.take(b"id: a-1\n\nid: two words\n\n").unwrap();
        splitter.take(format!("id: {}\n\n", "x".repeat(200)).as_bytes()).unwrap();
        assert_eq!(splitter.last_id(), Some("a-1"));
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let piece = [b"data: ".as_slice(), &vec![b'x'; 64 << 10], b"\n"].concat();
        let mut splitter = Splitter::default();
        assert!((0..20).any(|_| splitter.take(&piece) == Err(TooLarge)));
        let mut splitter = Splitter::default();
        assert!((0..20).any(|_| splitter.take(&[b'x'; 64 << 10]) == Err(TooLarge)));
    }
}
