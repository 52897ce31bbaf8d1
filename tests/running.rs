//! A process of a test, and how long a test waits for it or for any other fact.

use std::process::{Child, Command, Output};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The longest any test waits for a fact, or for a process to end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// A process that ends with its test.
pub(crate) struct Running(Option<Child>);

impl Running {
    /// Takes a process into its care.
    pub(crate) fn of(child: Child) -> Self {
        Self(Some(child))
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.0.as_ref().unwrap().id()).unwrap()
    }

    /// Sends it a signal by name, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end; a process that does not end is killed when patience does.
    pub(crate) fn end(mut self) -> Output {
        let pid = self.pid().to_string();
        let (ended, waits) = mpsc::channel::<()>();
        let watchdog = std::thread::spawn(move || {
            if waits.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-KILL", &pid]).status();
            }
        });
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        drop(ended);
        watchdog.join().unwrap();
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks until there is an answer; fails the test when patience ends.
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "gave up waiting for {what}");
        std::thread::yield_now();
    }
}
