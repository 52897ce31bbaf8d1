//! What the fleet needs on the broker: exchanges, queues, bindings, policies and users, read from
//! `queues/topology.toml`, which is part of the program.
//!
//! | module | idea |
//! |---|---|
//! | `file` | the file as types |
//! | `policy` | what a policy says to which version of the broker |
//! | `user` | the users, and the least each of them needs |
//! | `definitions` | all of it as the broker's own import format |
//! | `administration` | `apply` and `diff` on a running broker |
//! | `declare`, `management` | its two ways to the broker |
//! | `owner` | which fleet the virtual host belongs to |
//! | `bindings` | bindings that are none of ours |
//! | `operator_policy` | what the broker's operator has laid over our policies |
//! | `difference` | one thing that is missing or otherwise |

mod administration;
mod bindings;
mod declare;
mod definitions;
mod difference;
mod error;
mod file;
mod management;
mod operator_policy;
pub(crate) mod owner;
mod policy;
mod user;
mod version;

pub use administration::{Administration, Applied, Removed};
pub use difference::Difference;
pub use error::TopologyError;
pub use file::{Exchange, ExchangeType, Policy, QueueRow, Topology};
pub use management::ManagementUrl;
pub use user::{Passwords, User};
pub use version::BrokerVersion;

use ktrdr_fabric::broker::Queue;

/// The exchange of job messages; the routing key is the kind, with `.<device>` where the job waits for one.
pub const JOBS: &str = "ktrdr.jobs";
/// The exchange of events; the routing key is `op.<kind>.<status>`.
pub const EVENTS: &str = "ktrdr.events";
/// The exchange of dead letters.
pub const DEAD_LETTERS: &str = "ktrdr.dlx";
/// The queue of dead letters.
pub const DEAD_LETTER_QUEUE: &str = "ktrdr.dlq";

/// The name of a queue on the broker.
#[must_use]
pub fn queue_name(queue: Queue) -> String {
    match queue {
        Queue::Jobs(kind) => format!("{JOBS}.{kind}"),
        Queue::Pinned(kind, class) => format!("{JOBS}.{kind}.{class}"),
        Queue::OrchestratorEvents => format!("{EVENTS}.orchestrator"),
    }
}
