//! A TCP proxy between the fleet and one server: carries, cuts, delays, or swallows.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How a wire behaves at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkMode {
    /// Everything goes through.
    Open,
    /// Everything goes through, each piece that much later.
    Slow(Duration),
    /// Half-open: connections stay, new ones are accepted, and nothing goes through, for ever.
    Silent,
}

/// Stands between the fleet and one server.
pub(crate) struct Wire {
    pub(crate) authority: String,
    mode: watch::Sender<LinkMode>,
    /// Counts cuts: a connection ends when it changes.
    cuts: watch::Sender<u64>,
}

impl Wire {
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let (mode, cuts) = (watch::Sender::new(LinkMode::Open), watch::Sender::new(0));
        let server: SocketAddr = server.parse().unwrap();
        tokio::spawn(accept(listener, server, mode.subscribe(), cuts.subscribe()));
        Self { authority, mode, cuts }
    }

    /// Ends every connection. New ones get through.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(crate) fn set(&self, mode: LinkMode) {
        self.mode.send_replace(mode);
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    mode: watch::Receiver<LinkMode>,
    cuts: watch::Receiver<u64>,
) {
    while let Ok((near, _)) = listener.accept().await {
        let (mode, mut cuts) = (mode.clone(), cuts.clone());
        cuts.mark_unchanged();
        tokio::spawn(async move {
            // A server that is gone takes nobody in: so does its wire.
            let Ok(far) = TcpStream::connect(server).await else { return };
            tokio::select! {
                () = carry(near, far, mode) => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

/// Carries both ways until one side ends.
fn carry(near: TcpStream, far: TcpStream, mode: watch::Receiver<LinkMode>) -> impl Future<Output = ()> {
    for stream in [&near, &far] {
        stream.set_nodelay(true).unwrap();
    }
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    // Once a piece is missing, nothing after it makes sense.
    let is_torn = Arc::new(AtomicBool::new(false));
    async move {
        tokio::select! {
            () = pump(near_read, far_write, &mode, &is_torn) => {}
            () = pump(far_read, near_write, &mode, &is_torn) => {}
        }
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mode: &watch::Receiver<LinkMode>,
    is_torn: &AtomicBool,
) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(n @ 1..) = from.read(&mut bytes).await {
        let mode = *mode.borrow();
        match mode {
            LinkMode::Open => {}
            LinkMode::Slow(delay) => tokio::time::sleep(delay).await,
            LinkMode::Silent => is_torn.store(true, Ordering::Relaxed),
        }
        if !is_torn.load(Ordering::Relaxed) && to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
    }
}
