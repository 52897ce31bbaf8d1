//! The worker, relay and sweeper over the embedded engine: what happens when things go well, and when they do not.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod cancel;
mod control;
mod devices;
mod drain;
mod ends;
#[path = "../../../fabric/tests/support/layer.rs"]
mod layer;
mod losses;
mod lost_messages;
mod rabbitmq;
mod registry;
mod relay;
mod suspects;
mod unruly;
// Asks the management interface through reqwest, whose TLS wants a provider of rustls.
#[path = "../../../fleet/tests/amqp/vhost.rs"]
mod vhost;
mod world;
