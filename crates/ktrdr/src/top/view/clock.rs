//! Times as somebody wants them: how long ago, or when.

use crate::describe;
use crate::times::{TimeFormat, iso};
use crate::top::model::Model;

/// The time by which the screen is drawn, and how times are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    now_ms: i64,
    is_iso: bool,
}

impl Clock {
    pub(super) fn of(model: &Model) -> Self {
        Self { now_ms: model.now_ms(), is_iso: model.times == Some(TimeFormat::Iso) }
    }

    /// Whether times say when.
    pub(super) fn is_iso(self) -> bool {
        self.is_iso
    }

    /// How wide a column of times is.
    pub(super) fn width(self) -> u16 {
        if self.is_iso { 20 } else { 7 }
    }

    /// The same of two heads: what a time is, and what its age is.
    pub(super) fn title(self, when: &'static str, age: &'static str) -> &'static str {
        if self.is_iso { when } else { age }
    }

    /// For a column.
    pub(super) fn cell(self, at_ms: i64) -> String {
        if self.is_iso { iso(at_ms) } else { self.lasting(at_ms) }
    }

    /// In a sentence.
    pub(super) fn ago(self, at_ms: i64) -> String {
        if self.is_iso { iso(at_ms) } else { format!("{} ago", self.lasting(at_ms)) }
    }

    /// For how long, whatever is asked for: by the clock that told both.
    pub(super) fn lasting(self, from_ms: i64) -> String {
        // Between two looks the store's clock is known to a few milliseconds only.
        describe::age(self.now_ms.max(from_ms), from_ms)
    }
}
