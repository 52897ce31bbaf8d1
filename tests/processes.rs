//! The processes of the fleet, each watched by a supervisor that starts it again whenever it ends.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a supervisor looks after its process.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long it waits before it starts it again.
const START_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How long a process may take to drain.
const DRAINS_WITHIN: Duration = Duration::from_secs(60);

/// How processes ended, and how often.
pub(crate) type Ends = BTreeMap<String, u32>;

/// Ended when dropped.
pub(crate) struct Process {
    pub(crate) name: String,
    life: Arc<Mutex<Life>>,
    supervisor: Option<JoinHandle<()>>,
}

struct Life {
    child: Child,
    /// Whether it is started again when it ends.
    is_wanted: bool,
    ends: Ends,
    last: Option<ExitStatus>,
}

impl Process {
    /// Starts a process; what it logs is added to `log`, also by those that follow it.
    pub(crate) fn start(name: &str, log: PathBuf, command: impl Fn() -> Command + Send + 'static) -> Self {
        let spawn = move || {
            let stderr = File::options().create(true).append(true).open(&log).unwrap();
            command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap()
        };
        let life = Life { child: spawn(), is_wanted: true, ends: Ends::new(), last: None };
        let life = Arc::new(Mutex::new(life));
        let supervised = Arc::clone(&life);
        let supervisor = Some(thread::spawn(move || supervise(&supervised, spawn)));
        Self { name: name.to_owned(), life, supervisor }
    }

    /// The process that runs now.
    pub(crate) fn pid(&self) -> u32 {
        self.life().child.id()
    }

    /// Sends a signal by name to the process that runs now; who that was.
    pub(crate) fn signal(&self, name: &str) -> u32 {
        // Under the lock its number can not be given to another process.
        let life = self.life();
        let pid = life.child.id();
        // It may have ended by itself a moment ago.
        let _ =
            Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status();
        pid
    }

    /// Asks it to drain, and waits until it has: how it ended, and how often it had ended before.
    pub(crate) fn drain(mut self) -> (Option<ExitStatus>, Ends) {
        self.life().is_wanted = false;
        self.signal("TERM");
        let deadline = Instant::now() + DRAINS_WITHIN;
        while self.supervisor.as_ref().is_some_and(|thread| !thread.is_finished())
            && Instant::now() < deadline
        {
            thread::sleep(LOOK_EVERY);
        }
        self.end();
        let life = self.life();
        (life.last, life.ends.clone())
    }

    fn end(&mut self) {
        self.life().is_wanted = false;
        let _ = self.life().child.kill();
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.join().unwrap();
        }
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

fn supervise(life: &Mutex<Life>, spawn: impl Fn() -> Child) {
    loop {
        thread::sleep(LOOK_EVERY);
        let mut its = life.lock().unwrap();
        let Some(status) = its.child.try_wait().unwrap() else { continue };
        its.last = Some(status);
        *its.ends.entry(words(status)).or_default() += 1;
        if !its.is_wanted {
            return;
        }
        drop(its);
        thread::sleep(START_AGAIN_AFTER);
        let mut its = life.lock().unwrap();
        if !its.is_wanted {
            return;
        }
        its.child = spawn();
    }
}

/// How a process ended.
fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
