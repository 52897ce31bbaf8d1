//! How a store is opened.

use std::time::Duration;

use super::url::{Prefix, RedisUrl};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server is.
    pub url: RedisUrl,
    /// What all keys begin with. Several fleets may share one server.
    pub prefix: Prefix,
    /// Certificate of the authority that signed the server's, in PEM; the system's where there is none.
    pub ca_pem: Option<String>,
    /// The epoch that is remembered of it: another store, or an empty one, is refused. `None`: whatever is there.
    pub epoch: Option<String>,
    /// Whether rows and password may travel unencrypted to another machine.
    pub allow_plaintext: bool,
    /// The hints this process needs. Everyone who hears what nobody waits for costs the server a message each time.
    pub hears: Vec<Channel>,
    /// Longest wait for a connection, and for an answer.
    pub patience: Duration,
    /// Where time comes from.
    pub clock: Clock,
}

/// What hints are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// [`StoreHint::Cancel`](ktrdr_fabric::store::StoreHint::Cancel): for workers.
    Cancel,
    /// [`StoreHint::Control`](ktrdr_fabric::store::StoreHint::Control): for workers.
    Control,
    /// [`StoreHint::Outbox`](ktrdr_fabric::store::StoreHint::Outbox): for relays.
    Outbox,
    /// [`StoreHint::Changed`](ktrdr_fabric::store::StoreHint::Changed): for whoever follows operations.
    Changed,
}

impl Channel {
    /// Everything there is to hear.
    pub const ALL: [Self; 4] = [Self::Cancel, Self::Control, Self::Outbox, Self::Changed];

    /// Below the prefix.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Control => "control",
            Self::Outbox => "outbox",
            Self::Changed => "changed",
        }
    }
}

/// Where the scripts get their time from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The server's clock: one for all machines.
    Server,
    /// The key `clock` below the prefix, in Unix milliseconds: for tests, which own time.
    Key,
}

impl Options {
    /// The settings of production: five seconds are far above what any script takes, and short against a lease.
    #[must_use]
    pub fn new(url: RedisUrl) -> Self {
        Self {
            url,
            prefix: Prefix::default(),
            epoch: None,
            ca_pem: None,
            allow_plaintext: false,
            hears: Channel::ALL.to_vec(),
            patience: Duration::from_secs(5),
            clock: Clock::Server,
        }
    }
}
