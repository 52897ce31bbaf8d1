//! Health: alive, ready. For supervisors and balancers, which show nothing.

use axum::http::StatusCode;
use serde_json::json;

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

async fn live(_: Ask) -> Answered {
    Reply::ok(&json!({ "status": "live", "version": env!("CARGO_PKG_VERSION") }))
}

async fn ready(ask: Ask) -> Answered {
    let is_ready = ask.app.is_ready().await;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Reply::with_status(status, &json!({ "ready": is_ready }))
}

async fn health(ask: Ask) -> Answered {
    Reply::ok(&ask.app.readiness().await)
}

async fn description(_: Ask) -> Answered {
    Reply::ok(&openapi::describe(&super::all()))
}
