//! The fleet's engine: state in Redis, messages through RabbitMQ, artefacts where every machine reaches them.
//!
//! | module | idea |
//! |---|---|
//! | [`redis`] | rows, leases, outbox, ledger and registry: one Lua script per transition |
//! | [`amqp`] | publishing with confirms, consuming, dead letters |
//! | [`artifacts`] | bars, models, strategies and reports in a shared folder or in object storage, cached on each machine |
//! | [`topology`] | exchanges, queues, policies and users of the broker: from one file, applied and compared |
//! | [`acl`] | the Redis users the fleet needs, and no right more |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod acl;
pub mod amqp;
pub mod artifacts;
pub mod redis;
pub mod topology;
