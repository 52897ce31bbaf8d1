//! Connections: accepted within limits, spoken to in TLS where there is a certificate, and ended in good order.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::limits::{HEAD_BYTES_MAX, HEAD_TIME_MAX, HEADERS_MAX, connections_max};
use crate::places::Places;
use crate::service::Service;
use crate::tls::Tls;

/// How long connections may take to end once the service stops.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// After a refused accept (no more file descriptors, mostly) others may end first.
const NO_ROOM_WAIT: Duration = Duration::from_millis(100);

/// Serves until the service stops; then requests that were begun are answered.
pub(crate) async fn serve(listener: TcpListener, tls: Option<Tls>, service: Arc<Service>, router: Router) {
    let most = connections_max();
    let places = Arc::new(Semaphore::new(most));
    // Half of them at most are one address's: it shuts nobody else out. A proxy's are everybody's.
    let of_one = Places::new(if service.exposure.is_proxied { most } else { most.div_ceil(2) });
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let accepted = tokio::select! {
            () = service.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(why) => {
                tracing::debug!(%why, "a connection was not accepted");
                tokio::time::sleep(NO_ROOM_WAIT).await;
                continue;
            }
        };
        let peer = name_of(peer.ip());
        let Some(place_of_one) = of_one.take(&peer) else {
            tracing::debug!(peer, "a connection was closed: its address has as many as one may have");
            continue;
        };
        let (tls, service, router) = (tls.clone(), Arc::clone(&service), router.clone());
        connections.spawn(async move {
            let _places = (place, place_of_one);
            connection(stream, peer, tls, service, router).await;
        });
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(LAST_WAIT, ended).await.is_err() {
        tracing::debug!("connections were cut off");
    }
}

async fn connection(
    stream: TcpStream,
    peer: String,
    tls: Option<Tls>,
    service: Arc<Service>,
    router: Router,
) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => speak(stream, peer, service, router).await,
        Some(tls) => match timeout(HEAD_TIME_MAX, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => speak(stream, peer, service, router).await,
            Ok(Err(why)) => tracing::debug!(%why, "a connection spoke no TLS"),
            Err(_) => tracing::debug!("a connection was silent"),
        },
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: String,
    service: Arc<Service>,
    router: Router,
) {
    let stop = service.stop.clone();
    let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (service, router, peer) = (Arc::clone(&service), router.clone(), peer.clone());
        async move {
            Ok::<_, std::convert::Infallible>(service.answer(router, request.map(Body::new), peer).await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(why) = served {
        tracing::debug!(%why, "a connection ended badly");
    }
}

/// Whose rate a connection counts toward: of IPv6 a whole network is one's own.
fn name_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => ip.to_string(),
            None => format!("{:x?}", &ip.segments()[..4]),
        },
    }
}
