//! A workspace: the folder a user works in, opened through the seams.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ktrdr_domain::{OperationId, Timestamp};
use ktrdr_embedded::{Engine, OpenError, Role};
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts};
use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::local::LocalArtifacts;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::store::Store;
use ktrdr_fleet::redis::{Channel, RedisStore};

use crate::connect::{self, Part};
use crate::exit::{CliError, Kind, OrExit};
use crate::identity::{Identity, Known, Opened, epochs};
use crate::settings::{EngineName, Settings};

/// An opened workspace.
pub(crate) struct Workspace {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Its configuration.
    pub(crate) settings: Settings,
    /// Rows.
    pub(crate) store: Arc<dyn Store>,
    /// Campaigns, counted.
    pub(crate) campaigns: Arc<dyn Campaigns>,
    /// Trials and lessons.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Workers, and what operators ask of them.
    pub(crate) registry: Arc<dyn WorkerRegistry>,
    /// Files.
    pub(crate) artifacts: Arc<dyn Artifacts>,
    messages: Messages,
    identity: Identity,
}

/// How this process gets at messages.
enum Messages {
    /// They never leave it.
    Here(Arc<dyn Broker>),
    /// Each role connects for itself.
    RabbitMq,
}

impl Workspace {
    /// Opens the workspace to run roles that hear these hints. On the embedded engine that is for one process at a
    /// time, which hears everything.
    pub(crate) async fn open_to_run(
        folder: &Path,
        settings: &Settings,
        hears: &[Channel],
    ) -> Result<Self, CliError> {
        match settings.engine {
            EngineName::Embedded => Self::open_embedded(folder, settings, Role::Runner).await,
            EngineName::Fleet => Self::open_fleet(folder, settings, hears, Care::Sure).await,
        }
    }

    /// Opens the workspace to read, submit and cancel, beside those who run roles.
    pub(crate) async fn open_beside(folder: &Path, settings: &Settings) -> Result<Self, CliError> {
        match settings.engine {
            EngineName::Embedded => Self::open_embedded(folder, settings, Role::Client).await,
            EngineName::Fleet => Self::open_fleet(folder, settings, &Channel::ALL, Care::AsFarAsSeen).await,
        }
    }

    /// Opens only the store, whatever it is: to begin a new epoch.
    pub(crate) async fn meet(folder: &Path, settings: &Settings) -> Result<Identity, CliError> {
        let epochs = epochs(artifacts(folder, settings)?, settings.engine)?;
        let store = match settings.engine {
            EngineName::Embedded => {
                let engine = Engine::open(folder, Role::Client).map_err(|e| explain(folder, &e))?;
                Opened::Sqlite(engine.store)
            }
            EngineName::Fleet => {
                let opened = RedisStore::open(connect::store_options(settings, &[])?).await;
                Opened::Redis(Arc::new(opened.map_err(|why| connect::explain_store(&why))?))
            }
        };
        Ok(Identity { store, epochs })
    }

    async fn open_embedded(folder: &Path, settings: &Settings, role: Role) -> Result<Self, CliError> {
        let epochs = epochs(artifacts(folder, settings)?, EngineName::Embedded)?;
        let known = Known::of(&epochs).await;
        let options =
            ktrdr_embedded::Options { epoch: known.expected(), ..ktrdr_embedded::Options::default() };
        let engine = Engine::open_with(folder, role, options).map_err(|error| match &error {
            OpenError::Stranger(stranger) => known.refuse(&epochs, stranger),
            _ => explain(folder, &error),
        })?;
        let identity = Identity { store: Opened::Sqlite(Arc::clone(&engine.store)), epochs };
        let care = if role == Role::Runner { Care::Sure } else { Care::AsFarAsSeen };
        settle(&identity, known, care).await?;
        Ok(Self {
            identity,
            folder: folder.to_owned(),
            settings: settings.clone(),
            campaigns: Arc::clone(&engine.store) as Arc<dyn Campaigns>,
            ledger: Arc::clone(&engine.store) as Arc<dyn Ledger>,
            registry: Arc::clone(&engine.store) as Arc<dyn WorkerRegistry>,
            store: engine.store,
            artifacts: engine.artifacts,
            messages: Messages::Here(engine.broker),
        })
    }

    async fn open_fleet(
        folder: &Path,
        settings: &Settings,
        hears: &[Channel],
        care: Care,
    ) -> Result<Self, CliError> {
        let artifacts = artifacts(folder, settings)?;
        let epochs = epochs(Arc::clone(&artifacts), EngineName::Fleet)?;
        let known = Known::of(&epochs).await;
        let store = Arc::new(connect::store(settings, hears, &known, &epochs).await?);
        let identity = Identity { store: Opened::Redis(Arc::clone(&store)), epochs };
        settle(&identity, known, care).await?;
        Ok(Self {
            identity,
            folder: folder.to_owned(),
            settings: settings.clone(),
            campaigns: Arc::clone(&store) as Arc<dyn Campaigns>,
            ledger: Arc::clone(&store) as Arc<dyn Ledger>,
            registry: Arc::clone(&store) as Arc<dyn WorkerRegistry>,
            store,
            artifacts,
            messages: Messages::RabbitMq,
        })
    }

    /// Whether the store is still the one that was opened.
    pub(crate) async fn check(&self) -> Result<(), CliError> {
        Ok(self.identity.check().await?)
    }

    /// Until the store or the workspace is gone, or another one; what became of it.
    pub(crate) async fn lost(&self) -> CliError {
        self.identity.lost(&self.folder).await
    }

    /// The store as itself.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Messages, for one part that this process plays.
    pub(crate) async fn broker(&self, part: Part) -> Result<Arc<dyn Broker>, CliError> {
        match &self.messages {
            Messages::Here(broker) => Ok(Arc::clone(broker)),
            Messages::RabbitMq => Ok(Arc::new(connect::broker(&self.settings, part).await?)),
        }
    }
}

/// How sure whoever opens a store has to be that it is the one that is remembered.
#[derive(Clone, Copy)]
enum Care {
    /// No work is done otherwise.
    Sure,
    /// People who look, submit and cancel are not kept from it because the artefacts are out of reach.
    AsFarAsSeen,
}

/// Remembers a store of which nothing was known.
async fn settle(identity: &Identity, known: Known, care: Care) -> Result<(), CliError> {
    let settled = match known {
        Known::Remembered(_) => Ok(()),
        Known::Nothing => identity.remember().await,
        // A damaged memory is no reason to forget: nobody may begin a store beside it.
        Known::Unreadable(why @ ArtifactError::Unreadable { .. }) => Err(CliError::new(Kind::StoreLost, why)),
        Known::Unreadable(why) => Err(why.into()),
    };
    match (settled, care) {
        (Err(why), Care::AsFarAsSeen) if why.kind != Kind::StoreLost => {
            tracing::warn!(%why, "whether this is the store of before can not be seen, or not be remembered");
            Ok(())
        }
        (settled, _) => settled,
    }
}

/// Bars, models and reports of the engine that is configured.
pub(crate) fn artifacts(folder: &Path, settings: &Settings) -> Result<Arc<dyn Artifacts>, CliError> {
    match settings.engine {
        EngineName::Embedded => Ok(Arc::new(LocalArtifacts::open(folder).or_exit(Kind::Files)?)),
        EngineName::Fleet => connect::artifacts(folder, settings),
    }
}

fn explain(folder: &Path, error: &OpenError) -> CliError {
    let kind = match error {
        OpenError::Held { .. } => Kind::Conflict,
        OpenError::Stranger(_) => Kind::StoreLost,
        OpenError::Foreign { .. } | OpenError::Newer { .. } | OpenError::Corrupt { .. } => Kind::InvalidInput,
        OpenError::Io { .. } => Kind::Files,
    };
    CliError::new(kind, format!("workspace {}: {error}", folder.display()))
}

/// Seconds since the epoch, by this machine's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp(chrono::Utc::now().timestamp())
}

/// A fresh operation id.
pub(crate) fn fresh_id(kind: ktrdr_domain::Kind) -> OperationId {
    OperationId::new(kind, now(), nonce())
}

/// A number nobody else has: from the standard library's per-process random keys.
pub(crate) fn nonce() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id()) as u32
}
