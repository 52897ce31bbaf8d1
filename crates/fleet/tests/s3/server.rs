//! A server that speaks S3 on a port of its own, checks signatures, and fails when told to.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fleet::artifacts::{ArtifactOptions, ArtifactsUrl, AwsVariables, open};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::objects::{BUCKET, Objects};

pub(crate) const USER: &str = "ktrdr";
pub(crate) const SECRET: &str = "canary-secret-91c2";

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done; its answer is lost with the connection.
    AnswerLost,
    /// It is done; no answer ever comes.
    Silence,
    /// It is lost with the connection.
    Lost,
}

/// The next requests of this method, so many of them, meet this fate.
type Trap = Arc<Mutex<Option<(Method, Fate, u32)>>>;

/// Runs until the test's runtime ends.
#[derive(Clone)]
pub(crate) struct S3Server {
    address: SocketAddr,
    scheme: &'static str,
    trap: Trap,
    pub(crate) objects: Objects,
}

impl S3Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    pub(crate) async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            scheme: if tls.is_some() { "https" } else { "http" },
            trap: Trap::default(),
            objects: Objects::default(),
        };
        let mut service = S3ServiceBuilder::new(server.objects.clone());
        service.set_auth(SimpleAuth::from_single(USER, SECRET));
        let (service, trap) = (service.build(), server.trap.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (tls, service, trap) = (tls.clone(), service.clone(), trap.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(socket, service, trap).await,
                        Some(tls) => match tls.accept(socket).await {
                            Ok(socket) => serve(socket, service, trap).await,
                            Err(_refused_by_the_client) => {}
                        },
                    }
                });
            }
        });
        server
    }

    pub(crate) fn set_trap(&self, method: Method, fate: Fate, times: u32) {
        *self.trap.lock().unwrap() = Some((method, fate, times));
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.address.port())
    }

    pub(crate) fn url(&self) -> ArtifactsUrl {
        format!("s3://{BUCKET}/fleet/a").parse().unwrap()
    }

    pub(crate) fn options(&self) -> ArtifactOptions {
        let endpoint = self.endpoint();
        let variables = [
            ("AWS_ACCESS_KEY_ID", USER),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_ENDPOINT_URL_S3", &endpoint),
        ];
        ArtifactOptions { aws: AwsVariables::from_iter(variables), ..ArtifactOptions::default() }
    }

    /// Its artefacts, without a cache.
    pub(crate) fn artifacts(&self) -> Arc<dyn Artifacts> {
        open(&self.url(), &self.options()).unwrap()
    }
}

async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, service: S3Service, trap: Trap) {
    let answer = service_fn(|request: Request<Incoming>| {
        let (fate, service) = (caught(&trap, request.method()), service.clone());
        async move {
            let lost = || io::Error::other("lost");
            if fate == Some(Fate::Lost) {
                return Err(lost());
            }
            let answer = Service::call(&service, request).await.map_err(|_| lost());
            match fate {
                None | Some(Fate::Lost) => answer,
                Some(Fate::AnswerLost) => Err(lost()),
                Some(Fate::Silence) => {
                    Ok(pending::<Result<_, Infallible>>().await.unwrap_or_else(|never| match never {}))
                }
            }
        }
    });
    // A connection that ends early is what some tests are about.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), answer).await;
}

fn caught(trap: &Trap, method: &Method) -> Option<Fate> {
    let mut trap = trap.lock().unwrap();
    let (of, fate, times) = trap.as_mut()?;
    if of != method || *times == 0 {
        return None;
    }
    *times -= 1;
    Some(*fate)
}
