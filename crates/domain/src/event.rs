//! The message that hints that an operation ended. The row says how it really ended.

use serde::{Deserialize, Serialize};

use crate::id::OperationId;
use crate::kind::Kind;
use crate::status::EndStatus;

/// An end, as announced. May be lost, doubled, late or reordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What ended.
    pub operation: OperationId,
    /// Its kind.
    pub kind: Kind,
    /// Its cycle, when it belongs to one.
    pub root: Option<OperationId>,
    /// How it ended.
    pub status: EndStatus,
    /// The attempt that ended it; for log lines.
    pub fence: u64,
    /// Published again by a sweep, because the first may have been lost.
    #[serde(default)]
    pub again: bool,
}

impl Event {
    /// `op.<kind>.<status>`
    #[must_use]
    pub fn routing_key(&self) -> String {
        format!("op.{}.{}", self.kind, self.status)
    }
}
