//! The fleet's engine: state in Redis, messages through RabbitMQ.
//!
//! | module | idea |
//! |---|---|
//! | [`redis`] | rows, leases, outbox, ledger and presence: one Lua script per transition |
//! | [`acl`] | the Redis users the fleet needs, and no right more |

pub mod acl;
pub mod redis;
