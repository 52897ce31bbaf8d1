//! One request and its answer, within sizes and times. What was cut is said again where that does no harm: for a while, and only to a
//! server that answered this process before; one that was never reached is told at once.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ktrdr_app::{AppError, ErrorKind};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Response, StatusCode};

use crate::problem::refusal;
use crate::request::{Body, Request};
use crate::server::Server;

/// Largest answer, in bytes: a report with every trade has a few megabytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Most bytes of a refusal that are read.
const REFUSAL_BYTES_MAX: usize = 64 << 10;

/// How long to wait for a connection, and for one answer in all: a server works on a request for at most a minute, and takes as
/// long for a file again.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
const ANSWER_TIME_MAX: Duration = Duration::from_secs(150);

/// For how long a request is said again, and the waits before that: each twice as long as the one before it.
const PATIENCE: Duration = Duration::from_secs(30);
const WAIT_MIN: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(2);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The connection to one server.
pub(crate) struct Exchange {
    http: reqwest::Client,
    server: Server,
    /// Whether it ever answered.
    was_reached: AtomicBool,
}

/// Why there is no answer.
enum Failure {
    /// The server's word, or ours about its answer.
    Final(AppError),
    /// The request was not taken, for so long.
    NotNow(AppError, Option<Duration>),
    /// Nobody knows whether the request was heard.
    Cut(AppError),
}

impl Exchange {
    pub(crate) fn new(server: Server) -> Result<Self, AppError> {
        // The first to choose wins; whoever chose before chose as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A redirect would take the token along.
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIME_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ktrdr/", env!("CARGO_PKG_VERSION")));
        if server.is_on_this_machine() {
            builder = builder.no_proxy();
        }
        if let Some(pem) = server.authorities() {
            let authorities = Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty());
            let none = || {
                AppError::new(
                    ErrorKind::InvalidInput,
                    "the server's authority is no certificate in PEM (--server-ca)",
                )
            };
            builder = builder.tls_certs_only(authorities.ok_or_else(none)?);
        }
        let http = builder.build().map_err(|why| AppError::new(ErrorKind::InvalidInput, bottom_of(&why)))?;
        Ok(Self { http, server, was_reached: AtomicBool::new(false) })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The answer to a request, whole.
    pub(crate) async fn answer(&self, request: &Request<'_>) -> Result<Vec<u8>, AppError> {
        let (begun, mut wait) = (Instant::now(), WAIT_MIN);
        loop {
            let once = tokio::time::timeout(ANSWER_TIME_MAX, self.once(request)).await;
            let failure = match once {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Final(self.unreachable("did not answer in time")),
            };
            let (error, asked) = match failure {
                Failure::Final(error) => return Err(error),
                Failure::Cut(error) if request.is_repeatable => (error, None),
                Failure::Cut(error) => {
                    let doubt = "nobody knows whether it was done: look, then say it again if it was not";
                    return Err(AppError::new(error.kind, format!("{}; {doubt}", error.message)));
                }
                Failure::NotNow(error, asked) => (error, asked),
            };
            let pause = asked.unwrap_or(wait);
            if !self.was_reached.load(Ordering::Relaxed) || begun.elapsed() + pause > PATIENCE {
                return Err(error);
            }
            tracing::debug!(%error, "the request is said again");
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    async fn once(&self, request: &Request<'_>) -> Result<Vec<u8>, Failure> {
        let response = self.send(request, None).await?;
        self.whole(response, ANSWER_BYTES_MAX).await
    }

    /// The beginning of a stream of events, from behind the event of this id on.
    pub(crate) async fn events(
        &self,
        request: &Request<'_>,
        since: Option<&str>,
    ) -> Result<Response, AppError> {
        self.send(request, since).await.map_err(|failure| match failure {
            Failure::Final(error) | Failure::NotNow(error, _) | Failure::Cut(error) => error,
        })
    }

    /// An answer that began well.
    async fn send(&self, request: &Request<'_>, since: Option<&str>) -> Result<Response, Failure> {
        let url = self.server.url(request.path, &request.query);
        let mut asked = self.http.request(request.method.clone(), url);
        if let Some(bearer) = self.server.bearer() {
            asked = asked.header(AUTHORIZATION, bearer);
        }
        if let Some(key) = &request.key {
            asked = asked.header(IDEMPOTENCY_KEY, key.to_string());
        }
        if let Some(id) = since {
            asked = asked.header("last-event-id", id).header(ACCEPT, "text/event-stream");
        }
        asked = match &request.body {
            Body::None => asked,
            Body::Json(document) => {
                let bytes = document.to_string();
                asked.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(bytes)
            }
            Body::Csv(file) => {
                asked.header(CONTENT_TYPE, HeaderValue::from_static("text/csv")).body(file.clone())
            }
        };
        let response = asked.send().await.map_err(|why| self.lost(&why))?;
        self.was_reached.store(true, Ordering::Relaxed);
        let status = response.status();
        if status.is_success() { Ok(response) } else { Err(self.refused(response).await) }
    }

    /// All of an answer that is not too large.
    async fn whole(&self, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(bytes) =
            response.chunk().await.map_err(|why| Failure::Cut(self.unreachable(bottom_of(&why))))?
        {
            if whole.len() + bytes.len() > bytes_max {
                let message =
                    format!("the answer of {} has more than {bytes_max} bytes: it was given up", self.server);
                return Err(Failure::Final(AppError::new(ErrorKind::InvalidInput, message)));
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }

    /// What the server said against it.
    async fn refused(&self, response: Response) -> Failure {
        let status = response.status();
        let wait = retry_after(&response);
        if status.is_redirection() {
            let words = "sends elsewhere, where it is not followed: the token would go along. Give the address that it is served at";
            return Failure::Final(self.unreachable(words));
        }
        let document = match self.whole(response, REFUSAL_BYTES_MAX).await {
            Ok(document) => document,
            Err(Failure::Cut(error)) => return Failure::Cut(error),
            Err(_) => Vec::new(),
        };
        match (refusal(status.as_u16(), &document), status) {
            (Some(error), StatusCode::TOO_MANY_REQUESTS) => Failure::NotNow(self.harmless(error), wait),
            (Some(error), _) => Failure::Final(self.harmless(error)),
            // Something on the way, whose server went away.
            (
                None,
                StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT,
            ) => Failure::Cut(self.unreachable(format!("is not there: {status}"))),
            (None, _) => {
                Failure::Final(self.unreachable(format!("answers as no API of ktrdr does: {status}")))
            }
        }
    }

    /// An error before the answer began: without a connection nothing was heard.
    fn lost(&self, why: &reqwest::Error) -> Failure {
        let error = self.unreachable(bottom_of(why));
        if why.is_connect() { Failure::NotNow(error, None) } else { Failure::Cut(error) }
    }

    fn unreachable(&self, why: impl Display) -> AppError {
        AppError::new(ErrorKind::Unreachable, format!("the server {}: {why}", self.server))
    }

    fn harmless(&self, mut error: AppError) -> AppError {
        error.message = self.server.without_token(&error.message);
        error
    }
}

/// What is at the bottom of an error. The words of the library at its top hold the address.
fn bottom_of(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match std::error::Error::source(error) {
        Some(_) => cause.to_string(),
        None if error.is_timeout() => "did not answer in time".to_owned(),
        None => "the connection failed".to_owned(),
    }
}

/// Whole seconds, as our API says them.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
