//! Hints: what wakes up those who wait for something in the store.

use ktrdr_domain::OperationId;

/// A hint about the store, for waking up; never the truth. Receivers that lag treat it as [`StoreHint::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StoreHint {
    /// The outbox has entries.
    Outbox,
    /// A running operation was asked to stop.
    Cancel(OperationId),
    /// This row changed (status or progress).
    Changed(OperationId),
    /// Operators ask something of the workers ([`crate::registry`]).
    Control,
    /// Something changed that this process did not do: read again whatever you wait for.
    Unknown,
}

/// What hints are about: whoever opens a store says which ones it needs. An engine may give more than was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// [`StoreHint::Cancel`]: for workers.
    Cancel,
    /// [`StoreHint::Control`]: for workers.
    Control,
    /// [`StoreHint::Outbox`]: for relays.
    Outbox,
    /// [`StoreHint::Changed`]: for whoever follows operations.
    Changed,
}

impl Topic {
    /// Everything there is to hear.
    pub const ALL: [Self; 4] = [Self::Cancel, Self::Control, Self::Outbox, Self::Changed];
}
