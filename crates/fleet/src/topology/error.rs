//! Why the topology could not be read, applied or compared.

use super::Difference;
use ktrdr_fabric::broker::BrokerError;

/// What went wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// The file that is part of the program.
    #[error("queues/topology.toml can not be read: {0}")]
    File(String),
    /// A text that is no version.
    #[error("{0:?} is not a broker version: expected something like 3.10.8")]
    Version(String),
    /// A text that is no management URL.
    #[error("the management URL can not be used: {0}")]
    Url(&'static str),
    /// The virtual host belongs to another fleet.
    #[error(
        "the virtual host {vhost} belongs to another fleet, and this one is {fleet:?} (KTRDR_PREFIX): they would take each \
         other's messages. Use a virtual host for each; if the other fleet is gone for good, delete the exchanges \
         `ktrdr.fleet` and `ktrdr.fleet.…` there first ({why})"
    )]
    Owned {
        /// The virtual host.
        vhost: String,
        /// Who wants it.
        fleet: String,
        /// What the broker said, with the owner's name.
        why: String,
    },
    /// Passwords of users whom nobody has heard of.
    #[error("there is no user {unknown}; the users of the fleet are {known}: nothing was changed")]
    UnknownUsers {
        /// Their names.
        unknown: String,
        /// Who there is.
        known: String,
    },
    /// The broker itself.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The management interface can not be reached, or answered with something else.
    #[error("the broker's management interface at {at} could not {doing}: {why}")]
    Management {
        /// Host and port.
        at: String,
        /// What it was asked for.
        doing: String,
        /// Its answer.
        why: String,
    },
    /// A policy was accepted and does not act.
    #[error("{0}: is there another policy of higher priority? See `rabbitmqctl list_policies`")]
    PolicyWithoutEffect(Difference),
}
