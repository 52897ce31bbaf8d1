//! `/metrics`: figures for Prometheus. Beside the API under its tokens, or alone on a port of its own for processes that serve
//! no API.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::ServeError;
use crate::exposure::is_local_host;
use crate::limits::{HEAD_BYTES_MAX, HEAD_TIME_MAX, HEADERS_MAX};
use crate::service::nothing_here;

/// Where figures are.
pub(crate) const METRICS: &str = "/metrics";

/// Scrapers at a time on a port of its own.
const SCRAPERS_MAX: usize = 16;

type Text = Pin<Box<dyn Future<Output = String> + Send>>;

/// What is told at `/metrics`.
#[derive(Clone)]
pub struct Exposition {
    /// The media type of the text.
    pub media_type: &'static str,
    /// The text as it is now.
    pub text: Arc<dyn Fn() -> Text + Send + Sync>,
}

impl Exposition {
    pub(crate) async fn answer(&self) -> Response<Body> {
        let mut response = Response::new(Body::from((self.text)().await));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        response
    }

    /// Listens at an address for scrapers alone, and answers them until told to stop. No token is asked for: figures hold no
    /// names and no texts. Where it listens.
    ///
    /// # Errors
    /// When the address is taken, or not this machine's.
    pub async fn listen(
        self,
        address: SocketAddr,
        stop: CancellationToken,
    ) -> Result<SocketAddr, ServeError> {
        let taken = |why| ServeError::Address { address, why };
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        tokio::spawn(async move { stop.run_until_cancelled(self.serve(listener)).await });
        Ok(address)
    }

    async fn serve(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(SCRAPERS_MAX));
        let is_local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let exposition = self.clone();
            let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
                let exposition = exposition.clone();
                async move { Ok::<_, Infallible>(exposition.alone(&request, is_local).await) }
            });
            tokio::spawn(async move {
                let _place = place;
                let served = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIME_MAX)
                    .max_headers(HEADERS_MAX)
                    .max_buf_size(HEAD_BYTES_MAX)
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
                if let Err(why) = served {
                    tracing::debug!(%why, "a scraper's connection ended badly");
                }
            });
        }
    }

    /// One request on a port of its own. Where only this machine reaches it, no page with another name is answered.
    async fn alone<B>(&self, request: &Request<B>, is_local: bool) -> Response<Body> {
        let path = request.uri().path();
        match (request.method(), path) {
            _ if is_local && !is_local_host(request.uri(), request.headers()) => {
                StatusCode::MISDIRECTED_REQUEST.into_response()
            }
            (&Method::GET, METRICS) => self.answer().await,
            (_, METRICS) => StatusCode::METHOD_NOT_ALLOWED.into_response(),
            _ => nothing_here(path).into_response(),
        }
    }
}
