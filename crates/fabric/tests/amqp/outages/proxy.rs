//! A TCP proxy in this process that can cut what goes through it, or let it hang.

use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::world::World;

/// Stands between the fleet and the broker.
pub(crate) struct Proxy {
    port: u16,
    pipes: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Proxy {
    pub(crate) async fn to(authority: &str) -> Self {
        let (authority, pipes) = (authority.to_owned(), Arc::<Mutex<Vec<AbortHandle>>>::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let all = Arc::clone(&pipes);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let authority = authority.clone();
                let pipe = tokio::spawn(async move {
                    let mut far = TcpStream::connect(authority).await.unwrap();
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
                all.lock().unwrap().push(pipe.abort_handle());
            }
        });
        Self { port, pipes }
    }

    /// The administrator's URL of the world, through the proxy.
    pub(crate) fn instead_of(&self, w: &World) -> String {
        w.url().replace(w.authority(), &format!("127.0.0.1:{}", self.port))
    }

    /// Cuts every connection. New ones get through.
    pub(crate) fn cut(&self) {
        self.pipes.lock().unwrap().drain(..).for_each(|pipe| pipe.abort());
    }
}
