//! The HTTP API: what the application floor answers, as resources for programs, under `/api/v1`.
//!
//! | part | what it does | file |
//! |---|---|---|
//! | [`Api`] | serves an address until it is told to stop | here |
//! | | every endpoint: path, scope, words, function | `endpoints`, `endpoint` |
//! | | the one way that every request goes | `dispatch`, `service` |
//! | | who can reach it, who asks, may they, how often | `exposure`, `identify`, `rate`, `limits`, `refusals` |
//! | | requests and answers | `ask`, `reply`, `page`, `problem` |
//! | | a request that comes again | `repetition` |
//! | | one stream of events | `stream` |
//! | | its own description, as a document and as a page | `openapi`, `form`, `docs` |
//! | [`Exposition`] | figures for Prometheus | `exposition` |
//! | [`Answered`] | a request, for whoever counts them | `answered` |
//! | [`Origins`] | a request that is part of a trace | `origin` |
//! | [`Pages`] | what browsers are shown at every other path | `browsers` |
//! | | connections | `listener`, `places`, `tls` |
//!
//! Each endpoint is three steps: typed parts of the request, one call of the application floor, its answer.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod answered;
mod ask;
mod browsers;
mod dispatch;
mod docs;
mod endpoint;
mod endpoints;
mod exposition;
mod exposure;
mod form;
mod identify;
mod limits;
mod listener;
mod openapi;
mod origin;
mod page;
mod places;
mod problem;
mod rate;
mod refusals;
mod repetition;
mod reply;
mod service;
mod stepwise;
mod stream;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::Response;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use ktrdr_app::App;
use ktrdr_app::feed::Feed;
use ktrdr_domain::scope::Scope;
use tokio::net::TcpListener;
use tokio::sync::broadcast::Receiver;
use tokio_util::sync::CancellationToken;
use tower::util::BoxCloneSyncService;
use tower::{Service as TowerService, ServiceExt};

use crate::exposure::Exposure;
use crate::service::{Connection, Others, Service};
use crate::tls::Tls;
pub use answered::{Answered, Watch};
pub use browsers::Pages;
pub use exposition::Exposition;
pub use exposure::{Listening, TlsFiles, Unsafe};
pub use limits::REQUESTS_PER_S;
pub use origin::Origins;
pub use service::{McpServices, Mounted};
pub use tls::BadCertificate;

/// Why the API is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It would not be safe.
    #[error(transparent)]
    Unsafe(#[from] Unsafe),
    /// Its certificate.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// Its address is taken, or not this machine's.
    #[error("{address} can not be listened on: {why}; choose another with --listen")]
    Address {
        /// Which.
        address: SocketAddr,
        /// Why.
        why: std::io::Error,
    },
    /// The store.
    #[error("whether tokens are in force can not be seen: {0}")]
    Store(#[from] ktrdr_app::AppError),
}

/// What is served, beside the workspace itself.
pub struct Beside {
    /// Lines of this process's log.
    pub logs: Receiver<Arc<str>>,
    /// Name of this machine, as others know it.
    pub machine: String,
    /// The Model Context Protocol, where it is served too.
    pub mcp: Option<McpServices>,
    /// Figures of this process, where any are counted.
    pub figures: Option<Exposition>,
    /// What browsers are shown beside the API, where anything is.
    pub pages: Option<Pages>,
    /// Is told of every request that was answered.
    pub watch: Option<Watch>,
    /// Is told of what was begun by a part of somebody's trace.
    pub origins: Option<Origins>,
}

/// An API that listens.
pub struct Api {
    listener: TcpListener,
    tls: Option<Tls>,
    service: Arc<Service>,
    address: SocketAddr,
    figures: Option<Exposition>,
}

impl Api {
    /// Listens; nobody is answered yet.
    ///
    /// # Errors
    /// When the address is taken, or serving it would not be safe.
    pub async fn listen(
        app: App,
        listening: &Listening,
        beside: Beside,
        stop: CancellationToken,
    ) -> Result<Self, ServeError> {
        let has_tokens = !app.list_tokens().await?.is_empty();
        let exposure = Exposure::of(listening, &beside.machine, has_tokens)?;
        let tls = listening.tls.as_ref().map(Tls::read).transpose()?;
        let taken = |why| ServeError::Address { address: listening.address, why };
        let listener = TcpListener::bind(listening.address).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let feed = Feed::start(app.clone(), beside.logs);
        let others =
            Others { mcp: beside.mcp, pages: beside.pages, watch: beside.watch, origins: beside.origins };
        let per_s = listening.requests_per_s;
        let service = Arc::new(Service::new(app, feed, exposure, per_s, stop, others));
        Ok(Self { listener, tls, service, address, figures: beside.figures })
    }

    /// Where it listens, for people.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Answers until told to stop.
    pub async fn serve(self) {
        let Self { listener, tls, service, figures, .. } = self;
        if let Some(tls) = &tls {
            tokio::spawn(tls.clone().keep_fresh(service.stop.clone()));
        }
        let minutes = Arc::clone(&service);
        let minutes = tokio::spawn(async move {
            minutes.refusals.keep_minutes(&minutes.app, &minutes.stop).await;
        });
        let router = router(&service, figures);
        listener::serve(listener, tls, service, router).await;
        let _ = minutes.await;
    }
}

/// Every path: those of the table, the page that describes them, and figures.
fn router(service: &Arc<Service>, figures: Option<Exposition>) -> Router {
    let page = |service: Arc<Service>, name: String, request: Request| async move {
        let (head, _) = request.into_parts();
        match seen(&service, &head).await {
            Ok(()) => docs::file(&name),
            Err(refused) => refused.into_response(),
        }
    };
    let tell = |service: Arc<Service>, figures: Option<Exposition>, request: Request| async move {
        let (head, _) = request.into_parts();
        match (seen(&service, &head).await, figures) {
            (Ok(()), Some(figures)) => figures.answer().await,
            (Ok(()), None) => service::nothing_here(head.uri.path()).into_response(),
            (Err(refused), _) => refused.into_response(),
        }
    };
    let [whole, parts, asked] = std::array::from_fn(|_| Arc::clone(service));
    dispatch::router(service, endpoints::all())
        .route(exposition::METRICS, get(move |request: Request| tell(asked, figures, request)))
        .route(docs::DOCS, get(|| async { Redirect::permanent("/api/v1/docs/") }))
        .route("/api/v1/docs/", get(move |request: Request| page(whole, String::new(), request)))
        .route(
            "/api/v1/docs/{file}",
            get(move |Path(name): Path<String>, request: Request| page(parts, name, request)),
        )
}

/// Whether whoever asks may read.
async fn seen(service: &Service, head: &Parts) -> Result<(), problem::Problem> {
    let Some(connection) = head.extensions.get::<Connection>() else {
        return Err(service::nothing_here(head.uri.path()));
    };
    let who = identify::identify(service, &head.headers, &connection.peer).await?;
    service.admit(&who, Scope::Viewer)
}

/// The description of the API: OpenAPI 3.1 as JSON.
#[must_use]
pub fn description() -> &'static serde_json::Value {
    &openapi::DESCRIPTION
}

/// Another protocol over HTTP, ready to be served here.
pub fn mount<S, B>(service: S) -> Mounted
where
    S: TowerService<axum::http::Request<Body>, Response = Response<B>, Error = std::convert::Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: axum::body::HttpBody<Data = axum::body::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    BoxCloneSyncService::new(service.map_response(|response: Response<B>| response.map(Body::new)))
}
