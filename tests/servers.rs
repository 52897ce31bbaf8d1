//! A private RabbitMQ and a private Redis, started by `scripts/services`, and what can be done to them from outside.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Everything the fleet says to the servers goes to this virtual host.
const VHOST: &str = "ktrdr";

/// The append-only file proves what happened: it must not be rewritten to what is left in the end.
const KEEP_THE_LOG_WHOLE: &str = "auto-aof-rewrite-percentage 0";

/// Stopped when dropped.
pub(crate) struct Servers {
    folder: PathBuf,
    /// What `scripts/services env` prints.
    environment: BTreeMap<String, String>,
}

impl Servers {
    /// Starts both; `nodes` is 1, or 3 for a cluster.
    pub(crate) fn start(folder: PathBuf, nodes: usize) -> Self {
        let mut servers = Self { folder, environment: BTreeMap::new() };
        let cluster: &[&str] = if nodes > 1 { &["--cluster"] } else { &[] };
        servers.services(&[&["start"], cluster].concat());
        let printed = servers.services(&["env"]);
        let variables = printed.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        servers.environment =
            variables.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect();
        servers
    }

    /// One of the variables that reach them.
    pub(crate) fn value(&self, name: &str) -> &str {
        &self.environment[name]
    }

    /// `host:port` of each node of the broker.
    pub(crate) fn nodes(&self) -> Vec<String> {
        self.value("KTRDR_AMQP_URL").split(',').map(authority).collect()
    }

    /// `host:port` of the store.
    pub(crate) fn redis(&self) -> String {
        authority(self.value("KTRDR_REDIS_URL"))
    }

    pub(crate) fn redis_url(&self) -> &str {
        self.value("KTRDR_REDIS_URL")
    }

    /// The broker as its administrator reaches it, by its first node.
    pub(crate) fn admin_url(&self) -> &str {
        self.value("KTRDR_AMQP_ADMIN_URL")
    }

    pub(crate) fn management_url(&self) -> &str {
        self.value("KTRDR_RABBITMQ_MANAGEMENT_URL")
    }

    /// The fleet's URLs with other addresses: those of the wires in between.
    pub(crate) fn amqp_url_through(&self, authorities: &[String]) -> String {
        let nodes = self.value("KTRDR_AMQP_URL").split(',').zip(authorities);
        nodes.map(|(url, other)| url.replace(&authority(url), other)).collect::<Vec<_>>().join(",")
    }

    pub(crate) fn redis_url_through(&self, other: &str) -> String {
        self.redis_url().replace(&self.redis(), other)
    }

    /// Every node, politely.
    pub(crate) fn stop_broker(&self) {
        self.services(&["stop", "rabbitmq"]);
    }

    /// Whatever of the broker is not running; waits until it answers.
    pub(crate) fn start_broker(&self) {
        self.services(&["start", "rabbitmq"]);
    }

    /// One node (from 1), without a word of warning.
    pub(crate) fn kill_node(&self, node: usize) {
        self.kill(&format!("rabbitmq{node}/pid"));
    }

    pub(crate) fn kill_redis(&self) {
        self.kill("redis/pid");
    }

    pub(crate) fn start_redis(&self) {
        self.services(&["start", "redis"]);
    }

    /// The folder of the append-only file.
    pub(crate) fn redis_log(&self) -> PathBuf {
        self.folder.join("redis/appendonlydir")
    }

    /// `rabbitmqctl`
    pub(crate) fn ctl(&self, arguments: &[&str]) -> String {
        self.services(&[&["ctl"], arguments].concat())
    }

    /// One figure of each queue.
    pub(crate) fn queues(&self, figure: &str) -> BTreeMap<String, u64> {
        let quietly = ["--quiet", "--no-table-headers"];
        let listed = self.ctl(&[&["list_queues", "-p", VHOST], &quietly[..], &["name", figure]].concat());
        let queues = listed.lines().filter_map(|line| line.split_once('\t'));
        queues.filter_map(|(name, count)| Some((name.to_owned(), count.trim().parse().ok()?))).collect()
    }

    /// Consumers time out after this long; checked every second. Acts on channels opened from now on, on every node.
    pub(crate) fn set_consumer_timeout_ms(&self, timeout_ms: u32) {
        for (name, ms) in [("channel_tick_interval", 1000), ("consumer_timeout", timeout_ms)] {
            let set = format!("rpc:multicall(application, set_env, [rabbit, {name}, {ms}]).");
            let answers = self.ctl(&["eval", &set]);
            assert_eq!(answers.matches("ok").count(), self.nodes().len(), "{set} {answers}");
        }
    }

    pub(crate) fn purge(&self, queue: &str) {
        self.ctl(&["purge_queue", "-p", VHOST, queue]);
    }

    pub(crate) fn delete(&self, queue: &str) {
        self.ctl(&["delete_queue", "-p", VHOST, queue]);
    }

    /// One command to the store, around the fleet.
    pub(crate) fn redis_cli(&self, arguments: &[&str]) -> String {
        let url = self.redis_url();
        let password = url.split(':').nth(2).unwrap().split('@').next().unwrap();
        let (_, port) = url.rsplit_once('/').unwrap().0.rsplit_once(':').unwrap();
        let mut command = Command::new("redis-cli");
        command.args(["-p", port]).args(arguments).env("REDISCLI_AUTH", password);
        let output = command.output().unwrap();
        assert!(output.status.success(), "redis-cli {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn kill(&self, pid_file: &str) {
        let pid = std::fs::read_to_string(self.folder.join(pid_file)).unwrap();
        let killed = Command::new("kill").args(["-KILL", pid.trim()]).status().unwrap();
        assert!(killed.success(), "{pid_file}: {pid}");
    }

    /// The words of a command that starts or stops one of them, for others to run.
    pub(crate) fn command(&self, verb: &str, name: &str) -> Vec<String> {
        let folder = format!("KTRDR_SERVICES_DIR={}", self.folder.display());
        ["env", &folder, script().to_str().unwrap(), verb, name].map(str::to_owned).into()
    }

    fn services(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(script());
        command.args(arguments).env("KTRDR_SERVICES_DIR", &self.folder).stdin(Stdio::null());
        command.env("KTRDR_SERVICES_REDIS", KEEP_THE_LOG_WHOLE);
        let output = command.stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "scripts/services {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.services(&["stop"]);
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/services")
}

fn authority(url: &str) -> String {
    url.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned()
}
