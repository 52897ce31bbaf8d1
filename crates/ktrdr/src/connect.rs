//! From addresses to the servers of a fleet. Nothing here repeats a password.

use std::path::Path;
use std::sync::Arc;

use ktrdr_domain::DeviceClass;
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::broker::{BrokerError, Queue};
use ktrdr_fabric::epochs::Epochs;
use ktrdr_fabric::local::LocalArtifacts;
use ktrdr_fabric::store::BootId;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings, AmqpUrl, Trust};
use ktrdr_fleet::artifacts::{self, ArtifactsUrl};
use ktrdr_fleet::redis::{Channel, OpenError, Options, Prefix, RedisStore};
use ktrdr_fleet::topology::{Administration, TopologyError};

use crate::exit::{CliError, Kind, OrExit};
use crate::identity::Known;
use crate::settings::{Secret, Settings};

/// What to do about a missing address.
const HINT: &str = "`scripts/services start` prints the addresses of a private fleet on this machine";

/// Rows, leases, cancel flags, the ledger and registry; `hears`: the hints that are needed. No store but the one that is
/// known.
pub(crate) async fn store(
    settings: &Settings,
    hears: &[Channel],
    known: &Known,
    epochs: &Epochs,
) -> Result<RedisStore, CliError> {
    let options = Options { epoch: known.expected(), ..store_options(settings, hears)? };
    RedisStore::open(options).await.map_err(|error| match &error {
        OpenError::Stranger(stranger) => known.refuse(epochs, stranger),
        _ => explain_store(&error),
    })
}

/// Where the store is.
pub(crate) fn store_options(settings: &Settings, hears: &[Channel]) -> Result<Options, CliError> {
    let url = needed(settings.redis_url.as_ref(), "redis_url")?;
    let mut options = Options::new(url.expose().parse().or_exit(Kind::InvalidInput)?);
    if let Some(prefix) = &settings.prefix {
        options.prefix = Prefix::new(prefix).or_exit(Kind::InvalidInput)?;
    }
    options.ca_pem = settings.ca_pem().or_exit(Kind::Files)?;
    options.allow_plaintext = settings.allow_plaintext;
    options.hears = hears.to_vec();
    Ok(options)
}

/// The kind of an error decides the exit code.
pub(crate) fn explain_store(error: &OpenError) -> CliError {
    let kind = match error {
        OpenError::Refused(_) => Kind::Unreachable,
        OpenError::Stranger(_) => Kind::StoreLost,
        OpenError::Plaintext { .. } | OpenError::Evicts { .. } | OpenError::TooOld { .. } => Kind::Refused,
        OpenError::Tls { .. } => Kind::InvalidInput,
    };
    CliError::new(kind, error)
}

/// Bars, models and reports: in the workspace's folder, or where `artifacts_url` says.
pub(crate) fn artifacts(folder: &Path, settings: &Settings) -> Result<Arc<dyn Artifacts>, CliError> {
    let Some(url) = &settings.artifacts_url else {
        return Ok(Arc::new(LocalArtifacts::open(folder).or_exit(Kind::Files)?));
    };
    let url: ArtifactsUrl = url.expose().parse().or_exit(Kind::InvalidInput)?;
    let cache = artifacts::CacheSettings {
        folder: folder.join(&settings.cache.folder),
        bytes_max: settings.cache.bytes_max,
    };
    let options = artifacts::Options {
        aws: artifacts::AwsVariables::from_env(),
        cache: Some(cache),
        trust: trust(settings)?,
        ..artifacts::Options::default()
    };
    artifacts::open(&url, &options).map_err(|error| {
        let kind = match &error {
            artifacts::OpenError::Folder { .. } | artifacts::OpenError::Cache { .. } => Kind::Files,
            artifacts::OpenError::Plaintext { .. } => Kind::Refused,
            artifacts::OpenError::Setting { .. } => Kind::InvalidInput,
        };
        CliError::new(kind, error)
    })
}

/// How one process takes part: its name in the broker's list of connections, and the queues that must be there.
#[derive(Debug)]
pub(crate) struct Part {
    /// Such as `worker/training`.
    pub(crate) role: String,
    /// This run of this process.
    pub(crate) boot: BootId,
    /// Checked when connecting.
    pub(crate) needs: Vec<Queue>,
    /// Whether it takes or publishes messages, and does not only look at them: the virtual host must be its fleet's then.
    pub(crate) plays: bool,
    /// What its jobs compute on: a GPU is served first.
    pub(crate) device: DeviceClass,
}

/// Messages. A role whose queues are missing does not start, and says which command makes them.
pub(crate) async fn broker(settings: &Settings, part: Part) -> Result<AmqpBroker, CliError> {
    let url = amqp_url(settings.amqp_url.as_ref(), "amqp_url")?;
    let mut how = AmqpSettings::new(url, &part.role, part.boot, part.needs);
    how.trust = trust(settings)?;
    how.consumer_priority = part.device.consumer_priority();
    how.fleet = part.plays.then(|| fleet_name(settings));
    AmqpBroker::connect(how).await.map_err(|why| explain(&why))
}

/// The broker as its administrator sees it; without an administrator's address of its own, with the fleet's.
pub(crate) fn administration(settings: &Settings) -> Result<Administration, CliError> {
    let url = amqp_url(settings.amqp_admin_url.as_ref().or(settings.amqp_url.as_ref()), "amqp_admin_url")?;
    let management = settings.rabbitmq_management_url.as_ref();
    let management = management.map(|m| m.expose().parse()).transpose().or_exit(Kind::InvalidInput)?;
    let administration = Administration::new(url, management, trust(settings)?).map_err(explain_topology)?;
    Ok(administration.of_fleet(&fleet_name(settings)))
}

/// The kind of a topology error decides the exit code.
pub(crate) fn explain_topology(error: TopologyError) -> CliError {
    let kind = match &error {
        TopologyError::Broker(why) => return explain(why),
        TopologyError::Management { .. } => Kind::Unreachable,
        TopologyError::File(_)
        | TopologyError::Version(_)
        | TopologyError::Url(_)
        | TopologyError::UnknownUsers { .. } => Kind::InvalidInput,
        TopologyError::PolicyWithoutEffect(_) | TopologyError::Owned { .. } => Kind::Refused,
    };
    CliError::new(kind, error)
}

fn amqp_url(url: Option<&Secret>, name: &str) -> Result<AmqpUrl, CliError> {
    needed(url, name)?.expose().parse().or_exit(Kind::InvalidInput)
}

fn trust(settings: &Settings) -> Result<Trust, CliError> {
    Ok(Trust { ca_pem: settings.ca_pem().or_exit(Kind::Files)?, allow_plaintext: settings.allow_plaintext })
}

fn needed<'a>(address: Option<&'a Secret>, name: &str) -> Result<&'a Secret, CliError> {
    address.ok_or_else(|| {
        let variable = name.to_uppercase();
        let message = format!("the fleet needs {name} (KTRDR_{variable} or KTRDR_{variable}_FILE); {HINT}");
        CliError::new(Kind::InvalidInput, message)
    })
}

pub(crate) fn explain(error: &BrokerError) -> CliError {
    let kind = match error {
        BrokerError::Unavailable(_) => Kind::Unreachable,
        BrokerError::Topology(_) => Kind::Refused,
    };
    CliError::new(kind, error)
}

/// The name of the fleet: that of its prefix.
pub(crate) fn fleet_name(settings: &Settings) -> String {
    settings.prefix.clone().unwrap_or_else(|| Prefix::default().name().to_owned())
}

/// The virtual host of the broker's address; `ktrdr` without one.
pub(crate) fn vhost(settings: &Settings) -> String {
    let url = settings.amqp_admin_url.as_ref().or(settings.amqp_url.as_ref());
    let url = url.and_then(|url| url.expose().parse::<AmqpUrl>().ok());
    url.map_or_else(|| "ktrdr".into(), |url| url.vhost().to_owned())
}
