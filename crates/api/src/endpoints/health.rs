//! Health: alive, ready. For supervisors and balancers, which show nothing.

use axum::http::StatusCode;
use ktrdr_app::readiness::Readiness;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::openapi;
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/health/live", "live", live).open().says("Whether this process answers."),
        Endpoint::get("/health/ready", "ready", ready)
            .open()
            .says("Whether requests are answered: 503 while the store can not be reached."),
        Endpoint::get("/health", "health", health)
            .says("What has to be there, and whether it is, with what to do about it."),
        Endpoint::get("/openapi.json", "openapi", description).says("This description: OpenAPI 3.1."),
    ]
}

/// A process that answers.
#[derive(Serialize, JsonSchema)]
struct Live {
    /// `live`
    status: &'static str,
    /// The version of ktrdr.
    version: &'static str,
}

async fn live(_: Ask) -> Answered<Live> {
    Reply::ok(&Live { status: "live", version: env!("CARGO_PKG_VERSION") })
}

/// Whether requests are answered.
#[derive(Serialize, JsonSchema)]
struct Ready {
    /// They are.
    ready: bool,
}

async fn ready(ask: Ask) -> Answered<Ready> {
    let is_ready = ask.app.is_ready().await;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Reply::with_status(status, &Ready { ready: is_ready })
}

async fn health(ask: Ask) -> Answered<Readiness> {
    Reply::ok(&ask.app.readiness().await)
}

/// A document of OpenAPI 3.1.
#[derive(Serialize, JsonSchema)]
struct Description {
    /// The version of OpenAPI.
    openapi: String,
    /// What this is.
    info: Map<String, Value>,
    /// Every path, with what may be asked of it and what it answers.
    paths: Map<String, Value>,
    /// What requests and answers look like, and how callers say who they are.
    components: Map<String, Value>,
}

async fn description(_: Ask) -> Answered<Description> {
    Ok(Reply::written(openapi::WRITTEN.clone()))
}
