//! An answer: a status and a JSON document, with an entity tag where it may be asked for again.

use std::marker::PhantomData;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::{OperationId, Sha256};
use serde::{Deserialize, Serialize};

/// Says of an answer that its request was carried out before.
const REPLAYED: header::HeaderName = header::HeaderName::from_static("idempotency-replayed");

/// A document, written, or what comes bit by bit.
enum Answer {
    Document(Bytes),
    Stream(Body),
}

/// What an endpoint answers: a `T`, written out. The description of the API tells what that looks like.
pub(crate) struct Reply<T = ()> {
    status: StatusCode,
    body: Answer,
    location: Option<String>,
    /// Operations that it began.
    began: Vec<OperationId>,
    cookie: Option<String>,
    /// Whether it was given before.
    is_repeated: bool,
    of: PhantomData<fn() -> T>,
}

/// As an answer is kept for whoever sends its request again.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    location: Option<String>,
    /// The document, as it was written.
    body: String,
}

impl<T: Serialize> Reply<T> {
    /// This.
    pub(crate) fn ok(answer: &T) -> Result<Self, AppError> {
        Ok(Self::new(StatusCode::OK, Answer::Document(written(answer)?)))
    }

    /// This, and work that goes on under `path`, below `/api/v1`.
    pub(crate) fn accepted(path: &str, answer: &T) -> Result<Self, AppError> {
        let reply = Self::new(StatusCode::ACCEPTED, Answer::Document(written(answer)?));
        Ok(Self { location: Some(format!("/api/v1{path}")), ..reply })
    }

    /// This, with a status of its own: of what is not ready.
    pub(crate) fn with_status(status: StatusCode, answer: &T) -> Result<Self, AppError> {
        Ok(Self::new(status, Answer::Document(written(answer)?)))
    }
}

impl<T> Reply<T> {
    /// What was written before, and is the same for everybody.
    pub(crate) fn written(document: Bytes) -> Self {
        Self::new(StatusCode::OK, Answer::Document(document))
    }

    fn new(status: StatusCode, body: Answer) -> Self {
        let (location, began, cookie) = (None, Vec::new(), None);
        Self { status, body, location, began, cookie, is_repeated: false, of: PhantomData }
    }

    /// The same for those who pass it on, whatever it says.
    pub(crate) fn of_anything(self) -> Reply {
        let Self { status, body, location, began, cookie, is_repeated, of: _ } = self;
        Reply { status, body, location, began, cookie, is_repeated, of: PhantomData }
    }

    /// Events, as they come.
    pub(crate) fn events(stream: Body) -> Self {
        Self::new(StatusCode::OK, Answer::Stream(stream))
    }

    /// The same, and these operations were begun.
    pub(crate) fn beginning(self, began: &[OperationId]) -> Self {
        Self { began: began.to_vec(), ..self }
    }

    /// The same with a cookie.
    pub(crate) fn cookie(self, cookie: String) -> Self {
        Self { cookie: Some(cookie), ..self }
    }
}

impl Reply {
    /// What was begun by it now, and not when it came first.
    pub(crate) fn began(&self) -> &[OperationId] {
        &self.began
    }

    /// As it is kept; `None`: it is good once.
    pub(crate) fn kept(&self) -> Option<String> {
        let Answer::Document(body) = &self.body else { return None };
        let body = String::from_utf8(body.to_vec()).ok()?;
        let (status, location) = (self.status.as_u16(), self.location.clone());
        serde_json::to_string(&Kept { status, location, body }).ok().filter(|_| self.cookie.is_none())
    }

    /// What was answered before, from where it was kept.
    pub(crate) fn again(kept: &str) -> Result<Self, AppError> {
        let unreadable = |why: &dyn std::fmt::Display| {
            AppError::new(ErrorKind::InvalidInput, format!("the first answer can not be read: {why}"))
        };
        let Kept { status, location, body } = serde_json::from_str(kept).map_err(|why| unreadable(&why))?;
        let status = StatusCode::from_u16(status).map_err(|why| unreadable(&why))?;
        Ok(Self { location, is_repeated: true, ..Self::new(status, Answer::Document(body.into())) })
    }

    /// What came of it, for the audit log.
    pub(crate) fn outcome(&self) -> String {
        let again = if self.is_repeated { ", as before" } else { "" };
        format!("{}{again}", self.status.as_u16())
    }

    /// As a response to a request with these headers. Whoever reads and has the same answer already is told so, and no more.
    pub(crate) fn into_response(self, is_read: bool, asked: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
        let bytes = match self.body {
            Answer::Document(document) => document,
            Answer::Stream(stream) => {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                *response.body_mut() = stream;
                return response;
            }
        };
        if is_read && self.status == StatusCode::OK {
            let tag = format!("\"{}\"", &Sha256::of(&bytes).to_string()[..32]);
            let is_known = asked.get_all(header::IF_NONE_MATCH).iter().any(|known| names(known, &tag));
            insert(headers, header::ETAG, &tag);
            if is_known {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                return response;
            }
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.location.iter().for_each(|place| insert(headers, header::LOCATION, place));
        self.cookie.iter().for_each(|cookie| insert(headers, header::SET_COOKIE, cookie));
        if self.is_repeated {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        *response.body_mut() = Body::from(bytes);
        response
    }
}

/// Whether a list of entity tags has this one.
fn names(known: &HeaderValue, tag: &str) -> bool {
    known.to_str().is_ok_and(|list| {
        list.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
    })
}

/// What is no header is left out: everything here is made of names that are checked.
fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn written(answer: &impl Serialize) -> Result<Bytes, AppError> {
    serde_json::to_vec(answer)
        .map(Bytes::from)
        .map_err(|why| AppError::new(ErrorKind::InvalidInput, format!("the answer is no JSON: {why}")))
}
