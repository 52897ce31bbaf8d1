//! One request: what it asks for, whether it may, and how its answer goes wrong.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::respond::{Pieces, no, plain, streamed};
use crate::rules;
use crate::state::State;
use crate::stream::event;

/// Largest request.
const REQUEST_BYTES_MAX: usize = 32 << 20;

/// What is asked of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Messages,
    Create,
    Look(String),
    Results(String),
    Cancel(String),
    Nowhere,
}

impl Route {
    fn of<T>(request: &Request<T>) -> Self {
        let path: Vec<&str> = request.uri().path().trim_start_matches('/').split('/').collect();
        match (request.method().as_str(), path.as_slice()) {
            ("POST", ["v1", "messages"]) => Self::Messages,
            ("POST", ["v1", "messages", "batches"]) => Self::Create,
            ("GET", ["v1", "messages", "batches", id]) => Self::Look((*id).to_owned()),
            ("GET", ["v1", "messages", "batches", id, "results"]) => Self::Results((*id).to_owned()),
            ("POST", ["v1", "messages", "batches", id, "cancel"]) => Self::Cancel((*id).to_owned()),
            _ => Self::Nowhere,
        }
    }
}

/// The response to one request.
pub(crate) async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Pieces>, Infallible> {
    let key = request.headers().get("x-api-key").and_then(|k| k.to_str().ok()).unwrap_or_default().to_owned();
    let has_version = request.headers().get("anthropic-version").is_some_and(|v| v == "2023-06-01");
    let route = Route::of(&request);
    let Some(body) = read(request.into_body()).await else { return Ok(no(413, "request too large", None)) };
    let (plan, fault) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = state.faults.pop_front().flatten().or_else(|| state.always.clone());
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        if !body.is_empty() {
            state.seen.push(request.clone());
        }
        let refused = match () {
            () if route == Route::Nowhere => Some((404, "not found".to_owned())),
            () if !has_version => Some((400, "anthropic-version: header is required".to_owned())),
            () if state.key.as_ref().is_some_and(|k| *k != key) => {
                Some((401, "invalid x-api-key".to_owned()))
            }
            () if route == Route::Messages => rules::check(&request, &state.thoughts).err(),
            () => None,
        };
        if let Some((status, words)) = refused {
            return Ok(no(status, &words, None));
        }
        match (&route, &fault) {
            (Route::Messages | Route::Nowhere, _) => (state.plan(&request, fault.as_ref()), fault),
            (_, None) => return Ok(state.of_batches(&route, &request)),
            (_, Some(_)) => (Vec::new(), fault),
        }
    };
    Ok(match fault {
        Some(Fault::Status(status, retry_after)) => no(status, "so it was planned", retry_after),
        Some(Fault::RepeatKey(false)) => no(400, &format!("the key {key} is odd"), None),
        Some(Fault::Page(status)) => plain(status, "<html>a page</html>"),
        Some(Fault::Redirect(to)) => {
            let mut response = plain(307, "");
            if let Ok(to) = to.parse() {
                response.headers_mut().insert("location", to);
            }
            response
        }
        Some(Fault::Html) => plain(200, "<html>a page</html>"),
        Some(Fault::RepeatKey(true)) => {
            let error = json!({"error": {"type": "api_error", "message": format!("the key {key} is odd")}});
            streamed(vec![event("error", &error)], None, state)
        }
        fault => streamed(plan, fault, state),
    })
}

async fn read(mut body: Incoming) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        all.extend_from_slice(&data);
        if all.len() > REQUEST_BYTES_MAX {
            return None;
        }
    }
    Some(all)
}
