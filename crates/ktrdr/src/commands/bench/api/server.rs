//! The server that is measured.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::process::Child;
use tokio::time::sleep;

use crate::commands::Context;
use crate::commands::bench::Measured;
use crate::commands::bench::process::{self, SETTLED, TIMEOUT, Usage};
use crate::exit::{CliError, Kind, OrExit};

/// Between two attempts to reach a server that starts.
const KNOCK: Duration = Duration::from_millis(2);

/// A running server; killed when it is dropped before its end.
pub(super) struct Server {
    child: Child,
    pid: u32,
    root: String,
    client: Client,
    /// From the spawn to the first answer.
    pub(super) started_in: Duration,
}

impl Server {
    pub(super) async fn start(context: &Context<'_>, role: &str) -> Result<Self, CliError> {
        // The port is free again when the server wants it, and unlikely to be taken in between.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|free| free.local_addr())
            .or_exit(Kind::Unreachable)?
            .port();
        let started = Instant::now();
        let listen = format!("127.0.0.1:{port}");
        let mut command = process::program(context, &[role, "--listen", &listen])?;
        let child = command.stderr(Stdio::null()).spawn().or_exit(Kind::Files)?;
        let pid = child.id().unwrap_or_default();
        // Fails only where another part of the process came first, with the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().or_exit(Kind::Unreachable)?;
        let root = format!("http://{listen}/api/v1");
        let mut server = Self { child, pid, root, client, started_in: TIMEOUT };
        while server.get("/health/live").send().await.is_err() {
            if started.elapsed() > TIMEOUT || server.child.try_wait().or_exit(Kind::Files)?.is_some() {
                let message = format!("the server did not start; `ktrdr {role} --listen` says why");
                return Err(CliError::new(Kind::Unreachable, message));
            }
            sleep(KNOCK).await;
        }
        server.started_in = started.elapsed();
        Ok(server)
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.request(Method::GET, format!("{}{path}", self.root))
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.client.request(Method::POST, format!("{}{path}", self.root))
    }

    /// CPU time and memory so far.
    pub(super) fn usage(&self) -> Result<Usage, CliError> {
        Usage::of(self.pid)
    }

    /// Memory with nothing to do.
    pub(super) async fn idle(&self, setting: &str) -> Result<Measured, CliError> {
        sleep(SETTLED).await;
        Ok(Measured::of("idle server, memory", "MB", vec![self.usage()?.memory_mb], setting.to_owned()))
    }

    /// Asks it to end, and waits for it.
    pub(super) async fn end(self) -> Result<(), CliError> {
        process::end([self.child]).await
    }
}

/// Milliseconds until the last byte of an answer, which must be a success, was there: what the caller makes of it is its own
/// affair.
pub(super) async fn timed(request: RequestBuilder) -> Result<f64, CliError> {
    let sent = Instant::now();
    received(request).await?;
    Ok(sent.elapsed().as_secs_f64() * 1e3)
}

/// Sends it and reads the whole answer, which must be a success.
pub(super) async fn answered(request: RequestBuilder) -> Result<Value, CliError> {
    serde_json::from_slice(&received(request).await?).or_exit(Kind::Unreachable)
}

async fn received(request: RequestBuilder) -> Result<Vec<u8>, CliError> {
    let response = succeeded(request.send().await.or_exit(Kind::Unreachable)?).await?;
    Ok(response.bytes().await.or_exit(Kind::Unreachable)?.into())
}

pub(super) async fn succeeded(response: Response) -> Result<Response, CliError> {
    let status = response.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    let url = response.url().to_string();
    let said = response.text().await.unwrap_or_default();
    Err(CliError::new(Kind::Unreachable, format!("{url} answered {status}: {said}")))
}
