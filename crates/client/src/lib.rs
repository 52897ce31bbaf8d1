//! A client of the HTTP API. It has the [use cases](UseCases) of the application floor that answers behind the API, so that whoever
//! asks need not know whether that is in this process.
//!
//! | | file |
//! |---|---|
//! | the server: its address, the token, whom to trust | [`server`] |
//! | one request and its answer, within sizes and times; repeated where that does no harm | [`exchange`] |
//! | what the server says against a request | [`problem`] |
//! | lists, part by part | [`lists`] |
//! | hearing what changes | [`listener`] |
//! | which request each use case is, by noun | [`jobs`], [`research`], [`nights`], [`library`], [`rows`], [`workforce`], [`knowledge`], [`use_cases`] |
//!
//! The server is not trusted: what it answers is bounded and typed, and nothing it says leads the token elsewhere.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod events;
mod exchange;
mod jobs;
mod knowledge;
mod library;
mod listener;
mod lists;
mod nights;
mod problem;
mod request;
mod research;
mod rows;
mod server;
mod use_cases;
mod workforce;

use std::sync::Arc;

use ktrdr_app::AppError;
#[cfg(doc)]
use ktrdr_app::UseCases;

use exchange::Exchange;
pub use server::Server;

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    exchange: Arc<Exchange>,
}

impl Client {
    /// A client of this server. Nothing is asked yet.
    ///
    /// # Errors
    /// When no TLS can be had, or a certificate is none.
    pub fn new(server: Server) -> Result<Self, AppError> {
        Ok(Self { exchange: Arc::new(Exchange::new(server)?) })
    }

    /// The server, for people.
    #[must_use]
    pub fn place(&self) -> String {
        self.exchange.server().to_string()
    }
}
