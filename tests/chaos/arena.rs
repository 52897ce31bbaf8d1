//! One run's world: servers, wires, processes, a workspace. Nothing of it is shared, and nothing is left over.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::{Operation, OperationId, OperationSummary, Status};
use ktrdr_fabric::store::{Filter, OperationReader};
use ktrdr_fleet::redis::{Prefix, RedisOptions, RedisStore};
use tempfile::TempDir;
use tokio::sync::{Mutex, RwLock};

use super::plan::Size;
use super::wire::{LinkMode, Wire};
use crate::processes::Process;
use crate::servers::Servers;

/// Name of the fleet: what its keys begin with.
const FLEET: &str = "chaos";

/// Fields are dropped in this order: processes before what they need.
pub(crate) struct Arena {
    pub(crate) fleet: Fleet,
    /// The store itself, for looking.
    pub(crate) store: RedisStore,
    /// The store as the fleet reaches it, for submitting.
    pub(crate) client: RedisStore,
    pub(crate) wires: Wires,
    /// Faults of the broker come one at a time.
    pub(crate) broker: Mutex<()>,
    /// Whoever looks holds off the killer of Redis.
    pub(crate) redis: RwLock<()>,
    pub(crate) servers: Servers,
    binary: Binary,
    folder: TempDir,
}

/// The processes.
#[derive(Default)]
pub(crate) struct Fleet {
    pub(crate) workers: Vec<Process>,
    pub(crate) coordinators: Vec<Process>,
    pub(crate) orchestrators: Vec<Process>,
    /// Workers for the steps of research cycles.
    pub(crate) researchers: Vec<Process>,
}

impl Fleet {
    pub(crate) fn all(self) -> impl Iterator<Item = Process> {
        let Self { workers, coordinators, orchestrators, researchers } = self;
        [workers, researchers, orchestrators, coordinators].into_iter().flatten()
    }
}

pub(crate) struct Wires {
    pub(crate) redis: Wire,
    /// One for each node.
    pub(crate) broker: Vec<Wire>,
}

impl Wires {
    pub(crate) fn cut_broker(&self) {
        self.broker.iter().for_each(Wire::cut);
    }

    pub(crate) fn set_broker(&self, mode: LinkMode) {
        self.broker.iter().for_each(|wire| wire.set(mode));
    }
}

impl Arena {
    pub(crate) async fn build(size: &Size) -> Self {
        let folder = TempDir::with_prefix("ktrdr-chaos-").unwrap();
        let servers = Servers::start(folder.path().join("servers"), size.nodes);
        let mut broker = Vec::new();
        for node in servers.nodes() {
            broker.push(Wire::to(&node).await);
        }
        let wires = Wires { redis: Wire::to(&servers.redis()).await, broker };
        let binary = Binary::new(folder.path(), &servers, &wires, size);
        servers.set_consumer_timeout_ms(super::faults::PATIENT_CONSUMER_TIMEOUT_MS);
        binary.must(&["topology", "apply"]);
        Self {
            fleet: fleet(size, &binary, folder.path()),
            store: open(servers.redis_url()).await,
            client: open(&servers.redis_url_through(&wires.redis.authority)).await,
            wires,
            broker: Mutex::default(),
            redis: RwLock::default(),
            servers,
            binary,
            folder,
        }
    }

    /// As an operator would.
    pub(crate) fn apply_topology(&self) {
        self.binary.must(&["topology", "apply"]);
    }

    /// The real binary, talking to this fleet.
    pub(crate) fn ktrdr(&self, arguments: &[&str]) -> String {
        self.binary.must(arguments)
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.binary.workspace.clone()
    }

    pub(crate) fn logs(&self) -> PathBuf {
        logs(self.folder.path())
    }

    /// What every key begins with.
    pub(crate) fn prefix() -> String {
        format!("{{{FLEET}}}:")
    }

    /// Keeps logs and data for whoever wants to know why; where they are.
    pub(crate) fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }

    /// Takes the processes out, so that they can be drained.
    pub(crate) fn take_fleet(&mut self) -> Fleet {
        std::mem::take(&mut self.fleet)
    }

    /// Rows of a status, newest first, at most a thousand.
    pub(crate) async fn rows(&self, status: Status) -> Vec<OperationSummary> {
        let _up = self.redis.read().await;
        let filter = Filter { statuses: vec![status], limit: 1000, ..Filter::default() };
        self.store.list(&filter).await.unwrap().operations
    }

    pub(crate) async fn row(&self, id: &OperationId) -> Option<Operation> {
        let _up = self.redis.read().await;
        self.store.get(id).await.unwrap()
    }

    /// Runs something slow that is not async.
    pub(crate) async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        let arena = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&arena)).await.unwrap()
    }
}

async fn open(url: &str) -> RedisStore {
    let mut options = RedisOptions::new(url.parse().unwrap());
    options.prefix = Prefix::new(FLEET).unwrap();
    RedisStore::open(options).await.unwrap()
}

fn logs(folder: &Path) -> PathBuf {
    folder.join("logs")
}

fn fleet(size: &Size, binary: &Binary, folder: &Path) -> Fleet {
    std::fs::create_dir_all(logs(folder)).unwrap();
    let start = |name: String, arguments: &[&str]| {
        let (binary, log) = (binary.clone(), logs(folder).join(format!("{name}.log")));
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        Process::start(&name, log, move || binary.command(&arguments))
    };
    let several = |count: usize, role: &str, arguments: &[&str]| {
        (1..=count).map(|n| start(format!("{role}-{n}"), arguments)).collect::<Vec<_>>()
    };
    let slots = size.slots.to_string();
    let steps: &[&str] =
        if size.cycles > 0 { &["design", "training", "backtesting", "assessment"] } else { &[] };
    Fleet {
        workers: several(size.workers, "worker", &["worker", "probe", "--slots", &slots]),
        coordinators: several(size.coordinators, "coordinator", &["serve"]),
        orchestrators: several(size.orchestrators, "orchestrator", &["orchestrator"]),
        researchers: steps.iter().map(|kind| start(format!("worker-{kind}"), &["worker", kind])).collect(),
    }
}

/// The real binary with this fleet's settings.
#[derive(Clone)]
struct Binary {
    workspace: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Binary {
    fn new(folder: &Path, servers: &Servers, wires: &Wires, size: &Size) -> Self {
        let workspace = folder.join("workspace");
        std::fs::create_dir_all(&workspace).unwrap();
        let nodes: Vec<String> = wires.broker.iter().map(|wire| wire.authority.clone()).collect();
        let time = |time: Duration| format!("{}ms", time.as_millis());
        let settings = vec![
            ("KTRDR_ENGINE", "fleet".to_owned()),
            ("KTRDR_PREFIX", FLEET.to_owned()),
            ("KTRDR_LOG", "info".to_owned()),
            ("KTRDR_AMQP_URL", servers.amqp_url_through(&nodes)),
            ("KTRDR_REDIS_URL", servers.redis_url_through(&wires.redis.authority)),
            ("KTRDR_AMQP_ADMIN_URL", servers.admin_url().to_owned()),
            ("KTRDR_RABBITMQ_MANAGEMENT_URL", servers.management_url().to_owned()),
            ("KTRDR_FLEET__LEASE", time(size.pace.lease)),
            ("KTRDR_FLEET__HEARTBEAT", time(size.pace.heartbeat)),
            ("KTRDR_FLEET__SWEEP", time(size.pace.sweep)),
            ("KTRDR_FLEET__REPUBLISH_AFTER", time(size.pace.republish_after)),
            ("KTRDR_FLEET__TRIES_MAX", "19".to_owned()),
            ("KTRDR_FLEET__CHAOS_PROBES", "true".to_owned()),
        ];
        Self { workspace, settings }
    }

    fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ktrdr"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
            command.env_remove(name);
        }
        command.arg("--workspace").arg(&self.workspace).args(arguments);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end, which must be good.
    fn must(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "ktrdr {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}
