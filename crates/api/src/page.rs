//! Parts of lists: how many entries, from which cursor on. A cursor is what the part before answered as `next`.

use std::borrow::Cow;

use ktrdr_app::AppError;
use ktrdr_app::ledger::Part;
use ktrdr_app::operations::PartRequest;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ask::invalid;
use crate::form;
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

/// A position in a list, as the list tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor(pub(crate) u64);

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("c{:x}", self.0))
    }
}

impl JsonSchema for Cursor {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": form::CURSOR })
    }
}

/// A part of a list, whatever it is a list of.
pub(crate) struct Cut<T> {
    pub(crate) entries: Vec<T>,
    pub(crate) next: Option<u64>,
    pub(crate) total: u64,
}

impl<T> From<Part<T>> for Cut<T> {
    /// A cursor of the ledger says how many entries come behind.
    fn from(Part { entries, behind, total }: Part<T>) -> Self {
        Self { entries, next: (behind > 0).then_some(behind), total }
    }
}

/// Declares how a part of a list is told: under the name of what it is a list of.
macro_rules! told_list {
    ($(#[$about:meta])* $visible:vis struct $name:ident { $(#[$words:meta])* $field:ident: $entry:ty }) => {
        $(#[$about])*
        #[derive(serde::Serialize, schemars::JsonSchema)]
        $visible struct $name {
            $(#[$words])*
            $field: Vec<$entry>,
            /// Where the next part begins, if there may be one: the `cursor` to ask for it with.
            next: Option<$crate::page::Cursor>,
            /// How many entries there are in all.
            total: u64,
        }

        impl From<$crate::page::Cut<$entry>> for $name {
            fn from(part: $crate::page::Cut<$entry>) -> Self {
                Self { $field: part.entries, next: part.next.map($crate::page::Cursor), total: part.total }
            }
        }
    };
}
pub(crate) use told_list;

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
    pub(crate) fn of<T>(self, mut all: Vec<T>) -> Result<Cut<T>, AppError> {
        let Self { limit, cursor } = self.check()?;
        let total = all.len();
        let begin = usize::try_from(cursor.unwrap_or(0)).unwrap_or(usize::MAX).min(total);
        let end = begin.saturating_add(limit as usize).min(total);
        all.truncate(end);
        let next = (end < total).then_some(end as u64);
        Ok(Cut { entries: all.split_off(begin), next, total: total as u64 })
    }
}
