//! Another machine: an empty folder, and the binary that knows nothing but a server.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::running::Running;
use crate::world::shown;

/// Somebody at another machine.
pub(crate) struct Elsewhere {
    server: String,
    folder: TempDir,
    /// Variables of the environment.
    said: Vec<(&'static str, String)>,
}

impl Elsewhere {
    /// Who asks the server of this address.
    pub(crate) fn asking(server: &str) -> Self {
        let folder = TempDir::with_prefix("ktrdr-elsewhere-").unwrap();
        Self { server: server.to_owned(), folder, said: Vec::new() }
    }

    /// The same with one more variable.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.said.push((name, value.to_owned()));
        self
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ktrdr"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
            command.env_remove(name);
        }
        command.env("KTRDR_SERVER", &self.server).envs(self.said.iter().cloned());
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        Running::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Runs the binary to its end, which leaves nothing behind.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let output = self.start(arguments).end();
        let left = std::fs::read_dir(self.folder.path()).unwrap().count();
        assert_eq!(left, 0, "ktrdr {arguments:?} made something here");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked"), "ktrdr {arguments:?}\n{said}");
        output
    }

    /// Runs the binary, which must succeed, and reads its one document.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
        let output = self.run(&arguments);
        assert!(output.status.success(), "ktrdr {arguments:?}\n{}", shown(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&output)))
    }

    /// Runs the binary, which must fail with this exit code; what it says.
    pub(crate) fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "ktrdr {arguments:?}\n{}", shown(&output));
        String::from_utf8(output.stderr).unwrap()
    }
}

/// A file of certificates for tests.
pub(crate) fn certificate(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fleet/tests/redis/tls");
    folder.join(name).to_str().unwrap().to_owned()
}
