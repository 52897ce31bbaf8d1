//! The broker's users: one per role, with the least it needs.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{DEAD_LETTERS, EVENTS, QueueRow, Topology, TopologyError};

/// A user and its rights, as regular expressions over names of exchanges and queues.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Tags of the management interface, separated by commas.
    #[serde(default)]
    pub tags: String,
    /// What it may declare and delete.
    pub configure: String,
    /// Where it may publish.
    pub write: String,
    /// What it may consume (and purge).
    pub read: String,
}

impl User {
    /// The user of the workers of one kind: reads its queues, publishes ends, gives up dead letters, and may look whose
    /// virtual host it is.
    fn worker(queue: &QueueRow) -> Self {
        let own = queue.name.replace('.', r"\.");
        let suffix = |exchange: &str| exchange.trim_start_matches("ktrdr.").to_owned();
        Self {
            name: format!("ktrdr-{}", queue.consumers.replace(' ', "-")),
            tags: String::new(),
            configure: "^$".into(),
            write: format!(r"^ktrdr\.({}|{}|fleet\..*)$", suffix(EVENTS), suffix(DEAD_LETTERS)),
            read: format!(r"^{own}(\..*)?$"),
        }
    }

    pub(super) fn permissions(&self) -> Value {
        json!({"configure": self.configure, "write": self.write, "read": self.read})
    }
}

impl Topology {
    /// Refuses passwords of users whom the fleet does not have: a name with a slip of the pen would be left out in silence.
    ///
    /// # Errors
    /// [`TopologyError::UnknownUsers`], with those there are.
    pub fn check_users(&self, passwords: &Passwords) -> Result<(), TopologyError> {
        let known: Vec<String> = self.users().into_iter().map(|user| user.name).collect();
        let unknown: Vec<_> = passwords.0.keys().filter(|name| !known.contains(name)).cloned().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(TopologyError::UnknownUsers { unknown: unknown.join(", "), known: known.join(", ") })
    }

    /// Every user of the fleet: administrator, coordinator, monitor, and one for the workers of each kind.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        let of_a_kind = |queue: &&QueueRow| queue.kind.is_some() && queue.device.is_none();
        let workers = self.queues.iter().filter(of_a_kind).map(User::worker);
        self.users.iter().cloned().chain(workers).collect()
    }
}

/// Passwords by user. Never shown.
#[derive(Debug, Clone, Default)]
pub struct Passwords(BTreeMap<String, SecretString>);

impl Passwords {
    /// The password of one user, if it is known.
    pub(super) fn of(&self, user: &User) -> Option<&str> {
        self.0.get(&user.name).map(ExposeSecret::expose_secret)
    }
}

impl FromIterator<(String, String)> for Passwords {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(passwords: I) -> Self {
        Self(passwords.into_iter().map(|(user, password)| (user, password.into())).collect())
    }
}

/// A password as the broker stores it: salt, then SHA-256 of salt and password, in base64
/// (RabbitMQ, "Credentials and passwords", `rabbit_password_hashing_sha256`).
pub(super) fn password_hash(password: &str, salt: [u8; 4]) -> String {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(password.as_bytes());
    BASE64_STANDARD.encode([salt.as_slice(), hash.finalize().as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hashed_as_the_broker_does_it() {
        // The worked example of the broker's documentation.
        let hash = password_hash("test12", [0x90, 0x8D, 0xC6, 0x0A]);
        assert_eq!(hash, "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR");
    }

    #[test]
    fn the_workers_of_a_queue_read_it_and_publish_no_jobs() {
        let users = Topology::built_in().unwrap().users();
        let worker = users.iter().find(|user| user.name == "ktrdr-worker-training").unwrap();
        assert_eq!(worker.configure, "^$");
        assert_eq!(worker.write, r"^ktrdr\.(events|dlx|fleet\..*)$");
        assert_eq!(worker.read, r"^ktrdr\.jobs\.training(\..*)?$");
    }

    #[test]
    fn passwords_are_never_shown() {
        let passwords = Passwords::from_iter([("ktrdr-monitor".to_owned(), "canary".to_owned())]);
        let shown = format!("{passwords:?}");
        assert!(shown.contains("ktrdr-monitor") && !shown.contains("canary"), "{shown}");
    }
}
