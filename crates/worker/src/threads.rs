//! The threads that jobs run on: one job, one thread, never a thread of the IO runtime, so that computing can not
//! delay a heartbeat. A thread is kept for the next job, because starting one costs more than a small job.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

type Task = Box<dyn FnOnce() + Send>;

/// Waiting threads end when this is dropped; a busy one ends with its job.
#[derive(Default)]
pub(crate) struct Threads(Arc<Shared>);

#[derive(Default)]
struct Shared {
    board: Mutex<Board>,
    /// Signalled when a task is posted, or the board closes.
    posted: Condvar,
}

#[derive(Default)]
struct Board {
    /// Never more than `waiting`: a task is only posted for a thread that waits, so none queues behind a job.
    tasks: VecDeque<Task>,
    waiting: usize,
    closed: bool,
}

impl Threads {
    /// Runs `task` on a thread of its own, at once. It must not panic.
    pub(crate) fn run(&self, task: Task) -> io::Result<()> {
        let mut board = self.0.lock();
        if board.tasks.len() < board.waiting {
            board.tasks.push_back(task);
            self.0.posted.notify_one();
            return Ok(());
        }
        drop(board);
        let shared = Arc::clone(&self.0);
        std::thread::Builder::new().name("ktrdr-job".into()).spawn(move || {
            task();
            while let Some(next) = shared.wait() {
                next();
            }
        })?;
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task; `None` when there will be none.
    fn wait(&self) -> Option<Task> {
        let mut board = self.lock();
        board.waiting += 1;
        while board.tasks.is_empty() && !board.closed {
            board = self.posted.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
        board.waiting -= 1;
        board.tasks.pop_front()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.posted.notify_all();
    }
}
