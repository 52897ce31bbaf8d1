//! How a store is opened.

use std::time::Duration;

use ktrdr_fabric::store::Topic;

use super::url::{Prefix, RedisUrl};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct RedisOptions {
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
    pub hears: Vec<Topic>,
    /// Longest wait for a connection, and for an answer.
    pub timeout: Duration,
    /// Where time comes from.
    pub clock: TimeSource,
}

/// Where the scripts get their time from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// The server's clock: one for all machines.
    Server,
    /// The key `clock` below the prefix, in Unix milliseconds: for tests, which own time.
    Key,
}

impl RedisOptions {
    /// The settings of production: five seconds are far above what any script takes, and short against a lease.
    #[must_use]
    pub fn new(url: RedisUrl) -> Self {
        Self {
            url,
            prefix: Prefix::default(),
            epoch: None,
            ca_pem: None,
            allow_plaintext: false,
            hears: Topic::ALL.to_vec(),
            timeout: Duration::from_secs(5),
            clock: TimeSource::Server,
        }
    }
}
