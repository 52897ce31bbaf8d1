//! Ctrl-C and SIGTERM. The first asks, the second hurries; the third ends the process, whatever its threads do.

use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::exit::{CliError, Kind, OrExit};

/// The signal that is no longer answered by us.
const LAST: usize = 3;

/// Signals, heard from before the work starts.
pub(crate) struct Signals(UnboundedReceiver<i32>);

impl Signals {
    /// Hears Ctrl-C; SIGTERM keeps its meaning.
    pub(crate) fn of_a_user() -> Result<Self, CliError> {
        Self::hear(&[SIGINT])
    }

    /// Hears Ctrl-C and SIGTERM: for roles, which supervisors end.
    pub(crate) fn of_a_supervisor() -> Result<Self, CliError> {
        Self::hear(&[SIGINT, SIGTERM])
    }

    /// Hears whatever ends a program at a terminal: for who has to give the terminal back.
    pub(crate) fn of_a_terminal() -> Result<Self, CliError> {
        Self::hear(&[SIGINT, SIGTERM, SIGHUP])
    }

    /// A thread of its own hears them: every other one may be blocked, by a folder of a network that hangs or by a pipe
    /// that nobody reads.
    fn hear(which: &[i32]) -> Result<Self, CliError> {
        let mut arriving = signal_hook::iterator::Signals::new(which).or_exit(Kind::Files)?;
        let (heard, signals) = mpsc::unbounded_channel();
        let listen = move || {
            for (before, signal) in arriving.forever().enumerate() {
                if before + 1 == LAST {
                    // At once: not even what is to be done at an exit is waited for. Leases bring back what ran.
                    signal_hook::low_level::exit(Kind::Interrupted as i32);
                }
                // Whoever listened may have gone; the third one counts all the same.
                let _ = heard.send(signal);
            }
        };
        thread::Builder::new().name("ktrdr-signals".into()).spawn(listen).or_exit(Kind::Files)?;
        Ok(Self(signals))
    }

    /// Waits for the next one, and says what it makes of the process.
    pub(crate) async fn next(&mut self) -> &'static str {
        match self.0.recv().await {
            Some(SIGTERM) => "terminated",
            Some(_) => "interrupted",
            None => std::future::pending().await,
        }
    }
}
