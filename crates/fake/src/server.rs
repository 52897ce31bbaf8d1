//! Listening on this machine, on a thread of its own, until it is dropped.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::batches::{Batch, BatchFault, Batches};
use crate::fault::Fault;
use crate::mind::Mind;
use crate::route::answer;
use crate::state::State;
use crate::tokens::Cache;

/// A running server.
pub struct Fake {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
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
            batches: Batches::default(),
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

    /// Holds every batch under way from now on, or lets them end.
    pub fn hold_batches(&self, held: bool) {
        self.state().batches.held = held;
    }

    /// Lets the next batches go wrong, one after the other; `None` goes well.
    pub fn fail_next_batches(&self, faults: impl IntoIterator<Item = Option<BatchFault>>) {
        self.state().batches.faults.extend(faults);
    }

    /// Every batch so far, in order.
    #[must_use]
    pub fn batches(&self) -> Vec<Batch> {
        self.state().batches.all.clone()
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
