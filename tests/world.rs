//! A test's own world: a workspace folder and the real binary, nothing shared with any other test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The longest any test waits for a fact.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A workspace of one test; removed when the test ends.
pub struct World {
    folder: TempDir,
}

impl World {
    /// An empty workspace.
    pub fn new() -> Self {
        Self { folder: TempDir::with_prefix("ktrdr-test-").unwrap() }
    }

    /// The workspace's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path inside the workspace.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Writes a file of the workspace.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary with arguments, on this workspace, with nothing of the outer environment's settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ktrdr"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
            command.env_remove(name);
        }
        command.arg("--workspace").arg(self.folder()).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the binary, which must succeed, and reads its one JSON document.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
        let output = self.run(&arguments);
        assert!(output.status.success(), "ktrdr {arguments:?}\n{}", shown(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&output)))
    }

    /// Runs the binary, which must fail with this exit code, and returns what it said on stderr.
    pub fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "ktrdr {arguments:?}\n{}", shown(&output));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("panicked"), "{said}");
        said
    }

    /// Starts the binary and leaves it running.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Running(Some(child))
    }

    /// Generated hourly bars with a strong edge, or without any.
    pub fn generate(&self, symbol: &str, process: &str, bars: u32, seed: u64) {
        let (bars, seed) = (bars.to_string(), seed.to_string());
        self.json(&[
            "data",
            "generate",
            "--symbol",
            symbol,
            "--timeframe",
            "1h",
            "--process",
            process,
            "--bars",
            &bars,
            "--seed",
            &seed,
        ]);
    }

    /// A copy of one of the project's example strategies in this workspace.
    pub fn example(&self, name: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../strategies/{name}.yaml"));
        self.write(&format!("strategies/{name}.yaml"), std::fs::read(file).unwrap());
    }
}

/// A process that ends with its test.
pub struct Running(Option<Child>);

impl Running {
    /// Its process id.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.0.as_ref().unwrap().id()).unwrap()
    }

    /// Sends it a signal by name, such as `INT`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub fn end(mut self) -> Output {
        self.0.take().unwrap().wait_with_output().unwrap()
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
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "gave up waiting for {what}");
        std::thread::yield_now();
    }
}

/// Both streams of an ended process.
pub fn shown(output: &Output) -> String {
    format!(
        "{}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Folder of real bars, when the environment names one.
pub fn real_data() -> Option<PathBuf> {
    let folder = std::env::var_os("KTRDR_REAL_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("KTRDR_REAL_DATA is not set: generated bars only");
    }
    folder
}
