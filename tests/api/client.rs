//! A plain client of an API that the real binary serves.

use std::net::TcpListener;

use reqwest::{Method, Response};
use serde_json::Value;

use super::conformance::faults;
use crate::running::{Running, wait_for};
use crate::world::World;

/// Runs a test's requests.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// An engine with its API.
pub(crate) struct Served {
    pub(crate) address: String,
    pub(crate) http: reqwest::Client,
    pub(crate) token: Option<String>,
    engine: Running,
}

/// An address of this machine that nobody listens at.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// What came back: the status, and the document.
pub(crate) type Answer = (u16, Value);

impl Served {
    /// Plays every role of a world, and answers at an address that was free.
    pub(crate) fn up(world: &World, arguments: &[&str]) -> Self {
        let address = free_address();
        let engine = world.up(&[&["--listen", &address], arguments].concat());
        Self::by(address, engine)
    }

    /// Whatever process answers at an address, as soon as it does.
    pub(crate) fn by(address: String, engine: Running) -> Self {
        wait_for("the API", || std::net::TcpStream::connect(&address).ok());
        // Others may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { address, http: reqwest::Client::new(), token: None, engine }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        match path.starts_with('/') && !path.starts_with("//") {
            true => format!("http://{}/api/v1{path}", self.address),
            false => format!("http://{}{path}", self.address),
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.told(Method::GET, path, self.request(Method::GET, path)).await
    }

    /// What is there, which must be.
    pub(crate) async fn got(&self, path: &str) -> Value {
        let (status, value) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    pub(crate) async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Answer {
        let request = self.request(Method::POST, path).json(body);
        let request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
        self.told(Method::POST, path, request).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.told(Method::DELETE, path, self.request(Method::DELETE, path)).await
    }

    /// What comes back is what the description says.
    async fn told(&self, method: Method, path: &str, request: reqwest::RequestBuilder) -> Answer {
        let (status, told) = answer(request.send().await.unwrap()).await;
        let faults = faults(method.as_str(), &format!("/api/v1{path}"), status, &told);
        assert_eq!(faults, [] as [String; 0], "{method} {path}: {status} {told}");
        (status, told)
    }

    /// The process that answers.
    pub(crate) fn pid(&self) -> i32 {
        self.engine.pid()
    }

    /// Has it end in good order.
    pub(super) fn end(self) {
        self.engine.signal("TERM");
        assert!(self.engine.end().status.success());
    }

    /// The same for somebody with a token.
    pub(crate) fn with(&mut self, token: &str) -> &Self {
        self.token = Some(token.to_owned());
        self
    }
}

pub(crate) async fn answer(response: Response) -> Answer {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
