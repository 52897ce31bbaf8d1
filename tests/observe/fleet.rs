//! A fleet of one process for each role, each with a port for figures.

use std::collections::BTreeMap;
use std::net::TcpStream;

use crate::api::client::{block_on, free_address};
use crate::world::{Engine, Running, World, wait_for};

/// The roles, as they are started.
pub(super) const ROLES: [&[&str]; 7] = [
    &["serve"],
    &["orchestrator"],
    &["worker", "design"],
    &["worker", "training", "--slots", "1"],
    &["worker", "backtesting"],
    &["worker", "assessment"],
    &["worker", "data"],
];

/// The coordinator and the worker that trains, by their places in [`ROLES`].
pub(super) const COORDINATOR: usize = 0;
pub(super) const TRAINER: usize = 3;

/// Bars, and processes that run.
pub(super) struct Fleet {
    pub(super) world: World,
    /// By their places in [`ROLES`].
    members: BTreeMap<usize, Running>,
    /// Where each tells its figures, whichever process plays it.
    pub(super) addresses: Vec<String>,
    /// Where the coordinator serves the API.
    pub(super) api: String,
}

impl Fleet {
    pub(super) fn start() -> Self {
        // A worker that is lost is lost soon, and what lost its worker is given up soon.
        let world = World::on(Engine::Fleet)
            .with_setting("KTRDR_FLEET__LEASE", "6s")
            .with_setting("KTRDR_FLEET__HEARTBEAT", "1s")
            .with_setting("KTRDR_FLEET__SWEEP", "1s")
            .with_setting("KTRDR_FLEET__TRIES_MAX", "1")
            // Work costs a cent a second, so that something is spent.
            .with_setting("KTRDR_BUDGET__CPU_HOUR", "36usd");
        world.generate("GBPUSD", "planted-edge", 5_000, 3);
        // Enough for a training that takes minutes.
        world.generate("EURUSD", "planted-edge", 20_000, 3);
        world.example_of_epochs("long", 10_000);
        let addresses = ROLES.iter().map(|_| free_address()).collect();
        let mut fleet = Self { world, members: BTreeMap::new(), addresses, api: free_address() };
        (0..ROLES.len()).for_each(|role| fleet.spawn(role, &[]));
        (0..ROLES.len()).for_each(|role| fleet.wait_for(role));
        fleet
    }

    /// Starts one, with further settings, and waits until it tells its figures.
    pub(super) fn play(&mut self, role: usize, settings: &[(&str, &str)]) {
        self.spawn(role, settings);
        self.wait_for(role);
    }

    fn spawn(&mut self, role: usize, settings: &[(&str, &str)]) {
        let listen = ["--listen", &self.api];
        let listen = if role == COORDINATOR { &listen[..] } else { &[] };
        let arguments = [ROLES[role], &["--metrics", &self.addresses[role]], listen].concat();
        let mut command = self.world.command(&arguments);
        command.envs(settings.iter().copied());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        self.members.insert(role, Running::of(command.spawn().unwrap()));
    }

    fn wait_for(&self, role: usize) {
        wait_for("figures", || TcpStream::connect(&self.addresses[role]).ok());
    }

    /// Asks the coordinator's API for something that is there.
    pub(super) fn ask_api(&self, path: &str) {
        let url = format!("http://{}{path}", self.api);
        let status = block_on(async { reqwest::get(url).await.unwrap().status() });
        assert_eq!(status, 200, "{path}");
    }

    /// Ends one without a word of warning.
    pub(super) fn kill(&mut self, role: usize) {
        let process = self.members.remove(&role).unwrap();
        process.signal("KILL");
        process.end();
    }

    /// Ends one politely.
    pub(super) fn drain(&mut self, role: usize) {
        let process = self.members.remove(&role).unwrap();
        process.signal("TERM");
        assert!(process.end().status.success());
    }
}
