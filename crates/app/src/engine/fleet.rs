//! A fleet's engine: from addresses to servers. Nothing here repeats a password.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use ktrdr_agent::Providers;
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::audit::Audit;
use ktrdr_fabric::broker::{BrokerError, DeadLetter};
use ktrdr_fabric::budget::Budget;
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::local::LocalArtifacts;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::requests::Requests;
use ktrdr_fabric::retention::Pruning;
use ktrdr_fabric::schedules::Schedules;
use ktrdr_fabric::store::StoreError;
use ktrdr_fabric::store::Topic;
use ktrdr_fabric::tokens::Tokens;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings, AmqpUrl};
use ktrdr_fleet::artifacts::{self, ArtifactsUrl};
use ktrdr_fleet::redis::{OpenError, RedisOptions, RedisStore, StoreFacts};
use ktrdr_fleet::topology::{Administration, TopologyError};

use super::config::{FleetConfig, Secret, needed};
use super::examine::{Check, redis};
use super::identity::{Identity, Known};
use super::own_store::{OwnStore, Room, megabytes};
use super::{Care, Messages, Opened, Opening, Part, Way};
use crate::dead_letters::LetterBox;
use crate::{App, AppError, ErrorKind, Labour, OrKind};

impl Opening {
    pub(super) async fn open_fleet(
        &self,
        fleet: &FleetConfig,
        hears: &[Topic],
        care: Care,
    ) -> Result<Opened, AppError> {
        let (artifacts, epochs) = (self.artifacts()?, self.epochs()?);
        let known = Known::undamaged(&epochs).await?;
        let options = RedisOptions { epoch: known.expected(), ..options(fleet, hears)? };
        let opened = RedisStore::open(options).await.map_err(|error| match &error {
            OpenError::Stranger(stranger) => known.refuse(&epochs, stranger),
            _ => explain_store(error),
        });
        let store = Arc::new(opened?);
        let identity = Identity::new(Arc::clone(&store) as Arc<dyn OwnStore>, epochs);
        Ok(Opened {
            identity: self.settled(identity, known, care).await?,
            app: App {
                campaigns: Arc::clone(&store) as Arc<dyn Campaigns>,
                ledger: Arc::clone(&store) as Arc<dyn Ledger>,
                budget: Arc::clone(&store) as Arc<dyn Budget>,
                registry: Arc::clone(&store) as Arc<dyn WorkerRegistry>,
                tokens: Arc::clone(&store) as Arc<dyn Tokens>,
                audit: Arc::clone(&store) as Arc<dyn Audit>,
                requests: Arc::clone(&store) as Arc<dyn Requests>,
                schedules: Arc::clone(&store) as Arc<dyn Schedules>,
                pruning: Arc::clone(&store) as Arc<dyn Pruning>,
                own: Arc::clone(&store) as Arc<dyn OwnStore>,
                store,
                artifacts,
                pins: Arc::default(),
                letters: Arc::new(AdministratorsLetterBox(fleet.clone())),
                policy: self.policy.clone(),
                by: self.by.clone(),
                labour: Labour::Fleet,
                is_held: Arc::new(|| false),
                providers: Providers::default(),
            },
            messages: Messages(Way::Fleet(Box::new(fleet.clone()))),
        })
    }
}

/// The store that is there, whatever it is.
pub(super) async fn meet(fleet: &FleetConfig) -> Result<Arc<dyn OwnStore>, AppError> {
    Ok(Arc::new(RedisStore::open(options(fleet, &[])?).await.map_err(explain_store)?))
}

/// What the store's server says of itself.
///
/// # Errors
/// When it can not be reached.
pub async fn store_facts(fleet: &FleetConfig) -> Result<StoreFacts, AppError> {
    let store = RedisStore::open(options(fleet, &[])?).await.map_err(explain_store)?;
    Ok(store.facts().await?)
}

/// Where the store is; `hears`: the hints that are needed.
fn options(fleet: &FleetConfig, hears: &[Topic]) -> Result<RedisOptions, AppError> {
    let url = needed(fleet.redis_url.as_ref(), "redis_url")?;
    let mut options = RedisOptions::new(url.expose().parse().or_kind(ErrorKind::InvalidInput)?);
    options.prefix = fleet.prefix()?;
    options.ca_pem.clone_from(&fleet.ca_pem);
    options.allow_plaintext = fleet.allow_plaintext;
    options.hears = hears.to_vec();
    Ok(options)
}

fn explain_store(error: OpenError) -> AppError {
    let kind = match &error {
        OpenError::Refused(_) => ErrorKind::Unreachable,
        OpenError::Stranger(_) => ErrorKind::StoreLost,
        OpenError::Plaintext { .. } | OpenError::Evicts { .. } | OpenError::TooOld { .. } => {
            ErrorKind::Refused
        }
        OpenError::Tls { .. } => ErrorKind::InvalidInput,
    };
    AppError::caused(kind, error)
}

/// Bars, models and reports: in the workspace's folder, or where its address says.
pub(super) fn artifacts(folder: &Path, fleet: &FleetConfig) -> Result<Arc<dyn Artifacts>, AppError> {
    let Some(url) = &fleet.artifacts_url else {
        return Ok(Arc::new(LocalArtifacts::open(folder).or_kind(ErrorKind::Files)?));
    };
    let url: ArtifactsUrl = url.expose().parse().or_kind(ErrorKind::InvalidInput)?;
    let (folder, bytes_max) = (folder.join(&fleet.cache_folder), fleet.cache_bytes_max);
    let options = artifacts::ArtifactOptions {
        aws: fleet.aws.clone(),
        cache: Some(artifacts::CacheSettings { folder, bytes_max }),
        trust: fleet.trust(),
        ..artifacts::ArtifactOptions::default()
    };
    artifacts::open(&url, &options).map_err(|error| {
        let kind = match &error {
            artifacts::OpenError::Folder { .. } | artifacts::OpenError::Cache { .. } => ErrorKind::Files,
            artifacts::OpenError::Plaintext { .. } => ErrorKind::Refused,
            artifacts::OpenError::Setting { .. } => ErrorKind::InvalidInput,
        };
        AppError::caused(kind, error)
    })
}

/// Messages. A role whose queues are missing does not start, and says which command makes them.
///
/// # Errors
/// When the broker can not be reached, or lacks a queue.
pub async fn broker(fleet: &FleetConfig, part: Part) -> Result<AmqpBroker, AppError> {
    connect(fleet, fleet.amqp_url.as_ref(), part).await
}

async fn connect(fleet: &FleetConfig, url: Option<&Secret>, part: Part) -> Result<AmqpBroker, AppError> {
    let mut how = AmqpSettings::new(amqp_url(url, "amqp_url")?, &part.role, part.boot, part.needs);
    how.trust = fleet.trust();
    how.consumer_priority = part.device.consumer_priority();
    how.traced = fleet.traced;
    how.fleet = part.plays.then(|| fleet.fleet_name());
    AmqpBroker::connect(how).await.map_err(explain_broker)
}

/// The broker as its administrator sees it; without an administrator's address of its own, with the fleet's.
///
/// # Errors
/// When an address is missing or wrong.
pub fn administration(fleet: &FleetConfig) -> Result<Administration, AppError> {
    let url = amqp_url(fleet.amqp_admin_url.as_ref().or(fleet.amqp_url.as_ref()), "amqp_admin_url")?;
    let management = fleet.rabbitmq_management_url.as_ref();
    let management = management.map(|m| m.expose().parse()).transpose().or_kind(ErrorKind::InvalidInput)?;
    let administration = Administration::new(url, management, fleet.trust()).map_err(explain_topology)?;
    Ok(administration.of_fleet(&fleet.fleet_name()))
}

fn amqp_url(url: Option<&Secret>, name: &str) -> Result<AmqpUrl, AppError> {
    needed(url, name)?.expose().parse().or_kind(ErrorKind::InvalidInput)
}

/// The kind of a topology error.
#[must_use]
pub fn explain_topology(error: TopologyError) -> AppError {
    let kind = match error {
        TopologyError::Broker(why) => return explain_broker(why),
        TopologyError::Management { .. } => ErrorKind::Unreachable,
        TopologyError::File(_)
        | TopologyError::Version(_)
        | TopologyError::Url(_)
        | TopologyError::UnknownUsers { .. } => ErrorKind::InvalidInput,
        TopologyError::PolicyWithoutEffect(_) | TopologyError::Owned { .. } => ErrorKind::Refused,
    };
    AppError::caused(kind, error)
}

/// The kind of a broker's error.
#[must_use]
pub fn explain_broker(error: BrokerError) -> AppError {
    let kind = match &error {
        BrokerError::Unavailable(_) => ErrorKind::Unreachable,
        BrokerError::Topology(_) => ErrorKind::Refused,
    };
    AppError::caused(kind, error)
}

/// The dead letters of the broker: only its administrator may read them.
struct AdministratorsLetterBox(FleetConfig);

impl AdministratorsLetterBox {
    async fn open(&self) -> Result<Option<AmqpBroker>, AppError> {
        let url = self.0.amqp_admin_url.as_ref();
        match url {
            None => Ok(None),
            Some(_) => connect(&self.0, url, Part::looking("dead-letters")).await.map(Some),
        }
    }
}

#[async_trait]
impl LetterBox for AdministratorsLetterBox {
    async fn letters(&self, limit: u32) -> Result<Option<Vec<DeadLetter>>, AppError> {
        let Some(broker) = self.open().await? else { return Ok(None) };
        broker.dead_letters(limit).await.map(Some).map_err(explain_broker)
    }

    async fn discard(&self, ids: &[String]) -> Result<Option<Vec<DeadLetter>>, AppError> {
        let Some(broker) = self.open().await? else { return Ok(None) };
        broker.drop_dead_letters(ids).await.map(Some).map_err(explain_broker)
    }
}

#[async_trait]
impl OwnStore for RedisStore {
    fn epoch(&self) -> &str {
        Self::epoch(self)
    }

    fn place(&self) -> String {
        Self::place(self)
    }

    async fn check_identity(&self) -> Result<(), StoreError> {
        Self::check_identity(self).await
    }

    /// Its memory, and whether it takes a write.
    async fn room(&self) -> Result<Room, StoreError> {
        let facts = self.facts().await?;
        let used = megabytes(facts.memory_bytes);
        let figures = match facts.memory_bytes_max {
            Some(max) => format!("{used} of {} MB of memory used, {}", megabytes(max), facts.eviction),
            None => format!("{used} MB of memory used, no limit set, {}", facts.eviction),
        };
        let is_scarce = facts.memory_bytes_max.is_some_and(|max| facts.memory_bytes > max / 10 * 8);
        let figures = match &facts.refuses {
            Some(said) => format!("{figures}; it says {said}"),
            None => figures,
        };
        let action = "raise maxmemory in redis.conf and by CONFIG SET, or free its disk; new work is refused meanwhile, \
                      everything else goes on";
        Ok(Room { refuses: facts.refuses.is_some(), is_scarce, figures, action })
    }

    async fn protections(&self) -> Result<Vec<Check>, StoreError> {
        Ok(redis::checks(&self.facts().await?))
    }

    async fn rescue(&self, _: String) -> Option<Result<PathBuf, StoreError>> {
        None
    }
}
