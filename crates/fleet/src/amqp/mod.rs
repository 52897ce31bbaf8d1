//! The broker of the fleet: RabbitMQ, through the `lapin` crate, without its automatic recovery.
//!
//! A connection that breaks is rebuilt by the next call that needs it; a consumer that ends says so (`None`) and is
//! built anew by whoever consumes, with its back-off. Two connections per process, so that a broker that blocks
//! publishers (low on memory or disk) does not stop acknowledgements.
//!
//! | module | idea |
//! |---|---|
//! | `address` | where the broker is; never shows the password |
//! | `trust` | whom a connection trusts, and whether it may be read on the way |
//! | `connection` | one connection, rebuilt on demand |
//! | `transport` | the stream beneath a connection: plain or TLS |
//! | `message` | messages as they travel, and what is refused |
//! | `publisher` | a window of messages at a time, each confirmed |
//! | `consumer` | deliveries and their receipts; what can not be read becomes a dead letter |
//! | `acks` | what was delivered and is not settled; acknowledges together what is done together |
//! | `dead_letters` | what was given up: how it is kept, looked at and dropped |
//! | `facts` | what the process knows about its broker |
//! | `failure` | the library's errors in our words |

/// The name under which the client library logs.
pub const LIBRARY: &str = "lapin";

mod acks;
mod address;
mod broker;
mod connection;
mod consumer;
mod dead_letters;
mod facts;
mod failure;
mod message;
mod publisher;
mod transport;
mod trust;

pub use address::{AmqpUrl, BadUrl};
pub use broker::{AmqpBroker, AmqpSettings, QueueFacts};
pub use facts::BrokerFacts;
pub use trust::Trust;

pub(super) use connection::AmqpConnection;
pub(super) use failure::within;
