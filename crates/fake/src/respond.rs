//! Responses: whole, piece by piece as a fault says, or broken off.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::Response;
use hyper::body::{Body, Bytes, Frame};
use serde_json::json;
use tokio::sync::mpsc;

use crate::fault::Fault;
use crate::state::State;
use crate::stream::event;

/// The body of a response, as it comes.
pub(crate) struct Pieces(mpsc::Receiver<Result<Bytes, io::Error>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// Sends events one by one, as the fault says; notes when nobody wants them any more.
pub(crate) fn streamed(
    events: Vec<String>,
    fault: Option<Fault>,
    state: Arc<Mutex<State>>,
) -> Response<Pieces> {
    let (pieces, body) = mpsc::channel(1);
    tokio::spawn(async move {
        let wanted = send(&pieces, events, fault.as_ref()).await;
        if !wanted {
            state.lock().unwrap_or_else(PoisonError::into_inner).dropped += 1;
        }
    });
    response(200, "text/event-stream", Pieces(body))
}

async fn send(
    pieces: &mpsc::Sender<Result<Bytes, io::Error>>,
    events: Vec<String>,
    fault: Option<&Fault>,
) -> bool {
    if fault == Some(&Fault::Silent) {
        pieces.closed().await;
        return false;
    }
    for (at, text) in events.into_iter().enumerate() {
        match fault {
            Some(Fault::Slow(pause)) => tokio::select! {
                () = tokio::time::sleep(*pause) => {}
                () = pieces.closed() => return false,
            },
            Some(Fault::Cut(after)) if at == *after => {
                return pieces.send(Err(io::Error::other("cut"))).await.is_ok();
            }
            Some(Fault::ErrorAfter(after, kind)) if at == *after => {
                let error = event("error", &json!({"error": {"type": kind, "message": "so it was planned"}}));
                return pieces.send(Ok(Bytes::from(error))).await.is_ok();
            }
            _ => {}
        }
        if pieces.send(Ok(Bytes::from(text))).await.is_err() {
            return false;
        }
    }
    true
}

/// An error of the contract.
pub(crate) fn no(status: u16, words: &str, retry_after: Option<f64>) -> Response<Pieces> {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    let body = json!({"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_fake"});
    let mut response = plain(status, &body.to_string());
    let headers = response.headers_mut();
    headers.insert("request-id", hyper::header::HeaderValue::from_static("req_fake"));
    if let Some(seconds) = retry_after.and_then(|s| s.to_string().parse().ok()) {
        headers.insert("retry-after", seconds);
    }
    response
}

/// A body that breaks off.
pub(crate) fn cut(body: &str) -> Response<Pieces> {
    let (pieces, receiver) = mpsc::channel(2);
    let _ = pieces.try_send(Ok(Bytes::from(body.to_owned())));
    let _ = pieces.try_send(Err(io::Error::other("cut")));
    response(200, "application/x-jsonl", Pieces(receiver))
}

pub(crate) fn plain(status: u16, body: &str) -> Response<Pieces> {
    let (pieces, receiver) = mpsc::channel(1);
    let _ = pieces.try_send(Ok(Bytes::from(body.to_owned())));
    response(status, "application/json", Pieces(receiver))
}

fn response(status: u16, kind: &'static str, body: Pieces) -> Response<Pieces> {
    let mut response = Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(kind));
    response
}
