//! A TCP proxy in this process that can cut what goes through it, or let it hang.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::world::World;

/// Stands between the fleet and the broker.
pub(crate) struct Proxy {
    port: u16,
    pipes: Arc<Mutex<Vec<Pipe>>>,
}

/// One connection that goes through.
struct Pipe {
    task: AbortHandle,
    /// From now on it carries nothing, and stays open.
    hang: Arc<Notify>,
}

impl Proxy {
    pub(crate) async fn to(authority: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), pipes: Arc::default() };
        let (authority, pipes) = (authority.to_owned(), Arc::clone(&proxy.pipes));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&authority).await.unwrap();
                let hang = Arc::new(Notify::new());
                let task = tokio::spawn(carry(near, far, Arc::clone(&hang))).abort_handle();
                pipes.lock().unwrap().push(Pipe { task, hang });
            }
        });
        proxy
    }

    /// The administrator's URL of the world, through the proxy.
    pub(crate) fn instead_of(&self, w: &World) -> String {
        w.url().replace(w.authority(), &format!("127.0.0.1:{}", self.port))
    }

    /// Cuts every connection. New ones get through.
    pub(crate) fn cut(&self) {
        self.pipes().drain(..).for_each(|pipe| pipe.task.abort());
    }

    /// Lets every connection hang. New ones get through.
    pub(crate) fn hang(&self) {
        self.pipes().drain(..).for_each(|pipe| pipe.hang.notify_one());
    }

    fn pipes(&self) -> MutexGuard<'_, Vec<Pipe>> {
        self.pipes.lock().unwrap()
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, hang: Arc<Notify>) {
    tokio::select! {
        _ended = copy_bidirectional(&mut near, &mut far) => {}
        () = hang.notified() => pending().await,
    }
}
