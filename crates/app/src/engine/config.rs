//! Which engine, and how it is reached. Addresses may hold passwords and are never shown whole.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use ktrdr_domain::trace::Sample;
use ktrdr_fleet::amqp::{AmqpUrl, Trust};
use ktrdr_fleet::artifacts::AwsVariables;
use ktrdr_fleet::redis::Prefix;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::{AppError, ErrorKind, OrKind};

/// What to do about a missing address.
const HINT: &str = "`scripts/services start` prints the addresses of a private fleet on this machine";

/// Which engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineName {
    /// Rows in SQLite, messages in this process.
    #[default]
    Embedded,
    /// Rows in Redis, messages through RabbitMQ.
    Fleet,
}

impl EngineName {
    /// As it is configured.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Fleet => "fleet",
        }
    }

    /// What carries its messages, by the name that tools know it by.
    #[must_use]
    pub fn messaging_system(self) -> &'static str {
        match self {
            Self::Embedded => "ktrdr",
            Self::Fleet => "rabbitmq",
        }
    }
}

/// Which engine, and how it is reached.
#[derive(Debug, Clone)]
pub enum EngineConfig {
    /// In the workspace's folder.
    Embedded,
    /// On servers.
    Fleet(Box<FleetConfig>),
}

impl EngineConfig {
    /// Which engine.
    #[must_use]
    pub fn name(&self) -> EngineName {
        match self {
            Self::Embedded => EngineName::Embedded,
            Self::Fleet(_) => EngineName::Fleet,
        }
    }
}

/// Where the servers of a fleet are. An address that is missing is missed by whoever needs it.
#[derive(Debug, Clone, Default)]
pub struct FleetConfig {
    /// RabbitMQ.
    pub amqp_url: Option<Secret>,
    /// The same broker as its administrator.
    pub amqp_admin_url: Option<Secret>,
    /// Its management interface.
    pub rabbitmq_management_url: Option<Secret>,
    /// Redis.
    pub redis_url: Option<Secret>,
    /// Where bars, models and reports are; the workspace's folder otherwise.
    pub artifacts_url: Option<Secret>,
    /// What the fleet's keys begin with; the default otherwise.
    pub prefix: Option<String>,
    /// Certificate of the authority that signed the servers', in PEM; those the system trusts otherwise.
    pub ca_pem: Option<String>,
    /// Whether passwords and rows may travel readable to other machines.
    pub allow_plaintext: bool,
    /// Where artefacts of a bucket are kept on this machine.
    pub cache_folder: PathBuf,
    /// Most bytes kept there.
    pub cache_bytes_max: u64,
    /// Credentials of the bucket, as every client of S3 takes them.
    pub aws: AwsVariables,
    /// Which traces messages say are told.
    pub traced: Sample,
}

impl FleetConfig {
    pub(super) fn trust(&self) -> Trust {
        Trust { ca_pem: self.ca_pem.clone(), allow_plaintext: self.allow_plaintext }
    }

    /// What the keys begin with.
    pub(super) fn prefix(&self) -> Result<Prefix, AppError> {
        match &self.prefix {
            Some(prefix) => Prefix::new(prefix).or_kind(ErrorKind::InvalidInput),
            None => Ok(Prefix::default()),
        }
    }

    /// The name of the fleet: that of its prefix.
    #[must_use]
    pub fn fleet_name(&self) -> String {
        self.prefix.clone().unwrap_or_else(|| Prefix::default().name().to_owned())
    }

    /// The virtual host of the broker's address; `ktrdr` without one.
    #[must_use]
    pub fn vhost(&self) -> String {
        let url = self.amqp_admin_url.as_ref().or(self.amqp_url.as_ref());
        let url = url.and_then(|url| url.expose().parse::<AmqpUrl>().ok());
        url.map_or_else(|| "ktrdr".into(), |url| url.vhost().to_owned())
    }
}

/// The address, or how to give it.
pub(super) fn needed<'a>(address: Option<&'a Secret>, name: &str) -> Result<&'a Secret, AppError> {
    address.ok_or_else(|| {
        let variable = name.to_uppercase();
        let message = format!("the fleet needs {name} (KTRDR_{variable} or KTRDR_{variable}_FILE); {HINT}");
        AppError::new(ErrorKind::InvalidInput, message)
    })
}

/// One URL, or several separated by commas. Shown without passwords.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself, for those who connect.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, url) in self.expose().split(',').enumerate() {
            f.write_str(if i == 0 { "" } else { "," })?;
            f.write_str(&shown(url).unwrap_or_else(|| HIDDEN.to_owned()))?;
        }
        Ok(())
    }
}

/// What stands for a password, and for all that could hold one.
const HIDDEN: &str = "***";

/// A URL without its password and query; none for what is not one: whatever it says may be a password with a mistake
/// around it.
fn shown(url: &str) -> Option<String> {
    let mut url: Url = url.trim().parse().ok()?;
    let rest = url.as_str().strip_prefix(url.scheme())?;
    if !rest.starts_with("://") {
        return None;
    }
    if url.password().is_some() {
        url.set_password(Some(HIDDEN)).ok()?;
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let shown = |text: &str| format!("{:?}", Secret::from(text.to_owned()));
        assert_eq!(
            shown("amqp://u:canary@h:1/v,amqps://u:canary@i/v"),
            "amqp://u:***@h:1/v,amqps://u:***@i/v"
        );
        assert_eq!(shown("redis://:can@ary@h:6379/0"), "redis://:***@h:6379/0");
        assert_eq!(shown("rediss://h:6379/0"), "rediss://h:6379/0");
        assert_eq!(shown("file:///srv/ktrdr"), "file:///srv/ktrdr");
        let odd = ["canary", "s3://bucket?secret=canary", "s3://bucket#canary", "amqp:/u:canary@h"];
        for odd in odd.into_iter().chain(["amqp://u:canary,1@h/v", "redis://h:canary"]) {
            assert!(!shown(odd).contains("canary"), "{odd}");
        }
    }
}
