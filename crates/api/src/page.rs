//! Parts of lists: how many entries, from which cursor on. A cursor is what the part before answered as `next`.

use ktrdr_app::operations::PartRequest;
use ktrdr_app::{AppError, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::ask::invalid;
use crate::limits::ENTRIES;

/// What every list may be asked with.
pub(crate) const QUERY: &[(&str, &str)] = &[
    ("limit", "Entries of this part, 1 to 1000; 50 by default."),
    ("cursor", "What the part before answered as `next`."),
];

/// A part that is asked for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    #[serde(default = "entries")]
    pub(crate) limit: u32,
    #[serde(default, deserialize_with = "cursor")]
    pub(crate) cursor: Option<u64>,
}

pub(crate) fn entries() -> u32 {
    ENTRIES
}

/// `c1f`: told apart from any number that people might count with.
pub(crate) fn cursor<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    let position = text
        .strip_prefix('c')
        .filter(|digits| {
            digits.len() <= 16 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
        .and_then(|digits| u64::from_str_radix(digits, 16).ok());
    position
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom("the cursor is none that a list answered as `next`"))
}

/// A position as a cursor.
pub(crate) fn cursor_of(position: Option<u64>) -> Value {
    position.map_or(Value::Null, |position| format!("c{position:x}").into())
}

impl Page {
    pub(crate) fn check(self) -> Result<Self, AppError> {
        if (1..=1000).contains(&self.limit) {
            return Ok(self);
        }
        Err(invalid(format!("a part of a list has 1 to 1000 entries, not {}", self.limit)))
    }

    /// This part of a list that is read by position.
    pub(crate) fn behind(self) -> Result<PartRequest, AppError> {
        let Self { limit, cursor: after } = self.check()?;
        Ok(PartRequest { limit, after })
    }

    /// This part of a list that is here.
    pub(crate) fn of<T: Serialize>(self, name: &str, all: &[T]) -> Result<Value, AppError> {
        let Self { limit, cursor } = self.check()?;
        let begin = usize::try_from(cursor.unwrap_or(0)).unwrap_or(usize::MAX).min(all.len());
        let end = begin.saturating_add(limit as usize).min(all.len());
        let next = (end < all.len()).then_some(end as u64);
        let entries = serde_json::to_value(&all[begin..end])
            .map_err(|why| AppError::new(ErrorKind::InvalidInput, format!("the list is no JSON: {why}")))?;
        Ok(json!({ name: entries, "next": cursor_of(next), "total": all.len() }))
    }
}
