//! A request that was answered, for whoever counts them: in words of closed sets, and nothing that its sender wrote.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Response};

use crate::exposition::METRICS;
use crate::service::MCP;

/// Is told of requests that were answered.
pub type Watch = Arc<dyn Fn(&Answered) + Send + Sync>;

/// A request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// Its path below `/api/v1`, with names in place of what stands for them, such as `/operations/{operation}`; `other` where
    /// there is nothing.
    pub route: &'static str,
    /// How it was asked.
    pub method: &'static str,
    /// The status of its answer.
    pub status: u16,
    /// Until the answer began: a stream may go on.
    pub took: Duration,
}

/// The endpoint that answered, told beside its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route(pub(crate) &'static str);

impl Answered {
    pub(crate) fn new(method: &Method, path: &str, response: &Response<Body>, took: Duration) -> Self {
        let of_table = response.extensions().get::<Route>().map(|route| route.0);
        let beside = [METRICS, MCP].into_iter().find(|beside| *beside == path);
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::DELETE => "DELETE",
            _ => "other",
        };
        let route = of_table.or(beside).unwrap_or("other");
        Self { route, method, status: response.status().as_u16(), took }
    }
}
