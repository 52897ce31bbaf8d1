//! The fleet's engine: state in Redis, messages through RabbitMQ.
//!
//! | module | idea |
//! |---|---|
//! | [`redis`] | rows, leases, outbox, ledger and presence: one Lua script per transition |
//! | [`amqp`] | publishing with confirms, consuming, dead letters |
//! | [`topology`] | exchanges, queues, policies and users of the broker: from one file, applied and compared |
//! | [`acl`] | the Redis users the fleet needs, and no right more |

pub mod acl;
pub mod amqp;
pub mod redis;
pub mod topology;
