//! What this process knows about its broker.

use std::sync::atomic::AtomicU64;

/// A look at the connections and the counters of one process, for `status`, `doctor` and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerFacts {
    /// Whether there is a connection for publishing. Without one the next publish connects.
    pub publishing: bool,
    /// Whether there is a connection for consuming.
    pub consuming: bool,
    /// Whether the broker takes nothing from us at present, because it is low on memory or disk. Work that was
    /// accepted waits in the outbox.
    pub blocked: bool,
    /// Acknowledgements that did not reach the broker; each is one more delivery that finds its work done.
    pub acks_lost: u64,
    /// Messages that could not be read and are dead letters now.
    pub dead_letters: u64,
    /// Messages that no queue wanted: the topology is incomplete.
    pub unroutable: u64,
    /// Messages that may or may not have arrived; they stay in the outbox.
    pub unknown: u64,
}

/// The counters behind the facts.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) acks_lost: AtomicU64,
    pub(super) dead_letters: AtomicU64,
    pub(super) unroutable: AtomicU64,
    pub(super) unknown: AtomicU64,
}
