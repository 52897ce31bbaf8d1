//! What a browser is answered.

use askama::Template;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use ktrdr_app::{AppError, ErrorKind};

use crate::ask::Ask;
use crate::shell::{Section, Shell};

/// Nothing but our own files is loaded or run, and forms lead here alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A report brings its one style sheet with it, and names it by its hash: that narrows this further.
const POLICY_OF_REPORTS: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// An answer.
pub(crate) enum Answer {
    /// A page.
    Page(StatusCode, String),
    /// Another page, after a deed.
    To(String),
    /// A page that needs nothing else.
    Report(String),
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    shell: Shell,
    why: &'a AppError,
    next: &'static str,
}

impl Answer {
    /// A page that is as it should be.
    pub(crate) fn page(page: &impl Template) -> Result<Self, AppError> {
        Ok(Self::Page(StatusCode::OK, rendered(page)?))
    }

    /// Why nothing else is shown.
    pub(crate) fn problem(ask: &Ask, why: &AppError) -> Self {
        let (status, next) = of(why.kind);
        let shell = Shell::new(ask, Section::None, "Not possible");
        // What passes is looked at again as soon as anything is heard.
        let shell =
            if status == StatusCode::SERVICE_UNAVAILABLE { shell.live("operations queues") } else { shell };
        let page = ProblemPage { shell, why, next };
        Self::Page(status, page.render().unwrap_or_else(|_| why.message.clone()))
    }

    pub(crate) fn into_response(self) -> Response<Vec<u8>> {
        match self {
            Self::Page(status, html) => response(status, POLICY, html),
            Self::Report(html) => response(StatusCode::OK, POLICY_OF_REPORTS, html),
            Self::To(place) => {
                let mut response = response(StatusCode::SEE_OTHER, POLICY, String::new());
                let place = HeaderValue::from_str(&place).unwrap_or(HeaderValue::from_static("/"));
                response.headers_mut().insert(header::LOCATION, place);
                response
            }
        }
    }
}

/// A page as text.
pub(crate) fn rendered(page: &impl Template) -> Result<String, AppError> {
    page.render()
        .map_err(|why| AppError::new(ErrorKind::InvalidInput, format!("the page can not be made: {why}")))
}

/// Pages are read, and deeds are posted.
pub(crate) fn no_such_method() -> Response<Vec<u8>> {
    let mut response =
        response(StatusCode::METHOD_NOT_ALLOWED, POLICY, "pages take GET, HEAD and POST alone".into());
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

/// What was made of a request for nobody in particular to keep.
pub(crate) fn response(status: StatusCode, policy: &'static str, html: String) -> Response<Vec<u8>> {
    let mut response = Response::new(html.into_bytes());
    *response.status_mut() = status;
    let headers: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, policy),
        // Forms have to say that they come from here: without any referrer a browser does not.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page for whoever was not let in.
pub(crate) fn stranger(status: StatusCode, page: &impl Template) -> Response<Vec<u8>> {
    response(status, POLICY, page.render().unwrap_or_default())
}

/// The status of an error, and what to do next.
fn of(kind: ErrorKind) -> (StatusCode, &'static str) {
    match kind {
        ErrorKind::InvalidRequest => (StatusCode::BAD_REQUEST, "Go back, and mend what the message names."),
        ErrorKind::InvalidInput => {
            (StatusCode::UNPROCESSABLE_ENTITY, "What is named there is faulty; mend it, then try again.")
        }
        ErrorKind::NotFound => {
            (StatusCode::NOT_FOUND, "The lists have what there is; what ended long ago may have been pruned.")
        }
        ErrorKind::Conflict | ErrorKind::OperationFailed | ErrorKind::OperationCancelled => (
            StatusCode::CONFLICT,
            "Something changed meanwhile: look at how it stands now, then decide again.",
        ),
        ErrorKind::Refused | ErrorKind::VaultClosed | ErrorKind::WindowBurnt => {
            (StatusCode::FORBIDDEN, "A rule forbids it, or your token does not reach so far.")
        }
        ErrorKind::Unreachable | ErrorKind::StoreLost => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Start the store again; this page comes back by itself. `ktrdr doctor` tells more.",
        ),
        ErrorKind::Files => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Look at the disk, and at the log of this process.")
        }
    }
}
