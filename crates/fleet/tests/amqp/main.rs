//! The fleet's broker against a real RabbitMQ. Each test has a virtual host of its own.
//!
//! `eval "$(scripts/services start)"`, then `cargo test -p ktrdr-fabric --test amqp -- --ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod administering;
mod consuming;
mod dead_letters;
mod encryption;
mod outages;
mod publishing;
mod reading;
mod roles;
mod vhost;
mod world;
