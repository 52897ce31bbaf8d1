//! A RabbitMQ of its own, for tests that break it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::vhost::Place;

/// Started by `scripts/services` in a folder of its own; stopped when dropped.
pub(crate) struct OwnBroker {
    folder: TempDir,
}

impl OwnBroker {
    pub(crate) fn start() -> Self {
        Self::start_with(&["start", "rabbitmq"])
    }

    /// Three nodes, joined.
    pub(crate) fn start_cluster() -> Self {
        Self::start_with(&["start", "--cluster", "rabbitmq"])
    }

    fn start_with(arguments: &[&str]) -> Self {
        let own = Self { folder: tempfile::tempdir().unwrap() };
        own.services(arguments);
        own
    }

    pub(crate) fn place(&self) -> Place {
        Place::of(&self.value("KTRDR_AMQP_ADMIN_URL"), &self.value("KTRDR_RABBITMQ_MANAGEMENT_URL"))
    }

    /// `host:port` of each node.
    pub(crate) fn nodes(&self) -> Vec<String> {
        let authority = |url: &str| url.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
        self.value("KTRDR_AMQP_URL").split(',').map(authority).collect()
    }

    fn value(&self, name: &str) -> String {
        let env = self.services(&["env"]);
        let line = env.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
        line.unwrap().trim_matches('\'').to_owned()
    }

    pub(crate) fn stop(&self) {
        self.services(&["stop", "rabbitmq"]);
    }

    pub(crate) fn start_again(&self) {
        self.services(&["start", "rabbitmq"]);
    }

    /// `rabbitmqctl`
    pub(crate) fn ctl(&self, arguments: &[&str]) {
        self.services(&[&["ctl"], arguments].concat());
    }

    fn services(&self, arguments: &[&str]) -> String {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/services");
        let mut command = Command::new(script);
        command.args(arguments).env("KTRDR_SERVICES_DIR", self.folder.path()).stderr(Stdio::inherit());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        self.stop();
    }
}
