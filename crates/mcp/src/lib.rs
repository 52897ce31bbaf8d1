//! The Model Context Protocol, over stdio and over HTTP: what the application floor answers, as tools and resources for language models.
//!
//! | part | what it does | file |
//! |---|---|---|
//! | [`serve`], [`http`] | talks to one client until it goes; answers many by HTTP | here |
//! | | protocol in, requests of the application floor out | `server` |
//! | | every tool: its words, its arguments, its hints, its function | `tools` |
//! | | the same answers under addresses | `resources` |
//! | | long work as tasks of the protocol: a task is an operation | `tasks` |
//! | | what of an answer a model may see | `view` |
//! | | the sizes of everything that comes in and goes out | `limits` |
//!
//! A model sees what a designer may know: every figure of dev; of an exam whether it was passed and what stopped it, in one
//! word; of the vault nothing, and no tool opens it. [`Access::show_exam`] is a person's word to the contrary.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod limits;
mod resources;
mod server;
mod tasks;
mod tools;
mod view;

use std::sync::Arc;

use ktrdr_app::App;
use ktrdr_domain::scope::Scope;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, ServiceExt};
use serde_json::Value;

use server::Server;

/// What a client may do and see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// What its tools may do: read; start and stop work; or also make, pause and delete schedules.
    pub scope: Scope,
    /// Whether figures of exams are shown.
    pub show_exam: bool,
}

impl Default for Access {
    /// It reads.
    fn default() -> Self {
        Self { scope: Scope::Viewer, show_exam: false }
    }
}

/// Why the server ended otherwise than by its client's going.
#[derive(Debug, thiserror::Error)]
#[error("the client could not be served: {0}")]
pub struct ServeError(String);

/// Serves the client at this process's standard input and output, until it closes them.
///
/// # Errors
/// When it does not speak the protocol.
pub async fn serve(app: App, access: Access) -> Result<(), ServeError> {
    let refused = |why: &dyn std::fmt::Display| ServeError(why.to_string());
    let transport = AsyncRwTransport::new_server(tokio::io::stdin(), tokio::io::stdout())
        .with_max_line_length(limits::REQUEST_BYTES_MAX);
    let running = Server::new(app, access).serve(transport).await.map_err(|why| refused(&why))?;
    running.waiting().await.map_err(|why| refused(&why))?;
    Ok(())
}

/// A service that answers clients over HTTP, each request for itself: nothing is remembered between two of them, so that any of
/// several processes may answer.
#[must_use]
pub fn http(app: App, access: Access) -> StreamableHttpService<impl ServerHandler, NeverSessionManager> {
    // Whoever mounts it knows its hosts, and has checked them.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts();
    let make = move || Ok(Server::new(app.clone(), access));
    StreamableHttpService::new(make, Arc::new(NeverSessionManager::default()), config)
}

/// Every tool that a client with such access is told of, as the protocol lists them.
#[must_use]
pub fn listed(access: Access) -> Vec<Value> {
    tools::listed(access).map(|tool| serde_json::to_value(tool).unwrap_or_default()).collect()
}
