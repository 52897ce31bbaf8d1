//! Listening on this machine, on a thread of its own, until it is dropped.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::fault::Fault;
use crate::mind::Mind;
use crate::rules::{self, Thoughts};
use crate::stream::{self, Answer, event};
use crate::tokens::Cache;

/// Largest request.
const REQUEST_BYTES_MAX: usize = 32 << 20;

/// A running server.
pub struct Fake {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    mind: Mind,
    key: Option<String>,
    faults: VecDeque<Option<Fault>>,
    always: Option<Fault>,
    seen: Vec<Value>,
    dropped: usize,
    cache: Cache,
    thoughts: Thoughts,
}

impl Fake {
    /// Starts one with this mind behind it, which takes any key.
    ///
    /// # Errors
    /// When it can not listen.
    pub fn start(mind: Mind) -> io::Result<Self> {
        let state = State {
            mind,
            key: None,
            faults: VecDeque::new(),
            always: None,
            seen: Vec::new(),
            dropped: 0,
            cache: Cache::default(),
            thoughts: HashMap::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("fake".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! { () = serve(listener, served) => {}, _ = stopped => {} }
            });
        })?;
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// The same, and no other key is taken.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        self.state().key = Some(key.to_owned());
        self
    }

    /// Where it listens.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets the next requests go wrong, one after the other; `None` goes well.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.state().faults.extend(faults);
    }

    /// Lets every request go wrong from now on, or none.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.state().always = fault;
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn seen(&self) -> Vec<Value> {
        self.state().seen.clone()
    }

    /// How many answers were given up by whoever had asked.
    #[must_use]
    pub fn given_up(&self) -> usize {
        self.state().dropped
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: std::net::TcpListener, state: Arc<Mutex<State>>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        let Ok((connection, _)) = listener.accept().await else { return };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&state)));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Pieces>, Infallible> {
    let key = request.headers().get("x-api-key").and_then(|k| k.to_str().ok()).unwrap_or_default().to_owned();
    let has_version = request.headers().get("anthropic-version").is_some_and(|v| v == "2023-06-01");
    let is_messages = request.method() == hyper::Method::POST && request.uri().path() == "/v1/messages";
    let Some(body) = read(request.into_body()).await else { return Ok(no(413, "request too large", None)) };
    let (plan, fault) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = state.faults.pop_front().flatten().or_else(|| state.always.clone());
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        state.seen.push(request.clone());
        let refused = match () {
            () if !is_messages => Some((404, "not found".to_owned())),
            () if !has_version => Some((400, "anthropic-version: header is required".to_owned())),
            () if state.key.as_ref().is_some_and(|k| *k != key) => {
                Some((401, "invalid x-api-key".to_owned()))
            }
            () => rules::check(&request, &state.thoughts).err(),
        };
        if let Some((status, words)) = refused {
            return Ok(no(status, &words, None));
        }
        (state.plan(&request, fault.as_ref()), fault)
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

impl State {
    /// The events of the answer, and what is remembered of it.
    fn plan(&mut self, request: &Value, fault: Option<&Fault>) -> Vec<String> {
        let counted = self.cache.take(request);
        let model = request["model"].as_str().unwrap_or_default();
        let answer = match fault {
            Some(Fault::Refusal) => Answer { blocks: Vec::new(), stop: "refusal" },
            Some(Fault::MaxTokens) => Answer { blocks: vec![text("I would begin with")], stop: "max_tokens" },
            Some(Fault::Huge(bytes)) => {
                Answer { blocks: vec![text(&"word ".repeat(bytes / 5))], stop: "end_turn" }
            }
            Some(Fault::BadInput) => {
                let call = json!({"type": "tool_use", "id": "toolu_bad", "name": "save_strategy_config", "input": "{\"a\": "});
                Answer { blocks: vec![call], stop: "tool_use" }
            }
            Some(Fault::BadEvent) => {
                return vec!["event: message_start\ndata: {\"type\": oh no}\n\n".to_owned()];
            }
            Some(Fault::Endless) => return vec![format!("data: {}", "x".repeat(4 << 20))],
            _ => self.mind.answer(request),
        };
        let thought = json!({"type": "thinking", "thinking": format!("thought {}", self.seen.len()),
            "signature": format!("signature-{}", self.seen.len())});
        let remember = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.thoughts.insert(remember(&thought["signature"]), remember(&thought["thinking"]));
        let blocks = std::iter::once(thought).chain(answer.blocks).collect();
        stream::events(model, &Answer { blocks, stop: answer.stop }, counted)
    }
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": words})
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

/// The body of a response, as it comes.
struct Pieces(mpsc::Receiver<Result<Bytes, io::Error>>);

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
fn streamed(events: Vec<String>, fault: Option<Fault>, state: Arc<Mutex<State>>) -> Response<Pieces> {
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
fn no(status: u16, words: &str, retry_after: Option<f64>) -> Response<Pieces> {
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

fn plain(status: u16, body: &str) -> Response<Pieces> {
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
