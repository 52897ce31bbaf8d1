//! A test's own world: a workspace folder and the real binary, nothing shared with any other test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ktrdr_domain::instant::Instant;
use lapin::{Channel, Connection, ConnectionProperties};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::running::{Running, wait_for};
use crate::servers::Servers;

mod fleet;
use fleet::Fleet;

/// Has a backtest trade all bars there are, those of the vault among them.
pub(crate) const WHOLE_SERIES: [&str; 4] =
    ["--start-date", "1990-01-01", "--open-vault", "all of it is wanted"];

/// A moment that JSON tells, in Unix milliseconds.
pub(crate) fn ms(told: &Value) -> i64 {
    assert!(told.is_string(), "{told} is no time");
    serde_json::from_value::<Instant>(told.clone()).unwrap().0
}

/// A workspace of one test; removed when the test ends.
pub(crate) struct World {
    /// Of a world on the fleet: dropped first, so that its processes end before their folder does.
    fleet: Option<Fleet>,
    folder: TempDir,
    /// As variables of the environment.
    settings: Vec<(&'static str, String)>,
}

impl World {
    /// An empty workspace on the embedded engine.
    pub(crate) fn new() -> Self {
        Self::on(Engine::Embedded)
    }

    /// An empty workspace. On the fleet it has a virtual host and a prefix of its own, and `--local` means: by a process
    /// that plays every role there, waited for.
    pub(crate) fn on(engine: Engine) -> Self {
        let folder = TempDir::with_prefix("ktrdr-test-").unwrap();
        // What makes a folder a workspace: commands that only read refuse any other.
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let fleet = (engine == Engine::Fleet).then(Fleet::new);
        let world = Self { fleet, folder, settings: Vec::new() };
        if world.fleet.is_some() {
            world.json(&["topology", "apply"]);
        }
        world
    }

    /// A world on a fleet whose broker was not set up.
    pub(crate) fn on_bare_fleet() -> Self {
        let folder = TempDir::with_prefix("ktrdr-test-").unwrap();
        Self { fleet: Some(Fleet::new()), folder, settings: Vec::new() }
    }

    /// A world on servers that are its caller's alone.
    pub(crate) fn on_fleet_of(servers: &Servers) -> Self {
        let fleet = Some(Fleet::at(|name| servers.value(name).to_owned()));
        let folder = TempDir::with_prefix("ktrdr-test-").unwrap();
        let world = Self { fleet, folder, settings: Vec::new() };
        world.json(&["topology", "apply"]);
        world
    }

    /// The same with one more setting, as a variable of the environment.
    pub(crate) fn with_setting(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// The same with the virtual host of another world.
    pub(crate) fn on_the_broker_of(self, other: &Self) -> Self {
        let url = other.of_fleet("KTRDR_AMQP_URL").to_owned();
        self.with_setting("KTRDR_AMQP_URL", &url)
    }

    /// A setting of the fleet that it is on.
    pub(crate) fn of_fleet(&self, name: &str) -> &str {
        let settings = self.fleet.iter().flat_map(|fleet| &fleet.settings);
        &settings.into_iter().find(|(known, _)| *known == name).unwrap().1
    }

    /// Does something by hand on its broker.
    pub(crate) fn at_the_broker(&self, act: impl AsyncFnOnce(Channel)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let url = self.of_fleet("KTRDR_AMQP_URL");
            let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
            act(connection.create_channel().await.unwrap()).await;
        });
    }

    /// The workspace's folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path inside the workspace.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Writes a file of the workspace.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary with arguments, on this workspace, with nothing of the outer environment's settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
            command.env_remove(name);
        }
        for key in ["ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY_FILE"] {
            command.env_remove(key);
        }
        command.arg("--workspace").arg(self.folder()).stdin(Stdio::null());
        match &self.fleet {
            None => command.args(arguments),
            Some(fleet) => {
                let there =
                    |argument: &&str| if *argument == "--local" { "--wait" } else { *argument }.to_owned();
                command.args(arguments.iter().map(there)).envs(fleet.settings.iter().cloned())
            }
        };
        command.envs(self.settings.iter().cloned());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.start(arguments).end()
    }

    /// Runs the binary, which must succeed, and reads its one JSON document.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
        let output = self.run(&arguments);
        assert!(output.status.success(), "ktrdr {arguments:?}\n{}", shown(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&output)))
    }

    /// Runs the binary, which must fail with this exit code, and returns what it said on stderr.
    pub(crate) fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "ktrdr {arguments:?}\n{}", shown(&output));
        assert!(output.stdout.is_empty(), "an error is no answer: {}", shown(&output));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{said}");
        said
    }

    /// As [`Self::refused`], and the message has these words in it.
    pub(crate) fn refused_with(&self, code: i32, arguments: &[&str], words: &[&str]) {
        let said = self.refused(code, arguments);
        for word in words {
            assert!(said.contains(word), "ktrdr {arguments:?} does not say {word:?}:\n{said}");
        }
    }

    /// All operations as they are listed, newest first.
    pub(crate) fn operations(&self) -> Vec<Value> {
        self.json(&["operations", "list", "--limit", "1000"])["operations"].as_array().unwrap().clone()
    }

    /// All operations with what they were told and returned, newest first.
    pub(crate) fn whole_operations(&self) -> Vec<Value> {
        self.operations().iter().map(|row| self.operation(row["id"].as_str().unwrap())).collect()
    }

    /// The whole row of one operation.
    pub(crate) fn operation(&self, id: &str) -> Value {
        self.json(&["operations", "status", id])["operation"].clone()
    }

    /// The example `fx_pullback` under another name, trained for exactly so many epochs.
    pub(crate) fn example_of_epochs(&self, name: &str, epochs: u32) {
        let text = include_str!("../strategies/fx_pullback.yaml");
        let line = |line: &str| match line.trim_start().split(':').next() {
            Some("name") => format!("name: {name}\n"),
            Some("epochs") => format!("  epochs: {epochs}\n"),
            Some("early_stopping") => "  early_stopping: false\n".to_owned(),
            _ => format!("{line}\n"),
        };
        self.write(&format!("strategies/{name}.yaml"), text.lines().map(line).collect::<String>());
    }

    /// Starts the engine of this world, up and holding it.
    pub(crate) fn up(&self, arguments: &[&str]) -> Running {
        let engine = self.start(&[&["up"], arguments].concat());
        let pid = engine.pid();
        wait_for("the engine", || match &self.fleet {
            None => {
                let lock = std::fs::read_to_string(self.path("ktrdr.db.lock")).ok()?;
                lock.contains(&format!("pid {pid} ")).then_some(())
            }
            Some(_) => {
                let workers = self.json(&["workers", "list"])["workers"].clone();
                let boots =
                    workers.as_array().unwrap().iter().map(|w| w["boot"].as_str().unwrap().to_owned());
                boots.into_iter().any(|boot| boot.contains(&format!("-{pid}-"))).then_some(())
            }
        });
        engine
    }

    /// Submits work to whatever engine runs here, now or later, and returns its operations.
    pub(crate) fn submit(&self, arguments: &[&str]) -> Vec<String> {
        let submitted = self.json(arguments)["submitted"].clone();
        submitted.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// A world with bars of EURUSD and a model of `fx_pullback` trained on them.
    pub(crate) fn trained() -> Self {
        let world = Self::new();
        world.generate("EURUSD", "planted-edge", 5_000, 3);
        world.example("fx_pullback");
        world.json(&["training", "run", "--local", "--strategy", "fx_pullback"]);
        world
    }

    /// After whatever went wrong: nothing is half-written, nothing is left running, and good work succeeds.
    pub(crate) fn still_works(&self) {
        let parts = self.files().into_iter().filter(|f| f.contains(".ktrdr-part-")).collect::<Vec<_>>();
        assert!(parts.is_empty(), "half-written: {parts:?}");
        self.goes_on();
    }

    /// Nothing is left running, and good work succeeds. What a killed process was writing may lie about unread.
    pub(crate) fn goes_on(&self) {
        let listed = self.json(&["operations", "list", "--active"]);
        assert_eq!(listed["operations"], serde_json::json!([]));
        if !self.path("data/GOOD_1h.csv").exists() {
            self.generate("GOOD", "random-walk", 400, 1);
        }
        let signals = self.write("good.csv", "timestamp,target\n2015-01-20T00:00:00Z,1\n");
        let market = ["--symbol", "GOOD", "--timeframe", "1h", "--signals", signals.to_str().unwrap()];
        let report = self.json(&[&["backtest", "signals", "--local"], &market[..]].concat());
        assert_eq!(report["metrics"]["total_trades"], 1);
    }

    /// Cuts a file of the workspace to nothing.
    pub(crate) fn truncate(&self, name: &str) {
        std::fs::File::options().write(true).truncate(true).open(self.path(name)).unwrap();
    }

    /// Every file of the workspace, by its path in it.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(entry.path()),
                    false => found
                        .push(entry.path().strip_prefix(self.folder()).unwrap().to_str().unwrap().to_owned()),
                }
            }
        }
        found.sort();
        found
    }

    /// Starts the binary and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        if let Some(fleet) = self.fleet.as_ref().filter(|_| runs_here_when_embedded(arguments)) {
            fleet.up.get_or_init(|| self.up(&[]));
        }
        let child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Running::of(child)
    }

    /// Generated hourly bars with a strong edge, or without any.
    pub(crate) fn generate(&self, symbol: &str, process: &str, bars: u32, seed: u64) {
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

    /// Generated hourly bars with an edge of so much strength.
    pub(crate) fn plant(&self, symbol: &str, strength: f64, bars: u32, seed: u64) {
        let [strength, bars, seed] = [strength.to_string(), bars.to_string(), seed.to_string()];
        let edge = ["--process", "planted-edge", "--strength", &strength, "--bars", &bars, "--seed", &seed];
        self.json(&[&["data", "generate", "--symbol", symbol, "--timeframe", "1h"], &edge[..]].concat());
    }

    /// A copy of one of the project's example strategies in this workspace.
    pub(crate) fn example(&self, name: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../strategies/{name}.yaml"));
        self.write(&format!("strategies/{name}.yaml"), std::fs::read(file).unwrap());
    }
}

/// Whether a command plays the roles itself on the embedded engine, where nobody else does.
fn runs_here_when_embedded(arguments: &[&str]) -> bool {
    let here = [&["replay"][..], &["data", "import"], &["backtest", "signals"]];
    arguments.contains(&"--local") || here.iter().any(|command| arguments.starts_with(command))
}

/// The real binary: that of this build, unless another one is to be tried.
fn program() -> PathBuf {
    std::env::var_os("KTRDR_TEST_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_ktrdr").into(), PathBuf::from)
}

/// Which engine carries a world's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// SQLite, in one process.
    Embedded,
    /// RabbitMQ and Redis.
    Fleet,
}

/// The same tests on each engine: functions of an [`Engine`], named once.
macro_rules! on_each_engine {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[test] fn $name() { super::$name(crate::world::Engine::Embedded) })+
        }
        mod fleet {
            $(#[test] fn $name() { super::$name(crate::world::Engine::Fleet) })+
        }
    };
}
pub(crate) use on_each_engine;

/// Both streams of an ended process.
pub(crate) fn shown(output: &Output) -> String {
    format!(
        "{}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Folder of real bars, when the environment names one.
pub(crate) fn real_data() -> Option<PathBuf> {
    let folder = std::env::var_os("KTRDR_REAL_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("KTRDR_REAL_DATA is not set: generated bars only");
    }
    folder
}
