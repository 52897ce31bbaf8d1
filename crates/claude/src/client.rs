//! One call over HTTP: a request in, an answer out, within sizes and times. Dropped before it is ready, the connection is
//! closed: the server stops as well.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response, Url};

use crate::assemble::Assembly;
use crate::contract::{ErrorBody, KEY_HEADER, REQUEST_ID_HEADER, Reply, VERSION_HEADER};
use crate::endpoint::Endpoint;
use crate::error::CallError;
use crate::sse::Splitter;

/// Largest request, in bytes.
pub(crate) const REQUEST_BYTES_MAX: usize = 4 << 20;

/// Most bytes of an error that are read.
const ERROR_BYTES_MAX: usize = 16 << 10;

/// Said of a server that does.
const REPEATS_KEY: &str = "it repeats the key that it was given; nothing of its answer is kept";

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait that a server may ask for; one that wants longer is asked again by another attempt.
const RETRY_AFTER_MAX: f64 = 86_400.0;

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    pub(crate) endpoint: Endpoint,
    silence_max: Duration,
}

impl Client {
    /// A client of this server, which may be silent for at most so long while it answers (it pings while it thinks).
    ///
    /// # Errors
    /// When no TLS can be had.
    pub fn new(endpoint: Endpoint, silence_max: Duration) -> Result<Self, CallError> {
        // The first to choose wins; whoever chose before chose as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A redirect would take the key along.
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ktrdr/", env!("CARGO_PKG_VERSION")));
        if endpoint.is_on_this_machine() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|e| CallError::Unreachable(causes(&e)))?;
        Ok(Self { http, endpoint, silence_max })
    }

    /// The server, for people.
    #[must_use]
    pub fn host(&self) -> String {
        self.endpoint.host()
    }

    /// The text without this client's key, whoever put it there.
    #[must_use]
    pub fn without_key(&self, text: &str) -> String {
        self.endpoint.key().map_or_else(|| text.to_owned(), |key| key.hide_in(text))
    }

    /// Asks once.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn ask(&self, body: Vec<u8>) -> Result<Reply, CallError> {
        let answer = self.send(Method::POST, self.endpoint.messages_url(), Some(body)).await?;
        self.read(answer).await
    }

    /// An answer that began well.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
    ) -> Result<Response, CallError> {
        let mut request = self.http.request(method, url).header(VERSION_HEADER.0, VERSION_HEADER.1);
        if let Some(body) = body {
            if body.len() > REQUEST_BYTES_MAX {
                let what = format!("the request has {} bytes, the most is {REQUEST_BYTES_MAX}", body.len());
                return Err(CallError::TooLarge(what));
            }
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        if let Some(key) = self.endpoint.key() {
            let mut header = HeaderValue::from_str(key.expose())
                .map_err(|_| CallError::Unreachable("the key can not be sent".to_owned()))?;
            // Whoever logs headers leaves it out.
            header.set_sensitive(true);
            request = request.header(KEY_HEADER, header);
        }
        let answer = self.in_time(request.send()).await?.map_err(|e| lost(&e))?;
        if answer.status().as_u16() == 200 { Ok(answer) } else { Err(self.refusal(answer).await) }
    }

    /// An answer that is no stream, up to so many bytes.
    pub(crate) async fn whole(&self, mut answer: Response, bytes_max: usize) -> Result<Vec<u8>, CallError> {
        let mut body = Vec::new();
        while let Some(bytes) =
            self.in_time(answer.chunk()).await?.map_err(|e| CallError::Broke(causes(&e)))?
        {
            if body.len() + bytes.len() > bytes_max {
                let what = format!("the answer is larger than {bytes_max} bytes: it was given up");
                return Err(CallError::TooLarge(what));
            }
            body.extend_from_slice(&bytes);
        }
        if self.has_key_in(&body) { Err(CallError::Nonsense(REPEATS_KEY.to_owned())) } else { Ok(body) }
    }

    async fn read(&self, mut answer: Response) -> Result<Reply, CallError> {
        let (mut splitter, mut assembly) = (Splitter::default(), Assembly::default());
        while !assembly.has_ended() {
            let next = self.in_time(answer.chunk()).await?;
            let Some(bytes) = next.map_err(|e| CallError::Broke(causes(&e)))? else { break };
            splitter.take(&bytes, |data| match () {
                () if assembly.has_ended() => Ok(()),
                () if self.has_key_in(data) => Err(CallError::Nonsense(REPEATS_KEY.to_owned())),
                () => assembly.take(data),
            })?;
        }
        assembly.finish()
    }

    /// What the server said against it.
    async fn refusal(&self, mut answer: Response) -> CallError {
        let status = answer.status().as_u16();
        let retry_after = retry_after(answer.headers());
        let id = answer.headers().get(REQUEST_ID_HEADER).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while body.len() < ERROR_BYTES_MAX
            && let Ok(Ok(Some(bytes))) = self.in_time(answer.chunk()).await
        {
            body.extend_from_slice(&bytes[..bytes.len().min(ERROR_BYTES_MAX - body.len())]);
        }
        let words = serde_json::from_slice::<ErrorBody>(&body).map(|body| body.error.message);
        let words = words.unwrap_or_else(|_| "without an error of the contract".to_owned());
        let id = id.map(|id| self.without_key(&id));
        CallError::of_status(status, &self.without_key(&words), id.as_deref(), retry_after)
    }

    /// Whether the server repeats our key: then nothing of its answer is kept.
    fn has_key_in(&self, data: &[u8]) -> bool {
        let key = self.endpoint.key().map(|key| key.expose().as_bytes());
        key.is_some_and(|key| data.windows(key.len()).any(|window| window == key))
    }

    async fn in_time<T>(&self, next: impl Future<Output = T>) -> Result<T, CallError> {
        let silent = |_| CallError::Broke(format!("nothing came for {:?}", self.silence_max));
        tokio::time::timeout(self.silence_max, next).await.map_err(silent)
    }
}

/// An error before the answer began: without a connection nothing was read.
fn lost(error: &reqwest::Error) -> CallError {
    if error.is_connect() { CallError::Unreachable(causes(error)) } else { CallError::Broke(causes(error)) }
}

/// What is at the bottom of an error. The words of the library at its top hold the address.
fn causes(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if std::ptr::eq(std::ptr::from_ref(cause).cast::<()>(), std::ptr::from_ref(error).cast::<()>()) {
        return "the connection failed".to_owned();
    }
    crate::words::harmless(&cause.to_string(), 200)
}

/// Seconds, as the contract says.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(RETRY_AFTER_MAX)))
}
