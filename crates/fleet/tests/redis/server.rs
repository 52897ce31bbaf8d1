//! A private Redis: own folder, own socket, every write on disk before it is acknowledged. Stopped when dropped.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How a server starts; of a setting given twice the last one counts. No TCP: sockets need no free port.
const DEFAULTS: [(&str, &str); 5] = [
    ("port", "0"),
    ("save", "\"\""),
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    ("maxmemory-policy", "noeviction"),
];

const CONFIGURATION: &str = "redis.conf";
const SOCKET: &str = "redis.sock";

/// Far more than a server needs to start on a busy machine.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
const POLL_EVERY: Duration = Duration::from_millis(2);

pub(crate) struct RedisServer {
    pub(crate) process: Child,
    pub(crate) folder: TempDir,
}

impl RedisServer {
    /// Starts a server with some settings of its own.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = format!("dir {0}\nunixsocket {0}/{SOCKET}\n", folder.path().display());
        for (name, value) in DEFAULTS.iter().chain(settings) {
            lines += &format!("{name} {value}\n");
        }
        std::fs::write(folder.path().join(CONFIGURATION), lines).unwrap();
        let mut server = Self { process: spawn(folder.path()), folder };
        server.wait_until_it_answers();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}/{SOCKET}", self.folder.path().display())
    }

    /// A connection that may do everything, around the engine.
    pub(crate) fn admin(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    pub(crate) fn wait_until_it_answers(&mut self) {
        let deadline = Instant::now() + STARTS_WITHIN;
        loop {
            let client = redis::Client::open(self.url()).unwrap();
            let answer = client.get_connection().and_then(|mut c| redis::cmd("PING").query::<String>(&mut c));
            match answer {
                Ok(_) => return,
                Err(e) => {
                    let ended = self.process.try_wait().unwrap();
                    assert!(ended.is_none() && Instant::now() < deadline, "redis-server: {e}; {ended:?}");
                    std::thread::sleep(POLL_EVERY);
                }
            }
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts the server of a folder.
pub(crate) fn spawn(folder: &Path) -> Child {
    let mut command = Command::new("redis-server");
    command.arg(folder.join(CONFIGURATION)).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|e| {
        panic!("redis-server can not be started ({e}): install it (apt-get install redis-server), or run scripts/test")
    })
}
