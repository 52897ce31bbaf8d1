//! The names that a strategy gives to its indicators, fuzzy sets and members.

use crate::strategy::cursor::{Cursor, MapReader};
use crate::strategy::diagnostic::{Diagnostics, shown};
use crate::strategy::field::{ID_CHARS_MAX, RESERVED_IDS};

/// The entries of a map from ids to things, at most `most`, their ids checked.
pub(super) fn named<'s, 'n>(
    map: &'s MapReader<'n>,
    most: usize,
    what: &str,
    out: &mut Diagnostics,
) -> Vec<(&'n str, &'s Cursor<'n>)> {
    let entries: Vec<_> = map.rest().collect();
    if entries.is_empty() || entries.len() > most {
        map.cursor.error(out, format!("there are {} {what}", entries.len()), format!("keep 1 to {most}"));
    }
    for (id, cursor) in entries.iter().take(most) {
        if RESERVED_IDS.iter().any(|r| r.eq_ignore_ascii_case(id)) {
            cursor.error(
                out,
                format!("{id:?} is the name of a bar field"),
                "choose another id, such as my_close",
            );
        }
        check(id, cursor, out);
    }
    entries.into_iter().take(most).collect()
}

/// `^[a-zA-Z][a-zA-Z0-9_-]*$`, at most 64 characters.
pub(super) fn check(id: &str, cursor: &Cursor<'_>, out: &mut Diagnostics) {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let fits =
        id.len() <= ID_CHARS_MAX && id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.bytes().all(word);
    if !fits {
        let fix = format!("use 1 to {ID_CHARS_MAX} letters, digits, '_' or '-', starting with a letter");
        cursor.error(out, format!("{} can not be used as a name", shown(id)), fix);
    }
}
