//! Requests of the API.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::labels::answer_seconds;

/// Combinations of route, method and class of answer that are counted apart. There are more than this many, and somebody who
/// tries everything would make a series of each: what comes later is counted together.
const REQUESTS_TOLD_APART: usize = 30;

/// What all further ones are.
const OTHER: &str = "other";

/// One request, as it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The path with the names of its parameters in place of what stands there.
    pub route: &'static str,
    /// How it was asked.
    pub method: &'static str,
    /// The status of its answer.
    pub status: u16,
    /// Until the answer began.
    pub took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    method: &'static str,
    /// Its class, such as `4xx`.
    status: &'static str,
}

/// What the API was asked.
pub(crate) struct Http {
    requests: Family<Answered, Counter>,
    told_apart: Mutex<HashSet<Answered>>,
    took: Histogram,
}

impl Http {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let http = Self { requests: Family::default(), told_apart: Mutex::default(), took: answer_seconds() };
        registry.register("http_server_requests", "Requests that were answered", http.requests.clone());
        registry.register(
            "http_server_request_duration_seconds",
            "From a request to the beginning of its answer",
            http.took.clone(),
        );
        http
    }

    pub(crate) fn answered(&self, request: &Request) {
        let Request { route, method, status, took } = *request;
        let status = match status {
            100..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        let exactly = Answered { route, method, status };
        let mut told_apart = self.told_apart.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told = told_apart.contains(&exactly)
            || (told_apart.len() < REQUESTS_TOLD_APART && told_apart.insert(exactly));
        drop(told_apart);
        let labels = if is_told { exactly } else { Answered { route: OTHER, ..exactly } };
        self.requests.get_or_create(&labels).inc();
        self.took.observe(took.as_secs_f64());
    }
}
