//! A Redis of a test's own, for what must not be done to a server that others use.

use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::world::wait_for;

/// A server on a socket in a folder of its own; gone when dropped.
pub(crate) struct Redis {
    process: Child,
    folder: TempDir,
}

impl Redis {
    pub(crate) fn start() -> Self {
        let folder = TempDir::with_prefix("ktrdr-redis-").unwrap();
        let socket = folder.path().join("redis.sock");
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            "0",
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--dir",
        ]);
        command.arg(folder.path()).arg("--unixsocket").arg(&socket);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { process, folder };
        wait_for("redis-server", || (server.ask(&["PING"]) == "PONG").then_some(()));
        server
    }

    /// Ends it politely.
    pub(crate) fn stop(&self) {
        self.ask(&["SHUTDOWN", "NOSAVE"]);
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.folder.path().join("redis.sock").display())
    }

    /// One command, and what was answered.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.arg("-s").arg(self.folder.path().join("redis.sock")).args(command);
        String::from_utf8(cli.output().unwrap().stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
