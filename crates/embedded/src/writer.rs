//! The way to the writer: one thread that owns the one writing connection ([`super::writer_loop`]).
//!
//! Commands wait in a queue of bounded length, run inside a transaction, and are answered once it is committed.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::failure::Failure;
use super::lock::ProcessLock;
use super::tx::Tx;
use super::writer_loop::WriterLoop;
use ktrdr_fabric::store::StoreError;

/// Most commands that wait for the writer; whoever comes later waits to be let in.
const WAITING_MAX: usize = 4096;

/// When a commit must be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// Before it is answered.
    Now,
    /// With the next one that must.
    Later,
}

/// A command on its way through the writer: it runs, waits for the commit, and is answered.
pub(super) trait Command: Send {
    fn sync(&self) -> Sync;
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Failed>;
    fn answer(self: Box<Self>, commit: &Result<(), StoreError>);
}

/// The command's error is kept by the command.
pub(super) struct Failed;

struct Step<F, T> {
    sync: Sync,
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Command for Step<F, T>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, Failure> + Send,
    T: Send,
{
    fn sync(&self) -> Sync {
        self.sync
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Failed> {
        let Some(work) = self.work.take() else { return Err(Failed) };
        let outcome = work(tx).map_err(StoreError::from);
        let failed = outcome.is_err();
        self.outcome = Some(outcome);
        if failed { Err(Failed) } else { Ok(()) }
    }

    fn answer(self: Box<Self>, commit: &Result<(), StoreError>) {
        let answer = match (commit, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(stopped()),
            // The command's own error says more than the failure it led to.
            (Err(_), Some(Err(own))) => Err(own),
            (Err(why), _) => Err(why.clone()),
        };
        // A caller that went away does not want its answer.
        let _ = self.reply.send(answer);
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the writer of this database has stopped: open it again".into())
}

/// A command, and its place among those that wait.
pub(super) type WriteRequest = (Box<dyn Command>, OwnedSemaphorePermit);

/// The way to the writer's thread. Dropping it ends the thread after the last command.
pub(super) struct Writer {
    commands: Option<Sender<WriteRequest>>,
    /// Why there is no thread.
    refuses: Option<StoreError>,
    admission: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. It keeps `lock` until the file is closed.
    pub(super) fn start(mut writer_loop: WriterLoop, lock: Option<ProcessLock>) -> std::io::Result<Self> {
        let (commands, waiting) = channel();
        let thread = std::thread::Builder::new().name("ktrdr-store".into()).spawn(move || {
            writer_loop.serve(&waiting);
            drop(writer_loop);
            drop(lock);
        })?;
        let admission = Arc::new(Semaphore::new(WAITING_MAX));
        Ok(Self { commands: Some(commands), refuses: None, admission, thread: Some(thread) })
    }

    /// A writer of a store that can not be written: it refuses everything.
    pub(super) fn refusing(why: StoreError) -> Self {
        let admission = Arc::new(Semaphore::new(WAITING_MAX));
        Self { commands: None, refuses: Some(why), admission, thread: None }
    }

    /// Runs `work` in a transaction and answers once it is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        sync: Sync,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        if let Some(why) = &self.refuses {
            return Err(why.clone());
        }
        let permit = self.admission.clone().acquire_owned().await.map_err(|_| stopped())?;
        let (reply, answer) = oneshot::channel();
        let step = Step { sync, work: Some(work), outcome: None, reply };
        let commands = self.commands.as_ref().ok_or_else(stopped)?;
        commands.send((Box::new(step), permit)).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer panicked; what it had acknowledged is on disk");
        }
    }
}
