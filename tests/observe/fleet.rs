//! A fleet of one process for each role, each with a port for figures.

use std::collections::BTreeMap;
use std::net::TcpStream;

use serde_json::Value;

use crate::api::client::{Answer, answer, block_on, free_address};
use crate::world::{Running, World, wait_for};

/// The coordinator, by its place among the roles.
pub(super) const COORDINATOR: usize = 0;

/// Bars, and processes that run.
pub(super) struct Fleet {
    pub(super) world: World,
    /// By their places among the roles.
    members: BTreeMap<usize, Running>,
    /// Where each tells its figures, whichever process plays it.
    pub(super) addresses: Vec<String>,
    /// Where the coordinator serves the API.
    api: String,
    http: reqwest::Client,
    roles: &'static [&'static [&'static str]],
}

/// A world where who is lost is lost soon, what lost its worker is given up soon, and work costs a cent a second, so that something
/// is spent.
pub(super) fn hasty(world: World) -> World {
    world
        .with_setting("KTRDR_FLEET__LEASE", "6s")
        .with_setting("KTRDR_FLEET__HEARTBEAT", "1s")
        .with_setting("KTRDR_FLEET__SWEEP", "1s")
        .with_setting("KTRDR_FLEET__TRIES_MAX", "1")
        .with_setting("KTRDR_BUDGET__CPU_HOUR", "36usd")
}

impl Fleet {
    /// Starts a process for each of these roles, the coordinator first.
    pub(super) fn start(world: World, roles: &'static [&'static [&'static str]]) -> Self {
        // Others may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let addresses = roles.iter().map(|_| free_address()).collect();
        let (members, http) = (BTreeMap::new(), reqwest::Client::new());
        let mut fleet = Self { world, members, addresses, api: free_address(), http, roles };
        (0..roles.len()).for_each(|role| fleet.spawn(role, &[]));
        (0..roles.len()).for_each(|role| fleet.wait_for(role));
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
        let arguments = [self.roles[role], &["--metrics", &self.addresses[role]], listen].concat();
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
        let status = block_on(async { self.http.get(url).send().await.unwrap().status() });
        assert_eq!(status, 200, "{path}");
    }

    /// Asks the coordinator's API to do something: the status, and the answer.
    pub(super) fn post(&self, path: &str, body: &Value) -> Answer {
        let url = format!("http://{}{path}", self.api);
        block_on(async { answer(self.http.post(url).json(body).send().await.unwrap()).await })
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
